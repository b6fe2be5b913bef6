"""The lines of a Shopify order: what is stock and still has to be shipped, and what is only charged."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.order_list import MOST_LINES, once
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_OPEN, NOT_SHIPPABLE, Refusal
from services.intake.channels.shopify_charges import MOST_CHARGES, charge_of, other_charges
from services.intake.channels.shopify_parts import (
    allocated,
    line_discounts,
    properties_of,
    spread_taxes,
    tax_amount,
    taxes_of,
)
from services.intake.channels.shopify_payment import is_partly_shipped
from services.intake.domain.details import Charge, LineDetails, TaxPart
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money, share


@dataclass(frozen=True, slots=True)
class _Spread:
    """The order's currency, and each line's part of taxes that only the order tells, by the line's path."""

    currency_code: str
    taxes: dict[str, tuple[TaxPart, ...]]


def order_lines(order: Node, currency_code: str) -> tuple[tuple[DraftLine, ...], tuple[Charge, ...]]:
    """Return what is left to ship, and what nobody ships.

    Raises:
        Refusal: NO_LINES, NOT_SHIPPABLE (none is stock), NOT_OPEN (nothing is left to ship), or what is wrong with one.
    """
    items = list(order["line_items"].items())
    if not items:
        raise Refusal(NO_LINES, order["line_items"].path, "The order has no line items: there is nothing to ship.")
    if len(items) > MOST_LINES:
        raise Refusal(
            BAD_VALUE, order["line_items"].path, f"The order has {len(items)} lines: {MOST_LINES} is the most."
        )
    stock = [item for item in items if is_stock(item)]
    if not stock:
        raise Refusal(NOT_SHIPPABLE, order["line_items"].path, "No line of the order needs shipping.")
    spread = _spread(order, items, currency_code)
    refunded = _refunded(order)
    partly = is_partly_shipped(order)
    drafts = []
    for item in stock:
        ordered, left = _quantities(item, refunded, partly=partly)
        if left:
            drafts.append((item, _line(item, order, spread, ordered, left)))
    if not drafts:
        raise Refusal(NOT_OPEN, order["line_items"].path, "Nothing of the order is left to ship in Shopify.")
    return once(drafts), _charges(order, [item for item in items if not is_stock(item)], spread)


def is_stock(item: Node) -> bool:
    """Tell whether the line is a thing that is shipped."""
    if not isinstance(item.value, dict):
        raise item.bad("a line item")
    return item["requires_shipping"].flag(default=True) and not item["gift_card"].flag(default=False)


def _charges(order: Node, items: list[Node], spread: _Spread) -> tuple[Charge, ...]:
    charges = []
    for item in items:
        ordered = item["quantity"].quantity(0)
        # What is delivered at once counts as fulfilled: only what was taken off the order again is not charged.
        left = ordered if item["current_quantity"].missing else min(item["current_quantity"].quantity(0), ordered)
        if left:
            charges.append(charge_of(item, _line(item, order, spread, ordered, left)))
    found = (*charges, *other_charges(order, spread.currency_code, tuple(charges)))
    if len(found) > MOST_CHARGES:
        raise order["line_items"].bad(f"a list of at most {MOST_CHARGES} lines that nobody ships")
    return found


def _refunded(order: Node) -> dict[str, int]:
    """Return how many units of each line were refunded, by the line's id."""
    units: dict[str, int] = {}
    for refund in order["refunds"].items():
        for entry in refund["refund_line_items"].items():
            line_id = entry["line_item_id"].identifier(100)
            units[line_id] = units.get(line_id, 0) + entry["quantity"].quantity(0)
    return units


def _quantities(item: Node, refunded: dict[str, int], *, partly: bool) -> tuple[int, int]:
    """Return how many units were ordered, and how many are left to ship."""
    ordered = item["quantity"].quantity(0)
    if not (left := item["fulfillable_quantity"]).missing:
        return ordered, min(left.quantity(0), ordered)
    if partly and item["fulfillment_status"].text(100).lower() != "fulfilled":
        message = f"The order is partly fulfilled and {left.path} is missing: nobody can tell what is left to ship."
        raise Refusal(MISSING_FIELD, left.path, message)
    if partly:
        return ordered, 0
    if not (current := item["current_quantity"]).missing:
        return ordered, min(current.quantity(0), ordered)
    return ordered, max(ordered - refunded.get(item["id"].identifier(100), 0), 0)


def _line(item: Node, order: Node, spread: _Spread, ordered: int, left: int) -> DraftLine:
    """Return `left` units of the line, with their share of its money."""
    currency_code = spread.currency_code
    listed, discount = _listed(item, currency_code, ordered)
    whole = spread.taxes.get(item.path) or taxes_of(item, currency_code)
    tax = sum(part.amount.minor for part in whole) if item.path in spread.taxes else _tax(item, currency_code)
    unit, off = amounts.split(listed, listed - discount, ordered)
    gone = ordered - left
    part = partial(_share, gone=gone, left=left, ordered=ordered)
    stock = is_stock(item)
    return DraftLine(
        external_line_id=item["id"].required().identifier(100) if stock else "",
        sku=_sku(item, needed=stock),
        title=item.first("name", "title").text(500),
        quantity=left,
        unit_price=Money(unit, currency_code),
        discount=Money(share(off, gone, left, ordered), currency_code),
        tax=Money(share(tax, gone, left, ordered), currency_code),
        prices_include_tax=order["taxes_included"].flag(default=False),
        details=LineDetails(
            taxes=tuple(replace(tax, amount=Money(part(tax.amount.minor), currency_code)) for tax in whole),
            discounts=line_discounts(item, order, currency_code, part),
            bundle=_bundle(item),
            barcode=item["barcode"].text(50),
            properties=properties_of(item),
        ),
    )


def _spread(order: Node, items: list[Node], currency_code: str) -> _Spread:
    weights = []
    for item in items:
        ordered = item["quantity"].quantity(0)
        listed, discount = _listed(item, currency_code, ordered) if ordered else (0, 0)
        weights.append(listed - discount)
    return _Spread(currency_code, spread_taxes(order, items, weights, currency_code))


def _tax(item: Node, currency_code: str) -> int:
    return sum(tax_amount(line, currency_code) for line in item["tax_lines"].items())


def _listed(item: Node, currency_code: str, ordered: int) -> tuple[int, int]:
    """Return what the whole line lists at, and what is taken off."""
    price_node = item["price"] if not item["price"].missing else item["price_set"]["shop_money"]["amount"]
    price = price_node.required().decimal() or Decimal(0)
    if price < 0:
        raise price_node.bad("an amount of zero or more")
    listed = amounts.extended(price, ordered, currency_code)
    if listed > amounts.LARGEST_LINE:
        raise price_node.bad("a price that makes a line of a possible size")
    allocations = list(item["discount_allocations"].items())
    given = sum(allocated(a, currency_code) for a in allocations)
    discount = given if allocations else item["total_discount"].minor(currency_code)
    if discount > listed:
        raise item["total_discount" if not allocations else "discount_allocations"].bad("no more than the line costs")
    return listed, discount


def _share(minor: int, *, gone: int, left: int, ordered: int) -> int:
    return share(minor, gone, left, ordered)


def _bundle(item: Node) -> str:
    """Return what names the bundle that the line came in; Shopify lists components, never the bundle's own row."""
    group = item["line_item_group"]
    if sku := group["variant_sku"].identifier(100):
        return sku
    return group["id"].identifier(100) or item["sales_line_item_group_id"].identifier(100)


def _sku(item: Node, *, needed: bool) -> str:
    """Return the SKU, else a name for the variant or the product, which the catalogue can map."""
    if sku := item["sku"].identifier(100):
        return sku
    for kind in ("variant", "product"):
        if number := item[f"{kind}_id"].identifier(80):
            return f"{kind}:{number}"
    if not needed:
        return ""
    message = f"{item['sku'].path} is missing, and so are variant_id and product_id: nobody can tell what was bought."
    raise Refusal(MISSING_FIELD, item["sku"].path, message)
