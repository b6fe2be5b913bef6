"""What is in the total of a WooCommerce order and that nobody ships: fees, downloads, services, gift cards, bundles."""

import re
from html import unescape

from services.intake.channels.json_document import Node
from services.intake.channels.woocommerce_meta import meta_entries
from services.intake.channels.woocommerce_parts import signed
from services.intake.domain.details import Charge, ChargeKind
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money

_TIP = re.compile(r"\btips?\b|gratuity", re.IGNORECASE)
_GIFT_CARD = re.compile(r"^_?(wc_gc_|pw_gift_card|ywgc_|gift_card_)", re.IGNORECASE)
_GIFT_TITLE = re.compile(r"gift ?(card|certificate|voucher)|geschenkgutschein|carte[ -]cadeau", re.IGNORECASE)


def is_unshipped(item: Node) -> bool:
    """Tell whether the line is no thing: WooCommerce calls it virtual, or a plugin makes it a gift card."""
    return _flag(item, "virtual") or _is_gift_card(item)


def line_charge(item: Node, line: DraftLine) -> Charge:
    """Return the line as a charge."""
    kind = ChargeKind.DIGITAL if _flag(item, "downloadable") else ChargeKind.SERVICE
    if _is_gift_card(item) or (_GIFT_TITLE.search(line.title) and _flag(item, "virtual")):
        kind = ChargeKind.GIFT_CARD
    return _charge(kind, line)


def bundle_charge(line: DraftLine) -> Charge:
    """Return the price of a bundle's own row, which is paid beside what is in it."""
    return _charge(ChargeKind.FEE, line)


def fee_charges(order: Node, currency_code: str) -> tuple[Charge, ...]:
    """Return the fees; one of less than nothing is a discount on all."""
    found = []
    for fee in order["fee_lines"].items():
        amount, tax = signed(fee["total"], currency_code), signed(fee["total_tax"], currency_code)
        title = unescape(fee.first("name", "title").text(500))[:500]
        kind = ChargeKind.TIP if _TIP.search(title) else ChargeKind.FEE
        kind = ChargeKind.DISCOUNT if amount < 0 else kind
        tax_part = Money(abs(tax), currency_code) if tax else None
        if amount or tax:
            found.append(Charge(kind=kind, title=title, amount=Money(abs(amount), currency_code), tax=tax_part))
    return tuple(found)


def _charge(kind: ChargeKind, line: DraftLine) -> Charge:
    code = line.unit_price.currency_code
    return Charge(
        kind=kind,
        title=line.title,
        amount=Money(line.total.minor - line.tax.minor, code),
        tax=line.tax if line.tax.minor else None,
        sku=line.sku,
        quantity=line.quantity,
    )


def _is_gift_card(item: Node) -> bool:
    return any(_GIFT_CARD.match(entry["key"].text(200)) for entry in meta_entries(item))


def _flag(item: Node, name: str) -> bool:
    return item[name].flag(default=False) or item["product_data"][name].flag(default=False)
