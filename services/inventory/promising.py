"""When those who wait can expect their units: said again whenever a queue, or what comes for it, changes.

Everything here runs inside a transaction of its caller, who holds the locks of the queues. The dates are those of
`atp.promise_dates`: units that come fill what a node lacks first, and then the queue in its order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.inventory import store, store_filling, store_promises
from services.inventory.domain import atp, supply
from services.inventory.domain.atp import Arrival
from services.inventory.domain.backorder import Promise
from services.inventory.domain.filling import Policy
from services.inventory.domain.position import Pair
from services.inventory.domain.supply import Supply, SupplyType
from services.inventory.store import Connection
from services.inventory.store_promises import Place, Since

_DAY = timedelta(days=1)


async def renew(
    conn: Connection, skus: Collection[str], now: datetime, since: Mapping[str, Since] | None = None
) -> list[Promise]:
    """Promise again what these queues can expect, and return the promises that are not what they were.

    `since` names the places before which nothing changed: what stands there is not looked at.
    """
    since = since or {}
    policy = await store_filling.policies(conn, skus)
    by_time = {sku for sku in skus if policy[sku] in {Policy.FIRST_COME, Policy.FAIR_SHARE}}
    before = await store_promises.promised(conn, skus, since, by_time=by_time)
    expected = await store_promises.open_supplies(conn, skus)
    if not before and not expected:
        return []
    arrivals = await _arrivals(conn, expected, now)
    there = await _there(conn, [sku for sku in expected if policy[sku] is Policy.SHIP_COMPLETE])
    reach = {sku: there.get(sku, 0) + sum(one.quantity for one in arrivals[sku]) for sku in expected}
    promises: list[Promise] = []
    for sku, (ahead, places) in (await store_promises.queues(conn, reach, since, by_time=by_time)).items():
        promises += _dated(sku, places, arrivals[sku], there.get(sku, 0) - ahead, now)
    dated = {(one.owner_id, one.line_id) for one in promises}
    gone = {key: was for key, was in before.items() if key not in dated}
    taken_back = [
        Promise(owner_id=owner_id, line_id=line_id, sku=sku, before=was, time=None)
        for (owner_id, line_id), (sku, was, _) in gone.items()
    ]
    changed = [one for one in promises if one.before != one.time]
    await store_promises.save(conn, [*changed, *taken_back])
    # Who has got all that was promised hears of that, not of a promise that is gone.
    return [*changed, *(one for one in taken_back if gone[one.owner_id, one.line_id][2])]


def _dated(sku: str, places: Sequence[Place], arrivals: Iterable[Arrival], there: int, now: datetime) -> list[Promise]:
    times = atp.promise_dates(there, arrivals, [place.missing for place in places], now)
    return [
        Promise(
            owner_id=place.owner_id,
            line_id=place.line_id,
            sku=sku,
            before=place.promise_time,
            # "Now" was said before, and is not news because the clock went on.
            time=place.promise_time if place.promise_time and time <= now and place.promise_time <= now else time,
        )
        for place, time in zip(places, times, strict=True)
        if time is not None
    ]


async def _arrivals(
    conn: Connection, expected: Mapping[str, Sequence[Supply]], now: datetime
) -> dict[str, list[Arrival]]:
    """Return what those who wait can have of it: where more is reserved than is there, that is filled first."""
    by_pair: dict[Pair, list[Arrival]] = {}
    for one in (one for coming in expected.values() for one in coming):
        if (arrival := supply.arrival(one, now)) is not None:
            by_pair.setdefault(one.pair, []).append(_steady(one, arrival, now))
    positions = await store.read(conn, by_pair)
    arrivals: dict[str, list[Arrival]] = {sku: [] for sku in expected}
    for pair, coming in by_pair.items():
        gap = max(0, -atp.free(positions[pair])) if pair in positions else 0
        arrivals[pair.sku] += atp.settled(coming, gap, now)
    return arrivals


def _steady(one: Supply, arrival: Arrival, now: datetime) -> Arrival:
    """Round a date that moves with the clock (late supply, a supplier's) up to a midnight: it moves once a day."""
    if one.type is not SupplyType.SUPPLIER and arrival.time >= now:
        return arrival
    moving = atp.expected([arrival], now)[0].time
    midnight = moving.replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(arrival, time=midnight if midnight == moving else midnight + _DAY)


async def _there(conn: Connection, skus: Collection[str]) -> Mapping[str, int]:
    """Return what lies there for orders that take it only when the rest comes. Of other SKUs nobody waits for it."""
    found: dict[str, int] = {}
    if skus:
        for pair, units in (await store_filling.free(conn, skus)).items():
            found[pair.sku] = found.get(pair.sku, 0) + units
    return found
