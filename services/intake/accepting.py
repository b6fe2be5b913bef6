"""Accepting an order: in one transaction it is there whole, with its process on the way, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox, StartWorkflow
from services.intake import process, store, store_events, store_ownership, store_screening
from services.intake.domain.acceptance import digest, digest_before_details, normalised
from services.intake.domain.draft import Draft, DraftLine, PaymentState
from services.intake.domain.duplicates import Prints, prints
from services.intake.domain.events import Event, EventType, Fact
from services.intake.domain.holds import Hold, place
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.ownership import Field, drift
from services.intake.domain.region import region_of
from services.intake.domain.rooms import Units, total
from services.intake.domain.status import RESTING, derive
from services.intake.recording import record
from services.intake.screening import Screening, as_kept, judged, screened_draft, with_address, with_location
from services.intake.store_screening import NOTHING_SEEN
from services.kernel import ids
from services.kernel.clock import milliseconds
from services.kernel.errors import AlreadyExists


class OrderConflict(AlreadyExists):
    """The channel has sent another order under the same id."""

    reason = "ORDER_CONFLICT"

    def __init__(self, order: Order, digest: str, drift: Sequence[Field]) -> None:
        super().__init__(
            f"{order.channel} has sent another order as {order.external_id} before: nothing was changed",
            order_id=order.order_id,
            channel=order.channel,
            external_id=order.external_id,
        )
        self.order_id = order.order_id
        self.channel = order.channel
        self.digest = digest
        self.drift = drift


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An order that is there; `replayed` where it was there before."""

    order: Order
    replayed: bool


async def accept(
    conn: Connection,
    outbox: Outbox,
    draft: Draft,
    *,
    screening: Screening,
    now: datetime,
    actor: str,
    key: str,
    document_id: str = "",
) -> Accepted:
    """Write the order, its timeline and what starts its process; an order that was there before is not screened again.

    The screening was made ready for this draft before the transaction: `Screener.ready`.

    Raises:
        InvalidArgument: see `domain.acceptance.normalised`.
        OrderConflict: the channel has this id for other content; the caller records it after rolling back.
    """
    spoken = normalised(await with_location(conn, draft, screening))
    # What we made of it, and holds of our own, are no part of what the channel said.
    said = replace(spoken, ship_to=draft.ship_to, holds=draft.holds)
    order_id = ids.new(ids.ORDER, milliseconds(now))
    screened = await screened_draft(conn, spoken, screening, order_id=order_id, now=now)
    if screened is None:
        return await _accepted_before(conn, said, await as_kept(conn, spoken, screening))
    order = _order(screened.draft, order_id=order_id, now=now, document_id=document_id)
    offered = (spoken.payment.amount or spoken.total).minor
    if not await store.insert_order(conn, order, digest=digest(said), offered=offered):
        # Somebody else's came in between.
        await store_screening.forget_prints(conn, order_id)
        return await _accepted_before(conn, said, await as_kept(conn, spoken, screening))
    facts = _facts(order, actor, key)
    events = await record(conn, outbox, order.order_id, facts, now, process.start_of(order))
    return Accepted(order=replace(order, sequence=events[-1].sequence, version=len(events)), replayed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An order as it would be written, with its timeline and what starts its process."""

    order: Order
    digest: str
    offered: int
    events: tuple[Event, ...]
    start: StartWorkflow
    # Where another order has the same, this one must be accepted alone.
    prints: Prints


def draw_up(draft: Draft, *, screening: Screening, now: datetime, actor: str, key: str, document_id: str = "") -> Drawn:
    """Return the order that this draft becomes, if nobody has sent it before, and none looks like it.

    Only for a screening that is `complete`.

    Raises:
        InvalidArgument: see `domain.acceptance.normalised`.
    """
    spoken = normalised(draft)
    addressed = with_address(spoken)
    screened = judged(addressed, screening, NOTHING_SEEN, now=now)
    order = _order(screened.draft, order_id=ids.new(ids.ORDER, milliseconds(now)), now=now, document_id=document_id)
    events = tuple(
        Event(
            fact=fact,
            event_id=ids.new(ids.EVENT, milliseconds(now)),
            order_id=order.order_id,
            sequence=sequence,
            create_time=now,
            transaction_id=0,
        )
        for sequence, fact in enumerate(_facts(order, actor, key), start=1)
    )
    return Drawn(
        order=replace(order, sequence=len(events), version=len(events)),
        digest=digest(replace(spoken, holds=draft.holds)),
        offered=(spoken.payment.amount or spoken.total).minor,
        events=events,
        start=process.start_of(order),
        prints=prints(addressed.draft),
    )


async def record_conflict(
    conn: Connection, outbox: Outbox, conflict: OrderConflict, *, now: datetime, actor: str, document_id: str = ""
) -> None:
    """Write on the order's timeline that somebody sent it otherwise, and count what differs; once per content."""
    key = f"conflict/{conflict.digest[:16]}"
    await store.lock_order(conn, conflict.order_id)
    if await store_events.find(conn, conflict.order_id, EventType.CONFLICT, key):
        return
    await store_ownership.count(
        conn,
        conflict.channel,
        conflict.drift,
        store_ownership.DRIFT,
        order_id=conflict.order_id,
        document_id=document_id,
        now=now,
    )
    references = {"document_id": document_id} if document_id else {}
    fact = Fact(type=EventType.CONFLICT, key=key, actor=actor, reason=conflict.message, references=references)
    await record(conn, outbox, conflict.order_id, [fact], now)


async def _accepted_before(conn: Connection, said: Draft, kept: Draft) -> Accepted:
    """Return the order that is there; `said` is as the channel said it, `kept` as it would be kept."""
    found = await store.find_by_external_id(conn, said.channel, said.external_id)
    if found is None:
        raise RuntimeError("an order that was in the way is gone: orders are never deleted")
    existing, before = found
    if before != digest(said) and not await _is_earlier(conn, existing, before, said):
        raise OrderConflict(existing, digest(said), drift(existing, kept))
    return Accepted(order=existing, replayed=True)


async def _is_earlier(conn: Connection, existing: Order, before: str, said: Draft) -> bool:
    """Tell whether the order is the same, accepted by a release that knew less of what channels say."""
    same = before == digest_before_details(said)
    return same and not await store_screening.has_prints(conn, existing.order_id)


def _order(draft: Draft, *, order_id: str, now: datetime, document_id: str) -> Order:
    lines = tuple(_line(line, position, now) for position, line in enumerate(draft.lines, start=1))
    line_ids = {line.external_line_id: line.line_id for line in lines} | {"": ""}
    holds: tuple[Hold, ...] = tuple(
        place(
            spec,
            hold_id=ids.new(ids.HOLD, milliseconds(now)),
            order_id=order_id,
            line_id=line_ids[spec.external_line_id],
            now=now,
        )
        for spec in draft.holds
    )
    units = total(line.units for line in lines)
    # The database computes the same; deriving it here saves reading the order back.
    status = derive(units, len(holds))
    return Order(
        order_id=order_id,
        channel=draft.channel,
        external_id=draft.external_id,
        order_number=draft.order_number,
        status=status,
        resting=status in RESTING,
        region=region_of(draft.ship_to.country_code),
        priority=draft.priority,
        currency_code=draft.currency_code,
        customer_reference=draft.customer_reference,
        ship_to=draft.ship_to,
        bill_to=draft.bill_to,
        lines=lines,
        holds=holds,
        shipping=draft.shipping.minor,
        shipping_tax=draft.shipping_tax.minor,
        total=draft.total.minor,
        payment=_payment(draft),
        service_level=draft.service_level,
        ship_complete=draft.ship_complete,
        promise_time=None,
        order_time=draft.order_time or now,
        create_time=now,
        update_time=now,
        document_id=document_id,
        note=draft.note,
        units=units,
        sequence=0,
        email=draft.email,
        phone=draft.phone,
        details=draft.details,
    )


def _line(line: DraftLine, position: int, now: datetime) -> OrderLine:
    return OrderLine(
        line_id=ids.new(ids.LINE, milliseconds(now)),
        position=position,
        external_line_id=line.external_line_id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price=line.unit_price.minor,
        discount=line.discount.minor,
        tax=line.tax.minor,
        prices_include_tax=line.prices_include_tax,
        total=line.total.minor,
        captured=0,
        units=Units(open=line.quantity),
        details=line.details,
    )


def _payment(draft: Draft) -> Payment:
    state = draft.payment.state
    amount = (draft.payment.amount or draft.total).minor
    known = state in (PaymentState.AUTHORIZED, PaymentState.CAPTURED)
    return Payment(
        state=state,
        reference=draft.payment.reference,
        authorized=amount if known else 0,
        captured=amount if state == PaymentState.CAPTURED else 0,
        voided=0,
        expire_time=draft.payment.expire_time if state == PaymentState.AUTHORIZED else None,
    )


def _facts(order: Order, actor: str, key: str) -> list[Fact]:
    references = {"document_id": order.document_id} if order.document_id else {}
    submitted = Fact(type=EventType.SUBMITTED, key=key, actor=actor, references=references)
    return [submitted, *(placed_fact(hold, key=hold.hold_id, actor=actor) for hold in order.holds)]


def placed_fact(hold: Hold, *, key: str, actor: str) -> Fact:
    """Return the fact that a hold was placed."""
    return Fact(
        type=EventType.HOLD_PLACED,
        key=key,
        actor=actor,
        reason=hold.type.replace("_", " ").lower(),
        references={"hold_id": hold.hold_id, "handle": hold.handle}
        | ({"line_id": hold.line_id} if hold.line_id else {}),
    )
