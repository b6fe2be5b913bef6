"""The lines of a PrestaShop order, from its order details, or from the rows inside the order where these are missing.

Prices are what the customer paid for a unit: PrestaShop took its own reductions off already. Vouchers are on the order
as a whole, and become charges that are less to pay.
"""

from dataclasses import dataclass
from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.prestashop_resources import Resources, resource_id, words
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, Refusal
from services.intake.domain.details import LineDetails, TaxPart
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money, allocate, share


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Something that was bought: minor units without tax, and the tax, for all of it."""

    node: Node
    line_id: str
    ordered: int
    left: int
    net: int
    tax: int
    is_stock: bool


def rows(order: Node, resources: Resources, currency_code: str) -> list[Row]:
    """Return what was bought.

    Raises:
        Refusal: NO_LINES, or what is wrong with a row.
    """
    listed = order["associations"]["order_rows"]
    found: dict[str, Node] = {}
    for node in listed.items():
        line_id = resource_id(node)
        if not line_id:
            node["id"].required()
        detail = resources.named("order_detail", node["id"])
        chosen = node if detail is None else detail
        if found.setdefault(line_id, chosen) is not chosen:
            raise node["id"].bad("an id that no other row of the order has")
    for node in resources.belonging("order_detail", "id_order", resource_id(order)):
        found.setdefault(node["id"].required().identifier(100), node)
    if not found:
        raise Refusal(NO_LINES, listed.path, "The order has no rows and no order details: there is nothing to ship.")
    if len(found) > MOST_LINES:
        raise Refusal(BAD_VALUE, listed.path, f"The order has {len(found)} rows: {MOST_LINES} is the most.")
    return [_row(node, line_id, resources, currency_code) for line_id, node in found.items()]


def line(row: Row, resources: Resources, currency_code: str) -> DraftLine:
    """Return the line for what is left to ship of the row."""
    node = row.node
    unit, off = amounts.split(row.net, row.net, row.ordered)
    gone = row.ordered - row.left
    tax = share(row.tax, gone, row.left, row.ordered)
    return DraftLine(
        external_line_id=row.line_id,
        sku=sku(node),
        title=words(node["product_name"], 500),
        quantity=row.left,
        unit_price=Money(unit, currency_code),
        discount=Money(share(off, gone, row.left, row.ordered), currency_code),
        tax=Money(tax, currency_code),
        details=LineDetails(
            taxes=_taxes(node, resources, Money(tax, currency_code)),
            barcode=node.first("product_ean13", "product_upc", "product_isbn").text(50),
        ),
    )


def sku(node: Node) -> str:
    """Return the reference, else a name for the combination or the product, which the catalogue can map."""
    if reference := node["product_reference"].identifier(100):
        return reference
    for kind, field in (("variant", "product_attribute_id"), ("product", "product_id")):
        # 0 is PrestaShop's word for none.
        if (number := node[field].identifier(80)) not in {"", "0"}:
            return f"{kind}:{number}"
    path = node["product_reference"].path
    raise Refusal(MISSING_FIELD, path, f"{path} is missing, and so is product_id: nobody can tell what was bought.")


def _row(node: Node, line_id: str, resources: Resources, currency_code: str) -> Row:
    if len(line_id) > 100:
        raise node["id"].bad("an id of at most 100 characters")
    ordered = node["product_quantity"].quantity(1)
    refunded = node["product_quantity_refunded"]
    gone = 0 if refunded.missing else refunded.quantity(0)
    net_node = node.first("total_price_tax_excl", "unit_price_tax_excl", "product_price")
    net = _total(node, "excl", ordered, currency_code)
    if net is None:
        raise net_node.required().bad("an amount")
    gross = _total(node, "incl", ordered, currency_code)
    if max(net, gross or 0) > amounts.LARGEST_LINE:
        raise net_node.bad("a price that makes a line of a possible size")
    product = resources.named("product", node["product_id"])
    virtual = not node["download_hash"].missing
    if product is not None:
        virtual = virtual or product["is_virtual"].flag(default=False) or words(product["type"], 50) == "virtual"
    return Row(
        node=node,
        line_id=line_id,
        ordered=ordered,
        left=max(ordered - gone, 0),
        net=net,
        tax=max(net if gross is None else gross, net) - net,
        is_stock=not virtual,
    )


def _total(node: Node, mode: str, ordered: int, currency_code: str) -> int | None:
    """Return what all of the row costs with ("incl") or without ("excl") tax; None where nobody said."""
    whole = node[f"total_price_tax_{mode}"]
    if not whole.missing:
        return whole.minor(currency_code)
    names = ("unit_price_tax_excl", "product_price") if mode == "excl" else ("unit_price_tax_incl",)
    each = node.first(*names)
    price = each.decimal()
    if price is None:
        return None
    if price < Decimal(0):
        raise each.bad("an amount of zero or more")
    return amounts.extended(price, ordered, currency_code)


def _taxes(node: Node, resources: Resources, tax: Money) -> tuple[TaxPart, ...]:
    if not tax.minor:
        return ()
    named = [(ref, resources.named("tax", ref["id"])) for ref in node["associations"]["taxes"].items()]
    known = [found for _, found in named if found is not None and (found["rate"].decimal() or 0) > 0][:50]
    if not known:
        return (TaxPart(title="Tax", amount=tax),)
    rates = [found["rate"].decimal() or Decimal(0) for found in known]
    parts = allocate(tax.minor, [max(int(rate * 10000), 1) for rate in rates])
    return tuple(
        TaxPart(
            title=words(found["name"], 200) or "Tax",
            amount=Money(part, tax.currency_code),
            rate=format((rate / 100).normalize(), "f")[:30],
        )
        for found, part, rate in zip(known, parts, rates, strict=True)
    )
