"""A network over the United States to plan on: where people live, centres, stores, five services.

People live by state as the census of 2020 counted them (census.gov, "2020 Census Apportionment Results"), within a
state at any of its ZIP codes alike. Nodes stand where people live; every tenth is a distribution centre, the others are
stores that ship. Prices are made up, of the size that a shop with a contract pays: eight bands of distance, a sum a
parcel and one a kilogram, so that no service is always the cheapest.
"""

import bisect
import functools
import itertools
import random
from dataclasses import dataclass

import zipcodes

from oms.routing.v1.calendar_pb2 import Calendar, Hours
from oms.routing.v1.carrier_pb2 import CarrierService, Lane
from oms.routing.v1.network_pb2 import Network
from oms.routing.v1.node_pb2 import Node
from services.kernel.money import Money
from services.routing.wire_value import from_money

# Residents in thousands, census of 2020.
_RESIDENTS = """
AL 5024 AK 733 AZ 7152 AR 3012 CA 39538 CO 5774 CT 3606 DE 990 DC 690 FL 21538 GA 10712 HI 1455 ID 1839 IL 12813 IN 6786
IA 3190 KS 2938 KY 4506 LA 4658 ME 1362 MD 6177 MA 7030 MI 10077 MN 5706 MS 2961 MO 6155 MT 1084 NE 1962 NV 3105 NH 1378
NJ 9289 NM 2118 NY 20201 NC 10439 ND 779 OH 11799 OK 3959 OR 4237 PA 13003 RI 1097 SC 5118 SD 887 TN 6911 TX 29146
UT 3272 VT 643 VA 8631 WA 7705 WV 1794 WI 5894 WY 577
"""
_STORES_PER_CENTRE = 9
_OPEN = {"centre": ("06:00", "22:00", range(1, 7)), "shop": ("10:00", "20:00", range(1, 8))}

# Up to so many kilometres; the last is beyond.
_BANDS = (240, 480, 960, 1600, 2250, 2900, 4000, 0)
# By band: a parcel, a kilogram (both in cents), days.
_CARDS = {
    ("blue", "ground", "STANDARD"): (
        (620, 680, 740, 790, 850, 910, 980, 1450),
        (40, 55, 75, 95, 120, 150, 180, 320),
        (1, 2, 3, 3, 4, 4, 5, 7),
    ),
    ("blue", "two-day", "EXPEDITED"): (
        (1250, 1290, 1380, 1490, 1620, 1790, 1990, 2900),
        (150, 170, 210, 250, 290, 340, 380, 600),
        (2,) * 8,
    ),
    ("blue", "overnight", "NEXT_DAY"): (
        (2200, 2400, 2700, 3100, 3500, 3900, 4200, 6200),
        (250, 290, 350, 420, 480, 540, 600, 900),
        (1, 1, 1, 1, 1, 1, 1, 2),
    ),
    ("green", "saver", "STANDARD"): (
        (430, 450, 480, 520, 570, 610, 650, 900),
        (95, 110, 140, 175, 210, 250, 290, 400),
        (2, 3, 4, 4, 5, 5, 6, 8),
    ),
    ("green", "priority", "EXPEDITED"): (
        (790, 820, 880, 950, 1050, 1180, 1290, 1700),
        (90, 120, 170, 230, 290, 350, 400, 560),
        (1, 2, 2, 3, 3, 3, 3, 4),
    ),
}


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives."""

    postal_code: str
    state: str
    city: str
    latitude: float
    longitude: float
    time_zone: str


def home(chance: random.Random) -> Home:
    """Return where somebody lives, anybody in the country as likely as anybody else."""
    states, sums, homes = _country()
    state = states[bisect.bisect(sums, chance.random() * sums[-1])]
    return chance.choice(homes[state])


def network(nodes: int, seed: int = 1) -> Network:
    """Return a network of so many nodes; a smaller one is not part of a larger one."""
    chance = random.Random(f"network {nodes} {seed}")
    centres = max(2, nodes // (_STORES_PER_CENTRE + 1))
    return Network(
        calendars=[_calendar(name, *hours) for name, hours in _OPEN.items()],
        nodes=[_node(number, number <= centres, home(chance)) for number in range(1, nodes + 1)],
        carrier_services=[_service(key, card) for key, card in _CARDS.items()],
    )


@functools.cache
def _country() -> tuple[list[str], list[int], dict[str, list[Home]]]:
    words = _RESIDENTS.split()
    homes: dict[str, list[Home]] = {state: [] for state in words[::2]}
    for row in zipcodes.list_all():  # type: ignore[no-untyped-call] # the package has no types
        if row["zip_code_type"] == "STANDARD" and row["state"] in homes and float(row["lat"] or 0):
            point = float(row["lat"]), float(row["long"])
            homes[row["state"]].append(Home(row["zip_code"], row["state"], row["city"], *point, row["timezone"]))
    return words[::2], list(itertools.accumulate(int(word) for word in words[1::2])), homes


def _calendar(name: str, start: str, end: str, days: range) -> Calendar:
    return Calendar(calendar_id=name, hours=[Hours(day=day, start=start, end=end) for day in days])  # type: ignore[arg-type]


def _node(number: int, centre: bool, at: Home) -> Node:  # noqa: FBT001 - every node is one or the other
    return Node(
        node_id=f"{'dc' if centre else 'store'}-{number:04d}",
        display_name=at.city,
        type=Node.TYPE_DC if centre else Node.TYPE_STORE,
        country_code="US",
        administrative_area=at.state,
        city=at.city,
        postal_code=at.postal_code,
        latitude=at.latitude,
        longitude=at.longitude,
        time_zone=at.time_zone,
        processing_minutes=120 if centre else 240,
        order_cost=from_money(Money(180 if centre else 290, "USD")),
        line_cost=from_money(Money(40 if centre else 90, "USD")),
        capabilities=["returns"] if centre else ["ship-from-store", "pickup"],
        calendar_id="centre" if centre else "shop",
    )


def _service(key: tuple[str, str, str], card: tuple[tuple[int, ...], ...]) -> CarrierService:
    carrier_code, service_code, service_level = key
    lanes = [
        Lane(
            zone=str(number),
            domestic=True,
            max_km=band,
            parcel_price=from_money(Money(parcel, "USD")),
            kilogram_price=from_money(Money(kilogram, "USD")),
            transit_days=transit,
        )
        for number, (band, parcel, kilogram, transit) in enumerate(zip(_BANDS, *card, strict=True), start=1)
    ]
    return CarrierService(
        carrier_code=carrier_code,
        service_code=service_code,
        service_level=service_level,
        lanes=lanes,
        cutoff_time="17:00",
        pickup_days=range(1, 6),  # type: ignore[arg-type] # Monday to Friday
        delivery_days=range(1, 7),  # type: ignore[arg-type]
    )
