"""How returns and refunds are written and read on a terminal."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage

from oms.intake.v1.intake_service_pb2 import GetOrderRequest
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.returns.v1.return_pb2 import Disposition, Reimbursement, Return
from oms.returns.v1.returns_service_pb2 import ReturnLineSpec
from services.cli_output import call, out, table
from services.kernel.money import exponent

_MOST = 1_000_000


class _HasQuantity(Protocol):
    quantity: int


async def asked_lines(
    order_id: str, *, by_line: Sequence[str], by_sku: Sequence[str], reason: str
) -> list[ReturnLineSpec]:
    """Return the lines that these words ask for; SKUs are looked up in the order."""
    if not by_line and not by_sku:
        raise typer.BadParameter("say what is to come back, with --line LINE_ID=UNITS or --sku SKU=UNITS")
    wanted = [line_units(text) for text in by_line]
    if by_sku:
        skus = [line_units(text) for text in by_sku]
        wanted += await _of_skus(order_id, skus)
    return [ReturnLineSpec(line_id=line_id, quantity=quantity, reason=reason) for line_id, quantity in wanted]


def line_units(text: str) -> tuple[str, int]:
    """Return what NAME=UNITS says."""
    name, _, number = text.rpartition("=")
    if not name or not (number.isascii() and number.isdigit()) or not 0 < int(number) <= _MOST:
        raise typer.BadParameter(f"{text!r} is not NAME=UNITS, such as TEE-BLK-M=2")
    return name, int(number)


def show_return(record: Return) -> None:
    """Show a return."""
    head = [
        ("order", record.order_id),
        ("authorization", word(Return.Authorization.Name(record.authorization))),
        ("because", record.decision_reason),
        ("reception", word(Return.Reception.Name(record.reception))),
        ("goes to", record.node_id or "the node it came from"),
        ("label", f"{record.tracking_number} {record.label_uri}".strip()),
        ("asked for", when(record.create_time)),
        ("closed", "yes" if record.closed else "no"),
    ]
    table(record.return_id, ("", ""), [row for row in head if row[1]])
    lines = [
        (
            line.line_id,
            line.sku,
            line.quantity,
            line.received_quantity,
            ", ".join(f"{one.quantity} {word(Disposition.Name(one.disposition))}" for one in line.dispositions),
            line.reason,
        )
        for line in record.lines
    ]
    table("Goods", ("line", "sku", "units", "came", "became", "reason"), lines)
    money = [
        (one.reimbursement_id, amount(one.amount), word(Reimbursement.State.Name(one.state)), one.message)
        for one in record.reimbursements
    ]
    if money:
        table("Money", ("refund", "amount", "state", ""), money)


def units(lines: Iterable[_HasQuantity]) -> int:
    """Return how many units these lines are about."""
    return sum(line.quantity for line in lines)


def word(name: str) -> str:
    """Return an enum value's name without its prefix, in words."""
    return name.partition("_")[2].lower().replace("_", " ")


def amount(money: MoneyMessage) -> str:
    """Return an amount of money as people write it."""
    value = Decimal(money.units) + Decimal(money.nanos).scaleb(-9)
    return f"{value:,.{exponent(money.currency_code)}f} {money.currency_code}"


def when(moment: Timestamp) -> str:
    """Return a moment, in UTC, to the minute."""
    return f"{moment.ToDatetime():%Y-%m-%d %H:%M}"


async def _of_skus(order_id: str, skus: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the lines to take these units from: those with delivered units first."""
    order = (
        await call(
            IntakeServiceStub,
            lambda settings: settings.intake_address,
            lambda stub: stub.GetOrder(GetOrderRequest(order_id=order_id)),
        )
    ).order
    wanted: list[tuple[str, int]] = []
    for sku, quantity in skus:
        lines = sorted((line for line in order.lines if line.sku == sku), key=lambda line: -line.units.delivered)
        if not lines:
            out.print(f"The order has no {sku}.", markup=False)
            raise typer.Exit(1)
        left = quantity
        for line in lines:
            taken = min(left, line.units.delivered)
            wanted += [(line.line_id, taken)] if taken else []
            left -= taken
        # What is more than was delivered is asked for all the same: the service says why not.
        wanted += [(lines[0].line_id, left)] if left else []
    return wanted
