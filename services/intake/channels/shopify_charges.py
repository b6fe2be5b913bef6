"""What is paid with a Shopify order and nobody ships: gift cards, downloads, services, tips, fees, duties."""

import re

from services.intake.channels.json_document import Node
from services.intake.domain.details import Charge, ChargeKind
from services.intake.domain.draft import DraftLine
from services.kernel.money import Money

MOST_CHARGES = 500
_TIP = re.compile(r"tips?|gratuity|trinkgeld|pourboire|propina", re.IGNORECASE)
_SERVICE = re.compile(
    r"warranty|guarantee|insurance|protection|service|install|assembl|repair|engrav|wrapping|care plan|subscription"
    r"|appointment|booking|ticket|rental|fitting",
    re.IGNORECASE,
)


def charge_of(item: Node, line: DraftLine) -> Charge:
    """Return the line as a charge: its amount without tax, and its tax."""
    code = line.unit_price.currency_code
    return Charge(
        kind=_kind(item, line),
        title=line.title,
        amount=Money(line.total.minor - line.tax.minor, code),
        tax=line.tax if line.tax.minor else None,
        sku=line.sku,
        quantity=line.quantity,
    )


def other_charges(order: Node, currency_code: str, charges: tuple[Charge, ...]) -> tuple[Charge, ...]:
    """Return the tip, the duties and the fees that the order tells beside its lines."""
    found = []
    tip = order["total_tip_received"].minor(currency_code)
    if tip and not any(charge.kind is ChargeKind.TIP for charge in charges):
        found.append(Charge(kind=ChargeKind.TIP, title="Tip", amount=Money(tip, currency_code)))
    duties = order["original_total_duties"]
    if duties.missing:
        duties = order["original_total_duties_set"]["shop_money"]["amount"]
    if owed := duties.minor(currency_code):
        found.append(Charge(kind=ChargeKind.FEE, title="Duties", amount=Money(owed, currency_code)))
    for fee in order["additional_fees"].items():
        price = fee["price"]
        if price.missing:
            price = fee["price_set"]["shop_money"]["amount"]
        tax = sum(part["price"].minor(currency_code) for part in fee["tax_lines"].items())
        found.append(
            Charge(
                kind=ChargeKind.FEE,
                title=fee.first("name", "title").text(500),
                amount=Money(price.minor(currency_code), currency_code),
                tax=Money(tax, currency_code) if tax else None,
            )
        )
    return tuple(found)


def _kind(item: Node, line: DraftLine) -> ChargeKind:
    if item["gift_card"].flag(default=False):
        return ChargeKind.GIFT_CARD
    unnamed = item["sku"].missing and item["variant_id"].missing
    if not item["tip"].missing or (unnamed and _TIP.fullmatch(line.title)):
        return ChargeKind.TIP
    return ChargeKind.SERVICE if _SERVICE.search(line.title) else ChargeKind.DIGITAL
