"""What a change must be to be asked for at all."""

from collections.abc import Sequence

from services.intake.domain.acceptance import LARGEST_AMOUNT
from services.intake.domain.draft import DraftLine
from services.intake.domain.edits import AddLine, Edit, Merge, SetAddress, SetNode, SetQuantity, Split
from services.intake.domain.order import Order
from services.kernel.errors import InvalidArgument


def check(order: Order, edits: Sequence[Edit]) -> None:
    """Refuse what makes no sense whatever the order's state.

    Raises:
        InvalidArgument: UNKNOWN_LINE, DUPLICATE_LINE, MISSING_COUNTRY, CURRENCY_MISMATCH, NEGATIVE_AMOUNT,
            AMOUNT_TOO_LARGE, MERGE_WITH_ITSELF, ONE_MERGE.
    """
    if sum(isinstance(edit, Merge) for edit in edits) > 1:
        raise InvalidArgument("one change takes in one order", reason="ONE_MERGE")
    known = {line.external_line_id for line in order.lines}
    for edit in edits:
        match edit:
            case SetQuantity(line_id=line_id):
                order.line(line_id)
            case SetNode(line_ids=line_ids):
                _check_lines(order, line_ids)
            case Split(quantities=quantities):
                _check_lines(order, [line_id for line_id, _ in quantities])
            case AddLine(line=line):
                _check_line(order, line, known)
                known |= {line.external_line_id} - {""}
            case SetAddress(ship_to=ship_to) if not ship_to.country_code:
                raise InvalidArgument("ship_to needs a country", reason="MISSING_COUNTRY")
            case Merge(order_id=order.order_id):
                raise InvalidArgument("an order cannot be merged with itself", reason="MERGE_WITH_ITSELF")
            case _:
                pass


def _check_lines(order: Order, line_ids: Sequence[str]) -> None:
    for line_id in line_ids:
        order.line(line_id)
    if len(set(line_ids)) < len(line_ids):
        raise InvalidArgument("a line is named twice", reason="DUPLICATE_LINE")


def _check_line(order: Order, line: DraftLine, known: set[str]) -> None:
    if line.external_line_id in known:
        raise InvalidArgument(
            f"the order has a line {line.external_line_id} already",
            reason="DUPLICATE_LINE",
            external_line_id=line.external_line_id,
        )
    for name, amount in (("unit_price", line.unit_price), ("discount_amount", line.discount), ("tax_amount", line.tax)):
        if amount.currency_code != order.currency_code:
            raise InvalidArgument(
                f"{name} is in {amount.currency_code}, the order in {order.currency_code}",
                reason="CURRENCY_MISMATCH",
                field=name,
            )
        if amount.minor < 0:
            raise InvalidArgument(f"{name} is {amount}: it cannot be negative", reason="NEGATIVE_AMOUNT", field=name)
    if line.total.minor < 0:
        raise InvalidArgument("the line's total is negative", reason="NEGATIVE_AMOUNT", field="total_amount")
    if max(line.total.minor, line.unit_price.minor * line.quantity) > LARGEST_AMOUNT:
        raise InvalidArgument("the line's total is too large", reason="AMOUNT_TOO_LARGE", field="total_amount")
