"""The lines of a Magento order, and what is paid for beside them: downloads, gift cards, wrapping."""

from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.magento_items import Row
from services.intake.channels.refusal import MISSING_FIELD, Refusal
from services.intake.domain.details import Charge, ChargeKind, DiscountPart, LineDetails, TaxPart
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money, share

_DIGITAL = {"virtual", "downloadable"}
# Of `extension_attributes`: the amount, the tax on it, and what it is for.
_WRAPPING = (
    ("gw_price", "gw_tax_amount", "Gift wrapping"),
    ("gw_items_price", "gw_items_tax_amount", "Gift wrapping of items"),
    ("gw_card_price", "gw_card_tax_amount", "Printed card"),
)


def is_stock(row: Row) -> bool:
    """Tell whether somebody has to ship it."""
    kind = row.item["product_type"].text(50).lower()
    if kind == "giftcard":
        # A card of plastic has a weight; one that is sent by e-mail has none.
        weighs = (row.item["weight"].decimal() or Decimal(0)) > 0
        return weighs and not row.item["is_virtual"].flag(default=True)
    return kind not in _DIGITAL and not row.item["is_virtual"].flag(default=False)


def applied_taxes(order: Node) -> dict[str, list[Node]]:
    """Return the taxes that the order names for each item, by the item's id."""
    found: dict[str, list[Node]] = {}
    for entry in order["extension_attributes"]["item_applied_taxes"].items():
        found.setdefault(entry["item_id"].identifier(100), []).extend(entry["applied_taxes"].items())
    return found


def line(row: Row, currency_code: str, order: Node, taxes: dict[str, list[Node]]) -> DraftLine:
    """Return the line for what is left to ship of the row."""
    unit, off = amounts.split(row.cost.listed, row.cost.paid, row.ordered)
    discount, tax = _left(row, off), _left(row, row.cost.tax)
    title = row.priced["name"].text(500) or row.item["name"].text(500)
    parts: tuple[DiscountPart, ...] = ()
    if discount:
        codes = order["coupon_code"].text(200)
        parts = (DiscountPart(amount=Money(discount, currency_code), code=codes, title=_rule(order)),)
    return DraftLine(
        external_line_id=row.line_id,
        sku=_sku(row),
        title=row.item["name"].text(500) if row.bundle else title,
        quantity=row.left,
        unit_price=Money(unit, currency_code),
        discount=Money(discount, currency_code),
        tax=Money(tax, currency_code),
        details=LineDetails(
            taxes=_taxes(row, currency_code, taxes.get(row.line_id, []), tax),
            discounts=parts,
            bundle=row.bundle,
            properties=_properties(row),
        ),
    )


def charges(rows: list[Row], currency_code: str, order: Node) -> tuple[Charge, ...]:
    """Return what is paid for and never shipped."""
    found = []
    for row in rows:
        if not is_stock(row) and row.wanted:
            gone = row.ordered - row.wanted
            gift = row.item["product_type"].text(50).lower() == "giftcard"
            found.append(
                Charge(
                    kind=ChargeKind.GIFT_CARD if gift else ChargeKind.DIGITAL,
                    title=row.item["name"].text(500),
                    amount=Money(share(row.cost.paid, gone, row.wanted, row.ordered), currency_code),
                    tax=Money(share(row.cost.tax, gone, row.wanted, row.ordered), currency_code),
                    sku=row.item["sku"].identifier(100),
                    quantity=row.wanted,
                )
            )
    extra = order["extension_attributes"]
    for price, tax, title in _WRAPPING:
        if amount := extra[price].minor(currency_code):
            money, taxed = Money(amount, currency_code), Money(extra[tax].minor(currency_code), currency_code)
            found.append(Charge(kind=ChargeKind.SERVICE, title=title, amount=money, tax=taxed))
    if len(found) > 500:
        raise order["items"].bad("a list with at most 500 things that nobody ships")
    return tuple(found)


def rate(percent: Node) -> str:
    """Return a rate in percent as the fraction that details keep; empty where nobody said."""
    number = percent.decimal()
    if number is None or not 0 <= number <= 1000:
        return ""
    return format((number / 100).normalize(), "f")[:30]


def _left(row: Row, amount: int) -> int:
    return share(amount, row.ordered - row.left, row.left, row.ordered)


def _rule(order: Node) -> str:
    return order.first("discount_description", "coupon_rule_name").text(500)


def _taxes(row: Row, currency_code: str, named: list[Node], tax: int) -> tuple[TaxPart, ...]:
    if not named:
        whole = TaxPart(title="Tax", amount=Money(tax, currency_code), rate=rate(row.priced["tax_percent"]))
        return (whole,) if tax else ()
    return tuple(
        TaxPart(
            title=applied.first("title", "code").text(200),
            amount=Money(_left(row, applied["amount"].minor(currency_code)), currency_code),
            rate=rate(applied["percent"]),
        )
        for applied in named[:50]
    )


def _properties(row: Row) -> tuple[tuple[str, str], ...]:
    found = [
        (option.first("label", "title", "option_id").text(200), option.first("value", "option_value").text(2000))
        for node in (row.priced, row.item)
        for option in node["product_option"]["extension_attributes"]["custom_options"].items()
    ]
    message = row.priced["extension_attributes"]["gift_message"]["message"].text(2000)
    return tuple(dict.fromkeys([*found, *([("Gift message", message)] if message else [])]))[:100]


def _sku(row: Row) -> str:
    """Return the SKU of the simple product, else a name for the product, which the catalogue can map."""
    if sku := row.item["sku"].identifier(100) or row.priced["sku"].identifier(100):
        return sku
    if number := row.item["product_id"].identifier(80):
        return f"product:{number}"
    path = row.item["sku"].path
    raise Refusal(MISSING_FIELD, path, f"{path} is missing, and so is product_id: nobody can tell what was bought.")
