"""Accepting an order: in one transaction it is there whole, with its process on the way, or not at all."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import process, store, store_events
from services.intake.domain.acceptance import digest, normalised
from services.intake.domain.draft import Draft, DraftLine, PaymentState
from services.intake.domain.events import EventType, Fact
from services.intake.domain.holds import Hold, place
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.region import region_of
from services.intake.domain.rooms import Units, total
from services.intake.domain.status import RESTING, derive
from services.intake.recording import record
from services.kernel import ids
from services.kernel.clock import milliseconds
from services.kernel.errors import AlreadyExists


class OrderConflict(AlreadyExists):
    """The channel has sent another order under the same id."""

    reason = "ORDER_CONFLICT"

    def __init__(self, order: Order, digest: str) -> None:
        super().__init__(
            f"{order.channel} has sent another order as {order.external_id} before: nothing was changed",
            order_id=order.order_id,
            channel=order.channel,
            external_id=order.external_id,
        )
        self.order_id = order.order_id
        self.digest = digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An order that is there; `replayed` where it was there before."""

    order: Order
    replayed: bool


async def accept(
    conn: Connection, outbox: Outbox, draft: Draft, *, now: datetime, actor: str, key: str, document_id: str = ""
) -> Accepted:
    """Write the order, its timeline and what starts its process.

    Raises:
        InvalidArgument: see `domain.acceptance.normalised`.
        OrderConflict: the channel has this id for other content; the caller records it after rolling back.
    """
    spoken = normalised(draft)
    # Holds of our own making are no part of what the channel said.
    said = digest(replace(spoken, holds=draft.holds))
    order = _order(spoken, now=now, document_id=document_id)
    offered = (spoken.payment.amount or spoken.total).minor
    if not await store.insert_order(conn, order, digest=said, offered=offered):
        return await _accepted_before(conn, order, said)
    facts = _facts(order, actor, key)
    events = await record(conn, outbox, order.order_id, facts, now, process.start_of(order))
    return Accepted(order=replace(order, sequence=events[-1].sequence), replayed=False)


async def record_conflict(
    conn: Connection, outbox: Outbox, conflict: OrderConflict, *, now: datetime, actor: str, document_id: str = ""
) -> None:
    """Write on the order's timeline that somebody sent it with other content; once per content."""
    key = f"conflict/{conflict.digest[:16]}"
    await store.lock_order(conn, conflict.order_id)
    if await store_events.find(conn, conflict.order_id, EventType.CONFLICT, key):
        return
    references = {"document_id": document_id} if document_id else {}
    fact = Fact(type=EventType.CONFLICT, key=key, actor=actor, reason=conflict.message, references=references)
    await record(conn, outbox, conflict.order_id, [fact], now)


async def _accepted_before(conn: Connection, order: Order, said: str) -> Accepted:
    found = await store.find_by_external_id(conn, order.channel, order.external_id)
    if found is None:
        raise RuntimeError("an order that was in the way is gone: orders are never deleted")
    existing, before = found
    if before != said:
        raise OrderConflict(existing, said)
    return Accepted(order=existing, replayed=True)


def _order(draft: Draft, *, now: datetime, document_id: str) -> Order:
    order_id = ids.new(ids.ORDER, milliseconds(now))
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
