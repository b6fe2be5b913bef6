"""The lines of a Shopify order that are stock and still have to be shipped."""

from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.order_list import MOST_LINES, once
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_OPEN, NOT_SHIPPABLE, Refusal
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money, share


def order_lines(order: Node, currency_code: str) -> tuple[DraftLine, ...]:
    """Return the lines.

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
    stock = [item for item in items if _is_stock(item)]
    if not stock:
        raise Refusal(NOT_SHIPPABLE, order["line_items"].path, "No line of the order needs shipping.")
    refunded = _refunded(order)
    partial = order["fulfillment_status"].text(100).lower() == "partial"
    inside = order["taxes_included"].flag(default=False)
    drafts = []
    for item in stock:
        ordered, left = _quantities(item, refunded, partial=partial)
        if left:
            drafts.append((item, _line(item, currency_code, ordered, left, inside=inside)))
    if not drafts:
        raise Refusal(NOT_OPEN, order["line_items"].path, "Nothing of the order is left to ship in Shopify.")
    return once(drafts)


def _is_stock(item: Node) -> bool:
    if not isinstance(item.value, dict):
        raise item.bad("a line item")
    return item["requires_shipping"].flag(default=True) and not item["gift_card"].flag(default=False)


def _refunded(order: Node) -> dict[str, int]:
    """Return how many units of each line were refunded, by the line's id."""
    units: dict[str, int] = {}
    for refund in order["refunds"].items():
        for entry in refund["refund_line_items"].items():
            line_id = entry["line_item_id"].identifier(100)
            units[line_id] = units.get(line_id, 0) + entry["quantity"].quantity(0)
    return units


def _quantities(item: Node, refunded: dict[str, int], *, partial: bool) -> tuple[int, int]:
    """Return how many units were ordered, and how many are left to ship."""
    ordered = item["quantity"].quantity(0)
    if not (left := item["fulfillable_quantity"]).missing:
        return ordered, min(left.quantity(0), ordered)
    if partial and item["fulfillment_status"].text(100).lower() != "fulfilled":
        message = f"The order is partly fulfilled and {left.path} is missing: nobody can tell what is left to ship."
        raise Refusal(MISSING_FIELD, left.path, message)
    if partial:
        return ordered, 0
    if not (current := item["current_quantity"]).missing:
        return ordered, min(current.quantity(0), ordered)
    return ordered, max(ordered - refunded.get(item["id"].identifier(100), 0), 0)


def _line(item: Node, currency_code: str, ordered: int, left: int, *, inside: bool) -> DraftLine:
    price_node = item["price"] if not item["price"].missing else item["price_set"]["shop_money"]["amount"]
    price = price_node.required().decimal() or Decimal(0)
    if price < 0:
        raise price_node.bad("an amount of zero or more")
    listed = amounts.extended(price, ordered, currency_code)
    if listed > amounts.LARGEST_LINE:
        raise price_node.bad("a price that makes a line of a possible size")
    allocations = list(item["discount_allocations"].items())
    given = sum(a["amount"].minor(currency_code) for a in allocations)
    discount = given if allocations else item["total_discount"].minor(currency_code)
    if discount > listed:
        raise item["total_discount" if not allocations else "discount_allocations"].bad("no more than the line costs")
    tax = sum(line["price"].minor(currency_code) for line in item["tax_lines"].items())
    unit, off = amounts.split(listed, listed - discount, ordered)
    gone = ordered - left
    return DraftLine(
        external_line_id=item["id"].required().identifier(100),
        sku=_sku(item),
        title=item.first("name", "title").text(500),
        quantity=left,
        unit_price=Money(unit, currency_code),
        discount=Money(share(off, gone, left, ordered), currency_code),
        tax=Money(share(tax, gone, left, ordered), currency_code),
        prices_include_tax=inside,
    )


def _sku(item: Node) -> str:
    """Return the SKU, else a name for the variant or the product, which the catalogue can map."""
    if sku := item["sku"].identifier(100):
        return sku
    for kind in ("variant", "product"):
        if number := item[f"{kind}_id"].identifier(80):
            return f"{kind}:{number}"
    message = f"{item['sku'].path} is missing, and so are variant_id and product_id: nobody can tell what was bought."
    raise Refusal(MISSING_FIELD, item["sku"].path, message)
