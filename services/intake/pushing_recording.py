"""What came of a push, and how a partner is: written when the channel's process, or a person, says so."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import process_channels, store, store_channels, store_partners, store_pushes
from services.intake.channels.push_formats import push_format_of
from services.intake.channels.push_request import Again, Done, Outcome
from services.intake.domain.events import EventType, Fact
from services.intake.domain.pushes import LONG_DOWN, Partner, Push, PushState, put_off
from services.intake.recording import record
from services.kernel.errors import NotFound

_TEXT_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What may be sent now; `wait` is how long nothing may, where something waits."""

    push_ids: tuple[str, ...] = ()
    paused: bool = False
    rate_per_second: float = 0.0
    waiting: int = 0
    blocked_orders: int = 0
    wait: timedelta | None = None


async def claim(conn: Connection, channel: str, *, limit: int, now: datetime) -> Claimed:
    """Return the next pushes of the channel, in the order in which they are to be sent."""
    settings = await store_channels.find_channel(conn, channel)
    waiting, orders = await store_partners.counts(conn, channel)
    partner = await store_partners.find(conn, channel)
    known = Claimed(
        paused=partner.paused or push_format_of(settings) is None,
        rate_per_second=settings.push.rate_per_second,
        waiting=waiting,
        blocked_orders=orders,
    )
    if known.paused or not waiting:
        return known
    found = await store_pushes.due(conn, channel, now, limit)
    if found:
        return replace(known, push_ids=tuple(found))
    due = await store_pushes.next_due(conn, channel)
    return replace(known, wait=max(due - now, timedelta()) if due else None)


async def record_outcome(
    conn: Connection, outbox: Outbox, push_id: str, outcome: Outcome, *, now: datetime, actor: str
) -> None:
    """Write what came of sending the push; one that has ended stays as it is.

    Raises:
        NotFound: PUSH_NOT_FOUND.
    """
    # The order first, as everybody does: a timeline is written under its lock.
    await store.lock_order(conn, await store_pushes.order_of(conn, push_id))
    push = await store_pushes.get(conn, push_id, lock=True)
    if push.state != PushState.WAITING:
        return
    match outcome:
        case Done():
            await store_pushes.end(conn, push_id, PushState.DONE, reason="", now=now)
            await record(conn, outbox, push.order_id, [_told(push, actor)], now)
        case Again(reason=reason, perhaps_this_only=alone):
            wait = put_off(push.attempts + 1) if alone else timedelta()
            await store_pushes.failed(conn, push_id, reason=reason[:_TEXT_LIMIT], next_attempt_time=now + wait)
        case refused:
            await store_pushes.end(conn, push_id, PushState.REFUSED, reason=refused.reason[:_TEXT_LIMIT], now=now)


async def record_partner(
    conn: Connection, channel: str, *, failure_count: int, reason: str, wait: timedelta | None, now: datetime
) -> None:
    """Write how the partner is."""
    before = await store_partners.lock_partner(conn, channel)
    after = replace(
        before,
        failure_count=failure_count,
        down_reason=reason[:_TEXT_LIMIT] if failure_count else "",
        down_time=(before.down_time or now) if failure_count else None,
        next_attempt_time=now + wait if failure_count and wait is not None else None,
    )
    await store_partners.save(conn, after)
    if before.down_time and not failure_count and now - before.down_time > LONG_DOWN:
        await store_pushes.put_off_no_longer(conn, channel, now)


async def switch_partner(
    conn: Connection, outbox: Outbox, channel: str, *, paused: bool, reason: str, now: datetime
) -> Partner:
    """Pause the partner, or resume it: then its process looks at once.

    Raises:
        NotFound: PARTNER_NOT_FOUND.
    """
    before = await store_partners.lock_partner(conn, channel)
    settings = await store_channels.find_channel(conn, channel)
    if push_format_of(settings) is None and not before.paused:
        raise NotFound(
            f"{channel} is not told of its orders: set push.url first", reason="PARTNER_NOT_FOUND", channel=channel
        )
    after = replace(
        before,
        paused=paused,
        pause_reason=reason if paused else "",
        pause_time=(before.pause_time or now) if paused else None,
    )
    if after != before:
        await store_partners.save(conn, after)
        await outbox.add(conn, *process_channels.switched(channel))
    return after


async def retry(conn: Connection, outbox: Outbox, push_id: str, *, now: datetime) -> Push:
    """Have the push sent again at once.

    Raises:
        NotFound: PUSH_NOT_FOUND. FailedPrecondition: PUSH_DONE.
    """
    push = await store_pushes.retry(conn, push_id, now)
    await outbox.add(conn, *process_channels.switched(push.channel))
    return push


def _told(push: Push, actor: str) -> Fact:
    references = {
        "channel": push.channel,
        "push_id": push.push_id,
        "kind": push.kind.value,
        "event_id": push.event_id,
        **({"shipment_id": push.payload.shipment_id} if push.payload.shipment_id else {}),
    }
    return Fact(
        type=EventType.CHANNEL_TOLD,
        key=push.push_id,
        actor=actor,
        reason=f"{push.channel} was told: {push.kind.value.lower()}",
        references=references,
    )
