"""The lines of a WooCommerce order: what is a thing on a shelf, and what is only charged."""

from dataclasses import replace
from html import unescape

from services.chassis.plain_text import clean
from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.order_list import MOST_LINES, once
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_SHIPPABLE, Refusal
from services.intake.channels.woocommerce_bundles import bundles_of
from services.intake.channels.woocommerce_charges import bundle_charge, fee_charges, is_unshipped, line_charge
from services.intake.channels.woocommerce_parts import coupons_of, line_discounts, properties_of, taxes_of
from services.intake.domain.details import Charge, DiscountPart, LineDetails
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money

MOST_CHARGES = 500


def order_lines(order: Node, currency_code: str) -> tuple[tuple[DraftLine, ...], tuple[Charge, ...]]:
    """Return what is to be shipped, and what nobody ships.

    Raises:
        Refusal: NO_LINES, NOT_SHIPPABLE (only containers or things without a body), or what is wrong with one.
    """
    items = list(order["line_items"].items())
    if not items:
        raise Refusal(NO_LINES, order["line_items"].path, "The order has no line items: there is nothing to ship.")
    if len(items) > MOST_LINES:
        raise Refusal(
            BAD_VALUE, order["line_items"].path, f"The order has {len(items)} lines: {MOST_LINES} is the most."
        )
    if odd := next((item for item in items if not isinstance(item.value, dict)), None):
        raise odd.bad("a line item")
    bundles = bundles_of(items)
    bodiless = [item for item in items if is_unshipped(item)]
    apart = {item.path for item in bodiless} | {i.path for i in items if i["id"].identifier(100) in bundles.unshipped}
    stock = [item for item in items if item.path not in apart]
    if not stock:
        raise Refusal(NOT_SHIPPABLE, order["line_items"].path, "No line of the order is a thing that is shipped.")
    coupons = coupons_of(order, currency_code)
    lines = []
    for item in stock:
        bundle = bundles.container_of.get(item["id"].identifier(100), "")
        line = _line(item, order, coupons, currency_code, stock=True)
        lines.append((item, replace(line, details=replace(line.details, bundle=bundle))))
    charges = [line_charge(item, _line(item, order, coupons, currency_code)) for item in bodiless]
    rest = apart - {item.path for item in bodiless}
    rows = [bundle_charge(_line(item, order, coupons, currency_code)) for item in items if item.path in rest]
    found = (*charges, *(row for row in rows if row.amount.minor or row.tax), *fee_charges(order, currency_code))
    if len(found) > MOST_CHARGES:
        raise order["line_items"].bad(f"a list of at most {MOST_CHARGES} lines that nobody ships")
    return once(lines), found


def _line(
    item: Node, order: Node, coupons: tuple[DiscountPart, ...], currency_code: str, *, stock: bool = False
) -> DraftLine:
    quantity = item["quantity"].quantity(1)
    paid = item["total"].required().minor(currency_code)
    listed = paid if item["subtotal"].missing else item["subtotal"].minor(currency_code)
    if max(paid, listed) > amounts.LARGEST_LINE:
        raise item["total"].bad("a line of a possible size")
    unit, discount = amounts.split(listed, paid, quantity)
    tax = item["total_tax"].minor(currency_code)
    return DraftLine(
        external_line_id=item["id"].required().identifier(100),
        sku=_sku(item, needed=stock),
        title=clean(unescape(item["name"].text()), 500),
        quantity=quantity,
        unit_price=Money(unit, currency_code),
        discount=Money(discount, currency_code),
        tax=Money(tax, currency_code),
        details=LineDetails(
            taxes=taxes_of(item, order, tax, currency_code),
            discounts=line_discounts(listed - paid, coupons, currency_code),
            barcode=item.first("global_unique_id", "barcode", "gtin").text(50),
            properties=properties_of(item),
        ),
    )


def _sku(item: Node, *, needed: bool) -> str:
    """Return the SKU, else a name for the variation or the product, which the catalogue can map."""
    if sku := item["sku"].identifier(100):
        return sku
    for kind, field in (("variant", "variation_id"), ("product", "product_id")):
        # 0 is WooCommerce's word for none: the product was deleted since.
        if (number := item[field].identifier(80)) not in {"", "0"}:
            return f"{kind}:{number}"
    if not needed:
        return ""
    message = f"{item['sku'].path} is missing and the product is deleted: nobody can tell what was bought."
    raise Refusal(MISSING_FIELD, item["sku"].path, message)
