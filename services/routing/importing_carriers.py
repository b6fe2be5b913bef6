"""What can be wrong with a carrier service."""

from collections.abc import Iterator

from google.type.money_pb2 import Money as MoneyMessage

from oms.routing.v1 import calendar_pb2, carrier_pb2
from oms.routing.v1.network_pb2 import Problem
from services.kernel.errors import InvalidArgument
from services.routing.domain import rates
from services.routing.domain.node import COST_LIMIT
from services.routing.importing_words import capability_problems, country_problems
from services.routing.problem import nearest, problem, within
from services.routing.wire_network import currency_of, lane_prices
from services.routing.wire_value import to_money

_NEAR_CURRENCY = 0.5


def carrier_service_problems(service: carrier_pb2.CarrierService) -> Iterator[Problem]:
    """Yield everything that is wrong with a carrier service."""
    currency = currency_of(service)
    if not rates.known(currency):
        meant = nearest(currency, rates.CURRENCIES.split(", "), _NEAR_CURRENCY)
        yield problem("lanes", f"prices in {currency!r} cannot be compared with others", meant)
    yield from capability_problems(service.capabilities)
    for field in ("pickup_days", "delivery_days"):
        for number, day in enumerate(getattr(service, field)):
            if not 1 <= day <= calendar_pb2.Calendar.DAY_SUNDAY:
                yield problem(f"{field}[{number}]", f"{day} is no day of the week", "MONDAY to SUNDAY")
    catches_all = None
    for number, lane in enumerate(service.lanes):
        yield from within(f"lanes[{number}]", _lane(lane, currency))
        if catches_all is not None:
            advice = f"move it ahead of lanes[{catches_all}]"
            yield problem(f"lanes[{number}]", f"no parcel comes here: lanes[{catches_all}] takes them all", advice)
        elif _takes_all(lane):
            catches_all = number
    for number, surcharge in enumerate(service.surcharges):
        yield from within(f"surcharges[{number}]", _surcharge(surcharge, currency))


def _lane(lane: carrier_pb2.Lane, currency: str) -> Iterator[Problem]:
    prices = lane_prices(lane)
    if not prices:
        yield problem("parcel_price", f"zone {lane.zone!r} has no price", f"parcel_price: 4.90 {currency}")
    for field, price in prices.items():
        yield from _price(field, price, currency)
    if lane.least_transit_days > lane.transit_days:
        message = f"at best {lane.least_transit_days} days is more than the {lane.transit_days} days it takes as a rule"
        yield problem("least_transit_days", message, f"at most {lane.transit_days}")
    for number, country in enumerate(lane.from_country_codes):
        yield from country_problems(f"from_country_codes[{number}]", country)
    yield from _destinations(lane)


def _surcharge(surcharge: carrier_pb2.Surcharge, currency: str) -> Iterator[Problem]:
    if not surcharge.basis_points and not (surcharge.amount.units or surcharge.amount.nanos):
        yield problem("amount", f"{surcharge.name!r} charges nothing", "basis_points: 900, or an amount")
    if surcharge.HasField("amount"):
        yield from _price("amount", surcharge.amount, currency)
    yield from _destinations(surcharge)


def _destinations(part: carrier_pb2.Lane | carrier_pb2.Surcharge) -> Iterator[Problem]:
    for number, country in enumerate(part.to_country_codes):
        yield from country_problems(f"to_country_codes[{number}]", country)
    for number, prefix in enumerate(part.to_postal_prefixes):
        if not prefix.strip():
            yield problem(f"to_postal_prefixes[{number}]", "is empty", "leave it out")


def _price(field: str, price: MoneyMessage, currency: str) -> Iterator[Problem]:
    if not price.currency_code:
        yield problem(field, "names no currency", currency)
    elif price.currency_code != currency:
        yield problem(field, f"is in {price.currency_code}, where others of this service are in {currency}", currency)
    try:
        amount = to_money(price, currency)
    except InvalidArgument as error:
        yield problem(field, error.message)
        return
    if not 0 <= amount.minor <= COST_LIMIT:
        yield problem(field, f"{amount} is no price: it is negative or beyond {COST_LIMIT // 100:,}")


def _takes_all(lane: carrier_pb2.Lane) -> bool:
    return not (
        lane.from_country_codes or lane.to_country_codes or lane.domestic or lane.to_postal_prefixes or lane.max_km
    )
