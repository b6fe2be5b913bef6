"""Promises: the ways in which a cart can be had, when, at what cost, and how surely."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.money import Money
from services.routing.domain.delivery import arrival
from services.routing.domain.demand import DemandLine
from services.routing.domain.drafting import PICKUP, Draft, Parcel
from services.routing.domain.lead_times import LeadTimes, at_best, likely, promised
from services.routing.domain.reach import Way

# However long what it rests on would hold: stock and prices are not what they were a day ago.
LONGEST_OFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedShipment:
    """A parcel with what may be said of it."""

    parcel: Parcel
    dispatch_time: datetime
    earliest_delivery_time: datetime
    delivery_time: datetime
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to have a cart."""

    service_level: str
    cost: Money
    shipments: tuple[PromisedShipment, ...]

    @property
    def latest_delivery_time(self) -> datetime:
        """By when everything is there: what is promised."""
        return max(one.delivery_time for one in self.shipments)

    @property
    def confidence(self) -> float:
        """How likely every parcel is in time, as far as they have nothing to do with one another."""
        product = 1.0
        for one in self.shipments:
            product *= one.confidence
        return product

    def beats(self, other: "Option") -> bool:
        """Tell whether it is no slower and no dearer. To collect and to be delivered to are not the same thing."""
        return (
            (self.service_level == PICKUP) == (other.service_level == PICKUP)
            and self.latest_delivery_time <= other.latest_delivery_time
            and self.cost.minor <= other.cost.minor
        )


def options(found: Iterable[Draft], learned: LeadTimes) -> list[Option]:
    """Return what may be said of them, the cheapest first, without what is neither quicker nor cheaper than another."""
    made = [
        Option(
            service_level=one.service_level,
            cost=one.cost,
            shipments=tuple(shipment(parcel, learned) for parcel in one.parcels),
        )
        for one in found
        if one.parcels
    ]
    kept: list[Option] = []
    for one in sorted(made, key=lambda one: (one.cost.minor, one.latest_delivery_time)):
        if not any(better.beats(one) for better in kept):
            kept.append(one)
    return kept


def shipment(parcel: Parcel, learned: LeadTimes) -> PromisedShipment:
    """Return what may be said of a parcel: by the calendar, and by what was learned of its node and its lane."""
    planned, way = parcel.assignment, parcel.way
    processing = learned.of_processing(planned.node.node_id)
    late = promised(processing, 0, 1.0)
    dispatch = planned.dispatch_time + timedelta(minutes=late)
    in_time = likely(processing, late, 1.0)
    if way is None:
        delay = timedelta(minutes=late)
        earliest, latest = planned.earliest_delivery_time, planned.promise_time + delay
    else:
        seen, stated = learned.of_transit(parcel.lane), way.lane.transit_days
        rate = way.service.on_time_rate
        days = promised(seen, stated, rate)
        least = at_best(seen, way.lane.least_transit_days or stated)
        earliest = _arrival(way, planned.dispatch_time, min(least, days))
        latest = _arrival(way, dispatch, days)
        in_time *= likely(seen, days, rate)
    return PromisedShipment(
        parcel=parcel,
        dispatch_time=dispatch,
        earliest_delivery_time=earliest,
        delivery_time=latest,
        confidence=in_time,
    )


def _arrival(way: Way, dispatch: datetime, days: int) -> datetime:
    if days == way.lane.transit_days:
        return way.arrival(dispatch)
    return arrival(dispatch, days, way.deliveries, from_zone=way.from_zone, to_zone=way.to_zone)


def expire_time(found: Iterable[Option], now: datetime) -> datetime:
    """Return until when they may be taken: till the first collection that one of them rests on is missed."""
    holding = [
        one.parcel.assignment.release_by_time for option in found for one in option.shipments if one.parcel.start == now
    ]
    return min([*holding, now + LONGEST_OFFER])


def short_lines(found: Sequence[Draft], lines: Sequence[DemandLine]) -> list[tuple[DemandLine, int]]:
    """Return what nobody can promise of each line: what the best option leaves out, else all of it."""
    short = found[0].short if found else {line.line_id: line.quantity for line in lines}
    return [(line, short[line.line_id]) for line in lines if short.get(line.line_id)]
