"""The rows of an order as its lines, with the money that is said once for the order shared by them, to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from services.chassis.plain_text import clean
from services.intake.channels import amounts
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NOT_OPEN, Refusal
from services.intake.channels.table_rows import Group, Row
from services.intake.channels.table_values import amount, decimal, identifier, quantity, truth
from services.intake.domain.details import Charge, ChargeKind, LineDetails
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money, allocate


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a row sells; `listed` is price x quantity, in minor units like the others."""

    row: Row
    quantity: int
    listed: int
    discount: int
    tax: int
    shippable: bool

    @property
    def net(self) -> int:
        """What is paid for it, without tax unless prices include it."""
        return self.listed - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What the order says once about its money, in minor units; None where it does not."""

    discount: int | None
    tax: int | None
    shipping: int
    shipping_tax: int
    total: int | None
    prices_include_tax: bool | None


def items_of(group: Group, currency: str, *, comma: bool) -> list[Item]:
    """Return what the rows sell.

    Raises:
        Refusal: why a row sells nothing.
    """
    if len(group.rows) > MOST_LINES:
        message = f"The order has {len(group.rows)} lines: {MOST_LINES} is the most."
        raise Refusal(BAD_VALUE, f"row {group.number}", message)
    found = [_item(row, currency, comma=comma) for row in group.rows]
    places: dict[str, int] = {}
    for item in found:
        line_id = item.row["line_id"]
        if line_id and places.setdefault(line_id, item.row.number) != item.row.number:
            message = f"Row {places[line_id]} has the same line_id: is it the same line?"
            raise Refusal(BAD_VALUE, item.row.at("line_id"), message)
    return found


def settled(items: Sequence[Item], whole: Whole) -> tuple[list[Item], bool, int]:
    """Return the items with their shares, whether prices include the tax, and what it all comes to.

    Exports differ in whether the order's discount and tax are told again in its lines or its shipping, and in whether
    prices include tax: what makes the total right is taken.
    """
    net, taxed = sum(item.net for item in items), sum(item.tax for item in items)
    told = sum(item.discount for item in items)
    discounts = [whole.discount, max(whole.discount - told, 0)] if whole.discount else [0]
    taxes = [0] if taxed or not whole.tax else [whole.tax, max(whole.tax - whole.shipping_tax, 0)]
    insides = [False, True] if whole.prices_include_tax is None else [whole.prices_include_tax]

    def total(discount: int, tax: int, inside: bool) -> int:  # noqa: FBT001 - one of three that go together
        return net - discount + (0 if inside else taxed + tax) + whole.shipping + whole.shipping_tax

    ways = list(product(discounts, taxes, insides))
    discount, tax, inside = next((way for way in ways if total(*way) == whole.total), ways[0])
    return _shared(items, discount, tax), inside, total(discount, tax, inside)


def lines(items: Sequence[Item], currency: str, *, prices_include_tax: bool) -> tuple[DraftLine, ...]:
    """Return what is shipped."""
    return tuple(_line(item, currency, prices_include_tax) for item in items if item.shippable)


def charges(items: Sequence[Item], currency: str, *, prices_include_tax: bool) -> tuple[Charge, ...]:
    """Return what nobody ships."""
    return tuple(
        Charge(
            kind=ChargeKind.DIGITAL,
            title=clean(item.row["title"], 500),
            amount=Money(item.net - (item.tax if prices_include_tax else 0), currency),
            tax=Money(item.tax, currency),
            sku=identifier(item.row, "sku", 100),
            quantity=item.quantity,
        )
        for item in items
        if not item.shippable
    )


def _item(row: Row, currency: str, *, comma: bool) -> Item:
    if not identifier(row, "sku", 100):
        raise Refusal(MISSING_FIELD, row.at("sku"), "The row has no SKU: nobody can tell what is to be shipped.")
    if row["line_fulfillment"].casefold() in {"fulfilled", "partial", "restocked"}:
        message = "The line was shipped, or is not to be: take orders that are partly done out of the file."
        raise Refusal(NOT_OPEN, row.at("line_fulfillment"), message)
    identifier(row, "line_id", 100)
    units = quantity(row, comma=comma)
    discount = amounts.minor(abs(decimal(row, "discount", comma=comma) or Decimal(0)), currency)
    price, paid = amount(row, "unit_price", comma=comma), amount(row, "line_total", comma=comma)
    if price is None and paid is None:
        raise Refusal(MISSING_FIELD, row.at("unit_price"), "The row says no price: write 0 where it is free.")
    if price is not None:
        listed = amounts.extended(price, units, currency)
    else:
        listed = amounts.minor(paid or Decimal(0), currency) + discount
    if listed > amounts.LARGEST_LINE:
        raise Refusal(BAD_VALUE, row.at("unit_price"), "The line costs more than any order may.")
    if discount > listed:
        raise Refusal(BAD_VALUE, row.at("discount"), "The discount is more than the line costs.")
    return Item(
        row=row,
        quantity=units,
        listed=listed,
        discount=discount,
        tax=amounts.minor(amount(row, "tax", comma=comma) or Decimal(0), currency),
        shippable=truth(row, "shippable") is not False,
    )


def _shared(items: Sequence[Item], discount: int, tax: int) -> list[Item]:
    net = [item.net for item in items]
    if discount > sum(net):
        where = items[0].row.at("order_discount")
        raise Refusal(BAD_VALUE, where, "order_discount is more than all lines cost.")
    if discount:
        shares = allocate(discount, net)
        items = [replace(item, discount=item.discount + part) for item, part in zip(items, shares, strict=True)]
    if tax:
        weights = net if sum(net) else [1] * len(items)
        shares = allocate(tax, weights)
        items = [replace(item, tax=part) for item, part in zip(items, shares, strict=True)]
    return list(items)


def _line(item: Item, currency: str, prices_include_tax: bool) -> DraftLine:  # noqa: FBT001 - of the caller's name
    row = item.row
    unit, discount = amounts.split(item.listed, item.net, item.quantity)
    return DraftLine(
        external_line_id=row["line_id"],
        sku=row["sku"],
        title=clean(row["title"], 500),
        quantity=item.quantity,
        unit_price=Money(unit, currency),
        discount=Money(discount, currency),
        tax=Money(item.tax, currency),
        prices_include_tax=prices_include_tax,
        details=LineDetails(barcode=clean(row["barcode"], 50)),
    )
