"""The parts that a WooCommerce order's amounts are made of: each tax, each coupon, and what the customer chose."""

from html import unescape

from services.chassis.plain_text import clean
from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.refusal import Refusal
from services.intake.channels.woocommerce_meta import meta_entries
from services.intake.domain.details import DiscountPart, TaxPart
from services.kernel.money import Money, allocate

_MOST, _RATE = 50, 30


def signed(node: Node, currency_code: str) -> int:
    """Return an amount in minor units, which may be less than nothing; 0 where it is missing."""
    number = node.decimal()
    return 0 if number is None else amounts.minor(number, currency_code)


def taxes_of(node: Node, order: Node, total: int, currency_code: str) -> tuple[TaxPart, ...]:
    """Return the taxes of a line or a shipping line, which add up to `total`: WooCommerce rounds only their sum."""
    rates = {rate["rate_id"].text(50): rate for rate in order["tax_lines"].items()}
    entries = [tax for tax in _list(node["taxes"]) if _weight(tax)][:_MOST]
    if not entries or not total:
        return ()
    shares = allocate(total, [_weight(tax) for tax in entries])
    return tuple(
        TaxPart(
            title=_title(rates.get(tax["id"].text(50), tax)),
            amount=Money(share, currency_code),
            rate=_percent(rates.get(tax["id"].text(50), tax)),
        )
        for tax, share in zip(entries, shares, strict=True)
    )


def shipping_taxes(order: Node, currency_code: str) -> tuple[TaxPart, ...]:
    """Return the taxes on shipping, as the order adds them up."""
    return tuple(
        TaxPart(title=_title(rate), amount=Money(amount, currency_code), rate=_percent(rate))
        for rate in order["tax_lines"].items()
        if (amount := signed(rate["shipping_tax_total"], currency_code)) > 0
    )[:_MOST]


def coupons_of(order: Node, currency_code: str) -> tuple[DiscountPart, ...]:
    """Return what each coupon takes off, which is inside the lines' amounts."""
    return tuple(
        DiscountPart(
            amount=Money(abs(signed(coupon.first("discount", "amount"), currency_code)), currency_code),
            code=unescape(coupon["code"].text(200)),
        )
        for coupon in list(order["coupon_lines"].items())[:_MOST]
    )


def line_discounts(off: int, coupons: tuple[DiscountPart, ...], currency_code: str) -> tuple[DiscountPart, ...]:
    """Return what is taken off a line; the coupon is known where the order has only one."""
    if off <= 0:
        return ()
    return (DiscountPart(amount=Money(off, currency_code), code=coupons[0].code if len(coupons) == 1 else ""),)


def properties_of(item: Node) -> tuple[tuple[str, str], ...]:
    """Return what the customer chose or wrote; keys that begin with an underscore are a plugin's own notes."""
    found = []
    for entry in meta_entries(item):
        if entry["key"].text(200).startswith("_"):
            continue
        name = clean(unescape(entry.first("display_key", "label", "key").text(200)), 200)
        value = clean(unescape(entry["display_value"].text() or entry["value"].text()), 2000)
        if name and value and not name.startswith("_"):
            found.append((name, value))
    return tuple(found[:100])


def _title(rate: Node) -> str:
    return unescape(rate.first("label", "title", "rate_code", "code").text(200))[:200]


def _percent(rate: Node) -> str:
    try:
        percent = rate["rate_percent"].decimal()
    except Refusal:
        # The amount is what counts.
        return ""
    text = "" if percent is None else format((percent / 100).normalize(), "f")
    return text if len(text) <= _RATE else ""


def _weight(tax: Node) -> int:
    number = tax["total"].decimal() if isinstance(tax.value, dict) else None
    return 0 if number is None or number <= 0 else int(number * 1_000_000)


def _list(node: Node) -> list[Node]:
    return list(node.items()) if isinstance(node.value, list) else []
