"""Available to promise: what may be said to a buyer, now and by date. Everything in the house that says it, asks here.

    free      what one position can give a segment now: available − what is ring-fenced for other segments
    now       Σ free over the nodes that a channel sees − its threshold − demand that has no node yet
    by_date   the same after supply that comes and demand that is due, and a later promise never eats an earlier one

Arrivals and dues are those of what is asked about: one SKU at the nodes that the channel sees.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

from services.inventory.domain.position import Pair, Position

# Supply that should be here and is not. Nobody knows when it comes, and it is not here now: the shortest honest answer
# is "not today". A buyer is told a day later each day until somebody moves or cancels the supply.
LATE_SUPPLY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a channel looks at stock: `threshold` units of each SKU are never shown to it."""

    channel: str = ""
    segment: str = ""
    threshold: int = 0
    excluded_node_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that come."""

    time: datetime
    quantity: int


@dataclass(frozen=True, slots=True)
class Due:
    """Units that were promised for a date; without one they wait, and come before every promise still to be made."""

    time: datetime | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Step:
    """From `time` on, until the next step, `quantity` units may be promised."""

    time: datetime
    quantity: int


def free(position: Position, segment: str = "") -> int:
    """Return what a buyer of this segment can reserve at this position now; below zero where too much is taken."""
    others = sum(units for owner, units in position.pools.items() if owner != segment)
    return position.available - others


def now(positions: Iterable[Position], view: View, unrouted: int = 0) -> int:
    """Return what can be promised now of the SKU whose positions these are; `unrouted` units have no node yet."""
    return max(0, balance(positions, view, unrouted))


def balance(positions: Iterable[Position], view: View, unrouted: int = 0) -> int:
    """Return `now` before it is cut at zero: where it is below, supply that comes pays for that first.

    A node that lacks units lends none from other nodes: they are not where they are missed.
    """
    there = sum(max(0, free(position, view.segment)) for position in positions if _seen(position.pair, view))
    return there - view.threshold - unrouted


def timeline(
    positions: Sequence[Position],
    supply: Mapping[Pair, Sequence[Arrival]],
    dues: Iterable[Due],
    view: View,
    now: datetime,
    *,
    unrouted: int = 0,
) -> tuple[Step, ...]:
    """Return what can be promised of one SKU by date: `by_date` of all that the channel sees.

    What comes to a node that lacks units (more is taken or ring-fenced than is there) fills that gap first.
    """
    gaps = {position.pair: max(0, -free(position, view.segment)) for position in positions}
    arrivals = [
        arrival
        for pair, coming in supply.items()
        if _seen(pair, view)
        for arrival in settled(coming, gaps.get(pair, 0), now)
    ]
    return by_date(balance(positions, view, unrouted), arrivals, dues, now)


def settled(arrivals: Iterable[Arrival], gap: int, now: datetime) -> list[Arrival]:
    """Return what is left of the arrivals, in the order in which they come, when their first units fill the gap."""
    left: list[Arrival] = []
    for arrival in expected(arrivals, now):
        taken = min(gap, arrival.quantity)
        gap -= taken
        if arrival.quantity > taken:
            left.append(replace(arrival, quantity=arrival.quantity - taken))
    return left


def by_date(now_quantity: int, arrivals: Iterable[Arrival], dues: Iterable[Due], now: datetime) -> tuple[Step, ...]:
    """Return the cumulative available-to-promise: the first step is at `now`, the others where it grows.

    net(t) is what is there now, plus what comes until t, less what is due until t; whoever waits without a date counts
    from the start. For t may be promised the least that net is from t on, so that every promise made before is kept.
    `now_quantity` may be below zero (`balance`): then supply pays for that first.
    """
    changes: dict[datetime, int] = {now: 0}
    start = now_quantity
    for arrival in expected(arrivals, now):
        changes[arrival.time] = changes.get(arrival.time, 0) + arrival.quantity
    for due in dues:
        if due.time is None:
            start -= due.quantity
        else:
            at = max(now, due.time)
            changes[at] = changes.get(at, 0) - due.quantity
    times = sorted(changes)
    net = list(accumulate((changes[time] for time in times), initial=start))[1:]
    least = reversed(list(accumulate(reversed(net), min)))
    steps: list[Step] = []
    for time, quantity in zip(times, least, strict=True):
        if not steps or max(0, quantity) > steps[-1].quantity:
            steps.append(Step(time, max(0, quantity)))
    return tuple(steps)


def earliest(steps: Sequence[Step], quantity: int) -> datetime | None:
    """Return the first moment for which so many units may be promised, or None where supply does not reach."""
    index = bisect_left(steps, quantity, key=lambda step: step.quantity)
    return steps[index].time if index < len(steps) else None


def promise_dates(
    free_now: int, arrivals: Iterable[Arrival], queue: Sequence[int], now: datetime
) -> list[datetime | None]:
    """Return, for each that waits in the order of the queue, when it and all before it can be filled in full.

    None where supply does not reach; nobody behind has a date then either, for units go to the first in the queue.
    """
    coming = expected(arrivals, now)
    times = [now, *(arrival.time for arrival in coming)]
    there = list(accumulate((arrival.quantity for arrival in coming), initial=free_now))
    reached = (bisect_left(there, wanted) for wanted in accumulate(queue))
    return [times[index] if index < len(times) else None for index in reached]


def expected(arrivals: Iterable[Arrival], now: datetime) -> list[Arrival]:
    """Return the arrivals in the order in which they come, those that are late at `now + LATE_SUPPLY`."""
    dated = (replace(one, time=now + LATE_SUPPLY) if one.time < now else one for one in arrivals)
    return sorted(dated, key=lambda one: one.time)


def _seen(pair: Pair, view: View) -> bool:
    return pair.node_id not in view.excluded_node_ids
