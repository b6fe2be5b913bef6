"""What was learned about how long things take, and what may be said from it.

Two histograms. Transit: delivery days that parcels of a node, a service and an area took. Processing: by how many
minutes a node handed over later than its calendar says.

What a service says of itself (its lane's days, its rate of parcels on time) counts like 20 parcels that were seen: with
a Beta(20 r, 20 (1 - r)) distribution over the share p of parcels on time, r the stated rate, k of n parcels seen in
time make it Beta(20 r + k, 20 (1 - r) + n - k), and the next parcel is in time with its mean:

    P(in time) = (20 r + k) / (20 + n)

(Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4.) It starts at r and goes to k / n as parcels are seen. The days
that are promised follow from the same figure: the fewest, from the stated ones on, at which P reaches 0.9. Below 20
parcels they are the stated ones. They are never fewer than those: plans are made by the stated days, and what is
promised must be what is planned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.routing.domain.delivery import Deliveries, arrival
from services.routing.domain.demand import Destination

# How many parcels the word of a carrier or a node is worth, and from how many on what was seen moves a date.
WORTH = 20
# How likely what is promised should be kept.
WANTED = 0.9
# The least that was seen at best: one in ten was as quick.
_AT_BEST = 0.1
# Longer is no transit time but a mistake, or a parcel that was lost and found.
LONGEST_DAYS = 366
STEP_MINUTES = 15
_STEP = timedelta(minutes=STEP_MINUTES)

# How many were seen, by days or by minutes.
Histogram = Mapping[int, int]
_NOTHING: Histogram = {}


class Lane(NamedTuple):
    """From where, by which service ("carrier/service"), into which area."""

    node_id: str
    service_key: str
    area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTimes:
    """What was learned about transit and about processing."""

    transit: Mapping[Lane, Histogram] = field(default_factory=dict)
    # By node.
    processing: Mapping[str, Histogram] = field(default_factory=dict)

    def of_transit(self, lane: Lane) -> Histogram:
        return self.transit.get(lane, _NOTHING)

    def of_processing(self, node_id: str) -> Histogram:
        return self.processing.get(node_id, _NOTHING)


def area(destination: Destination) -> str:
    """Return the part of a country over which transit times are counted together: "US-100", "GB-SW", "DE-BY"."""
    return f"{destination.country_code}-{destination.postal_area or destination.administrative_area}"


def likely(seen: Histogram, limit: int, rate: float) -> float:
    """Return how likely the next one takes no more than `limit`, where that was said to be so likely as `rate`."""
    if not seen:
        return rate
    within = sum(count for value, count in seen.items() if value <= limit)
    return (WORTH * rate + within) / (WORTH + sum(seen.values()))


def promised(seen: Histogram, stated: int, rate: float) -> int:
    """Return what may be promised where `stated` is said and kept so often as `rate`: days, or minutes."""
    if sum(seen.values()) < WORTH:
        return stated
    for limit in (stated, *sorted(value for value in seen if value > stated)):
        if likely(seen, limit, rate) >= WANTED:
            return limit
    return max(stated, *seen)


def at_best(seen: Histogram, stated: int) -> int:
    """Return the fewest days that one parcel in ten took, where enough were seen; else what is stated."""
    total = sum(seen.values())
    if total < WORTH:
        return stated
    reached = 0
    for days in sorted(seen):
        reached += seen[days]
        if reached >= _AT_BEST * total:
            return days
    return stated


def days_taken(
    dispatch: datetime, delivery: datetime, deliveries: Deliveries, *, from_zone: ZoneInfo, to_zone: ZoneInfo
) -> int | None:
    """Return the delivery days that a parcel took: the fewest that, promised, it would have kept; None beyond a year.

    It undoes `arrival`. On the day on which it left that is 0; a parcel that comes on a Saturday by a service that
    delivers from Monday to Friday took as long as one that comes on Monday.
    """
    same_day = delivery.astimezone(to_zone).date() <= dispatch.astimezone(from_zone).date()
    for days in range(0 if same_day else 1, LONGEST_DAYS + 1):
        if arrival(dispatch, days, deliveries, from_zone=from_zone, to_zone=to_zone) >= delivery:
            return days
    return None


def minutes_late(dispatch: datetime, expected: datetime) -> int:
    """Return by how much something left later than expected, in full steps of a quarter of an hour."""
    return max(0, -((expected - dispatch) // _STEP)) * STEP_MINUTES
