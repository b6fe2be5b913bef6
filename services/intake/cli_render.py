"""How orders, holds and events look in a terminal."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC
from typing import Annotated, Any, TypeVar

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage
from rich.markup import escape

from oms.intake.v1.hold_pb2 import Hold, HoldDeadlineAction, HoldType
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.order_pb2 import Order, OrderStatus, Payment
from oms.intake.v1.units_pb2 import Room, Units
from services.cli_output import call, out, run, table
from services.kernel.money import Money, exponent

Answer = TypeVar("Answer")

OrderId = Annotated[str, typer.Argument(help="The order, ord_….")]
Key = Annotated[str, typer.Option("--request-id", help="The key of this request: the same key is done once.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many rows.")]


def ask(use: Callable[[IntakeServiceStub], Awaitable[Answer]]) -> Answer:
    """Ask the service."""
    return run(call(IntakeServiceStub, lambda settings: settings.intake_address, use))


def show_order(order: Order, *, replayed: bool = False) -> None:
    """Print an order: what it is, its lines by room, its holds and its money."""
    if replayed:
        out.print("[dim]It had been accepted before.[/dim]")
    facts = [
        ("Order", order.order_id),
        ("Channel", f"{order.channel} {order.external_id} {order.order_number}"),
        ("Status", word(OrderStatus, order.status) + (" (resting)" if order.resting else "")),
        ("Region", f"{order.region}, priority {order.priority}"),
        ("Total", money(order.total_amount)),
        ("Payment", f"{word(Payment.State, order.payment.state)}, captured {money(order.payment.captured_amount)}"),
        ("Promised", when(order.promise_time)),
        ("Accepted", when(order.create_time)),
        ("Etag", order.etag),
    ]
    table("", ("", ""), [(name, escape(text)) for name, text in facts])
    lines = [(line.line_id, escape(line.sku), line.quantity, rooms(line.units)) for line in order.lines]
    table("Lines", ("Line", "SKU", "Units", "Where"), lines)
    if order.holds:
        table("Holds", HOLD_COLUMNS, map(hold_row, order.holds))


HOLD_COLUMNS = ("Order", "Handle", "Type", "State", "Queue", "Deadline", "Then")


def hold_row(hold: Hold) -> Iterable[object]:
    """Return a hold as a row."""
    late = " (overdue)" if hold.overdue else ""
    return (
        hold.order_id,
        escape(hold.handle),
        word(HoldType, hold.type),
        word(Hold.State, hold.state),
        escape(hold.owner_queue),
        when(hold.deadline_time) + late,
        word(HoldDeadlineAction, hold.deadline_action),
    )


def order_rows(orders: Iterable[Order]) -> Iterator[Iterable[object]]:
    """Return orders as rows."""
    for order in orders:
        units = sum(line.quantity for line in order.lines)
        yield (
            order.order_id,
            order.channel,
            escape(order.order_number),
            word(OrderStatus, order.status),
            units,
            order.region,
            money(order.total_amount),
            when(order.create_time),
        )


def event_row(event: OrderEvent) -> tuple[object, ...]:
    """Return an event as a row."""
    moved = "; ".join(
        f"{move.quantity} {word(Room, move.from_room).lower()} → {word(Room, move.to_room).lower()}"
        for move in event.moves
    )
    what = word(OrderEvent.Type, event.type) + (f": {moved}" if moved else "")
    refers = ", ".join(f"{key}={value}" for key, value in sorted(event.references.items()))
    return event.sequence, when(event.create_time), what, escape(event.reason), escape(event.actor), escape(refers)


def rooms(units: Units) -> str:
    """Return where units are, such as "2 reserved, 1 shipped"."""
    return ", ".join(f"{quantity} {field.name}" for field, quantity in units.ListFields())


def word(enum: Any, number: int) -> str:
    """Return an enum's value as people read it."""
    zero: str = enum.Name(0)
    name: str = enum.Name(number)
    return name.removeprefix(zero.removesuffix("UNSPECIFIED")).replace("_", " ").capitalize() if number else "—"


def money(message: MoneyMessage) -> str:
    """Return an amount as people read it."""
    places = exponent(message.currency_code)
    minor = (message.units * 10**9 + message.nanos) // 10 ** (9 - places)
    return str(Money(minor, message.currency_code))


def when(stamp: Timestamp) -> str:
    """Return a moment as people read it, in UTC."""
    return f"{stamp.ToDatetime(tzinfo=UTC):%Y-%m-%d %H:%M:%S}" if stamp.seconds else "—"
