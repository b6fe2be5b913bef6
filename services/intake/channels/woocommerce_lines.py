"""The lines of a WooCommerce order that are things on a shelf."""

from html import unescape

from services.chassis.plain_text import clean
from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.order_list import MOST_LINES, once
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_SHIPPABLE, Refusal
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money


def order_lines(order: Node, currency_code: str) -> tuple[DraftLine, ...]:
    """Return the lines.

    Raises:
        Refusal: NO_LINES, NOT_SHIPPABLE (only containers), or what is wrong with one.
    """
    items = list(order["line_items"].items())
    if not items:
        raise Refusal(NO_LINES, order["line_items"].path, "The order has no line items: there is nothing to ship.")
    if len(items) > MOST_LINES:
        raise Refusal(
            BAD_VALUE, order["line_items"].path, f"The order has {len(items)} lines: {MOST_LINES} is the most."
        )
    stock = [item for item in items if not _is_container(item)]
    if not stock:
        raise Refusal(NOT_SHIPPABLE, order["line_items"].path, "The order has only empty containers: nothing to ship.")
    return once((item, _line(item, currency_code)) for item in stock)


def _is_container(item: Node) -> bool:
    if not isinstance(item.value, dict):
        raise item.bad("a line item")
    parts = [part for name in ("bundled_items", "composite_children") for part in _parts(item[name])]
    return bool(parts) and item["sku"].missing


def _parts(node: Node) -> list[Node]:
    return list(node.items()) if isinstance(node.value, list) else []


def _line(item: Node, currency_code: str) -> DraftLine:
    quantity = item["quantity"].quantity(1)
    paid = item["total"].required().minor(currency_code)
    listed = paid if item["subtotal"].missing else item["subtotal"].minor(currency_code)
    if max(paid, listed) > amounts.LARGEST_LINE:
        raise item["total"].bad("a line of a possible size")
    unit, discount = amounts.split(listed, paid, quantity)
    return DraftLine(
        external_line_id=item["id"].required().identifier(100),
        sku=_sku(item),
        title=clean(unescape(item["name"].text()), 500),
        quantity=quantity,
        unit_price=Money(unit, currency_code),
        discount=Money(discount, currency_code),
        tax=Money(item["total_tax"].minor(currency_code), currency_code),
    )


def _sku(item: Node) -> str:
    """Return the SKU, else a name for the variation or the product, which the catalogue can map."""
    if sku := item["sku"].identifier(100):
        return sku
    for kind, field in (("variant", "variation_id"), ("product", "product_id")):
        # 0 is WooCommerce's word for none: the product was deleted since.
        if (number := item[field].identifier(80)) not in {"", "0"}:
            return f"{kind}:{number}"
    message = f"{item['sku'].path} is missing and the product is deleted: nobody can tell what was bought."
    raise Refusal(MISSING_FIELD, item["sku"].path, message)
