"""The lines of a Mirakl order that still have to be shipped.

A line's `quantity` stays as ordered: cancelled and refunded units stand beside it, in `cancelations` and `refunds`,
where 0 units means that only money was given back. In TAX_INCLUDED orders prices contain the taxes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, Refusal
from services.intake.domain.details import DiscountPart, LineDetails, TaxPart
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money, share

# A line in one of these is not, or no more, the seller's to ship.
_GONE = {"REFUSED", "CANCELED", "CANCELLED", "REFUNDED"}
_SHIPPED = {"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line as it stands: units that were ordered, that are wanted in all, and that are left to ship."""

    node: Node
    ordered: int
    wanted: int
    left: int

    @property
    def line_id(self) -> str:
        """The channel's id of the line."""
        return self.node.first("order_line_id", "id").required().identifier(100)


def rows(order: Node) -> list[Row]:
    """Return the order's lines.

    Raises:
        Refusal: NO_LINES, or what is wrong with a line.
    """
    listed = order["order_lines"]
    nodes = list(listed.items())
    if not nodes:
        raise Refusal(NO_LINES, listed.path, "The order has no lines: there is nothing to ship.")
    if len(nodes) > MOST_LINES:
        raise Refusal(BAD_VALUE, listed.path, f"The order has {len(nodes)} lines: {MOST_LINES} is the most.")
    found: dict[str, Row] = {}
    for node in nodes:
        if not isinstance(node.value, dict):
            raise node.bad("an order line")
        row = _row(node)
        if row.line_id in found:
            raise node["order_line_id"].bad("an id that no other line of the order has")
        found[row.line_id] = row
    return list(found.values())


def line(row: Row, currency_code: str, *, inside: bool) -> DraftLine:
    """Return the line for what is left of the row; `inside` where its price contains the taxes."""
    node = row.node
    price = node["price_unit"].decimal()
    if price is not None and price < 0:
        raise node["price_unit"].bad("an amount of zero or more")
    full = None if price is None else amounts.extended(price, row.ordered, currency_code)
    paid = full if full is not None and node["price"].missing else node["price"].required().minor(currency_code)
    listed = paid if full is None else max(full, paid)
    if listed > amounts.LARGEST_LINE:
        raise node["price"].bad("a line of a possible size")
    unit, off = amounts.split(listed, paid, row.ordered)
    taxes = parts(node["taxes"], currency_code, row)
    return DraftLine(
        external_line_id=row.line_id,
        sku=_sku(node),
        title=node["product_title"].text(500),
        quantity=row.left,
        unit_price=Money(unit, currency_code),
        discount=Money(_left(row, off), currency_code),
        tax=Money(sum(tax.amount.minor for tax in taxes), currency_code),
        prices_include_tax=inside,
        details=LineDetails(
            taxes=taxes[:50],
            discounts=_promotions(node, currency_code),
            barcode=_barcode(node),
            channel_sku=node["product_sku"].text(100),
            properties=fields(node["order_line_additional_fields"])[:100],
        ),
    )


def parts(taxes: Node, currency_code: str, row: Row | None = None) -> tuple[TaxPart, ...]:
    """Return the taxes of a list, and of a line only what is left of them."""
    found = []
    for tax in taxes.items():
        amount = tax.first("amount", "total_amount").minor(currency_code)
        flags = [part["payable_to_shop"] for part in tax["amount_breakdown"]["parts"].items()]
        found.append(
            TaxPart(
                title=tax["code"].text(200),
                amount=Money(amount if row is None else _left(row, amount), currency_code),
                rate=_rate(tax["rate"]),
                collected_by_channel=bool(flags) and not any(flag.flag(default=True) for flag in flags),
            )
        )
    return tuple(found)


def fields(listed: Node) -> tuple[tuple[str, str], ...]:
    """Return additional fields as names and values; those of several values with commas."""
    found = []
    for entry in listed.items():
        value = entry["value"]
        texts = [item.text(500) for item in value.items()] if isinstance(value.value, list) else [value.text()]
        if isinstance(value.value, bool):
            texts = [str(value.value).lower()]
        if text := ", ".join(text for text in texts if text)[:2000]:
            found.append((entry["code"].text(200), text))
    return tuple(found)


def _row(node: Node) -> Row:
    ordered = node["quantity"].quantity(0)
    cancelled, refunded = _units(node["cancelations"].items()), _units(node["refunds"].items())
    state = node["order_line_state"].text(50).upper()
    # A refund of shipped units takes nothing away from what the customer wanted.
    wanted = 0 if state in _GONE else ordered - cancelled - (0 if state in _SHIPPED else refunded)
    left = 0 if state in _GONE | _SHIPPED else wanted
    return Row(node=node, ordered=ordered, wanted=max(wanted, 0), left=max(left, 0))


def _units(entries: Iterable[Node]) -> int:
    return sum(0 if entry["quantity"].missing else entry["quantity"].quantity(0) for entry in entries)


def _left(row: Row, amount: int) -> int:
    return share(amount, row.ordered - row.left, row.left, row.ordered)


def _sku(node: Node) -> str:
    """Return the seller's own SKU, else the marketplace's name for the product, which the catalogue can map."""
    if sku := node.first("offer_sku", "product_shop_sku").identifier(100):
        return sku
    if product := node["product_sku"].identifier(80):
        return f"product:{product}"
    path = node["offer_sku"].path
    raise Refusal(MISSING_FIELD, path, f"{path} is missing, and so is product_sku: nobody can tell what was bought.")


def _promotions(node: Node, currency_code: str) -> tuple[DiscountPart, ...]:
    found = []
    for promotion in node["promotions"].items():
        amount = promotion.first("deduced_amount", "amount").minor(currency_code)
        code = promotion["id"].text(200) or promotion["configuration"]["internal_id"].text(200)
        if amount:
            found.append(DiscountPart(amount=Money(amount, currency_code), code=code))
    return tuple(found[:50])


def _barcode(node: Node) -> str:
    for reference in node["product_references"].items():
        if reference.first("reference_type", "type").text(20).upper() in {"EAN", "GTIN", "UPC", "ISBN"}:
            return reference.first("reference", "value").text(50)
    return ""


def _rate(node: Node) -> str:
    number = node.decimal()
    if number is None or not Decimal(0) <= number <= 1000:
        return ""
    return format((number / 100).normalize(), "f")[:30]
