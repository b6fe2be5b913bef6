"""What the charges of a line of a Walmart order come to: the goods, their shipping, and what is beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.market_money import Purse
from services.intake.domain.details import Charge, ChargeKind
from services.kernel.money import Money

_SHIPPING, _PRODUCT, _DISCOUNT = "SHIPPING", "PRODUCT", "DISCOUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """A line's money in minor units, for all its units."""

    product: int
    discount: int
    tax: int
    # The tax is in the price.
    inside: bool
    taxes: tuple[tuple[str, Money], ...]
    shipping: int
    shipping_tax: int
    shipping_discount: int
    charges: tuple[Charge, ...]

    @property
    def total(self) -> int:
        """What the customer pays for the line with all that is beside it."""
        beside = sum(c.amount.minor + (c.tax.minor if c.tax else 0) for c in self.charges)
        return (
            self.product - self.discount + (0 if self.inside else self.tax) + self.shipping + self.shipping_tax + beside
        )


def costs_of(line: Node, charges: Sequence[Node], purse: Purse, quantity: int) -> Costs:
    """Return what the charges of a line come to.

    The discount on shipping takes from the charge first and from its tax then, so that what is left of the two is what
    the customer pays.

    Raises:
        Refusal: BAD_VALUE.
    """
    found = {_PRODUCT: 0, _SHIPPING: 0, _DISCOUNT: 0}
    tax = dict.fromkeys((_PRODUCT, _SHIPPING, _DISCOUNT), 0)
    off_shipping = 0
    taxes: list[tuple[str, Money]] = []
    others: list[Charge] = []
    for charge in charges:
        kind = charge["chargeType"].text(40).upper()
        parts = [(t["taxName"].text(100) or "Tax", purse.minor(t["taxAmount"])) for t in _listed(charge["tax"])]
        sum_of_tax = sum(amount for _, amount in parts)
        amount = purse.signed(charge["chargeAmount"])
        if kind == _DISCOUNT or (amount < 0 and kind in {_PRODUCT, _SHIPPING}):
            on_shipping = kind == _SHIPPING or "SHIP" in charge["chargeName"].text(60).upper()
            off_shipping += abs(amount) if on_shipping else 0
            found[_DISCOUNT] += 0 if on_shipping else abs(amount)
        elif kind in {_PRODUCT, _SHIPPING}:
            found[kind] += amount
            tax[kind] += sum_of_tax
            taxes += [(title, purse.money(part)) for title, part in parts] if kind == _PRODUCT else []
        else:
            others.append(_beside(charge, kind, purse.minor(charge["chargeAmount"]), sum_of_tax, purse))
    unit = line["item"]["unitPrice"]
    inside = not unit.missing
    if inside:
        purse.minor(unit)
        price = unit["amount"].decimal() or Decimal(0)
        found[_PRODUCT] = amounts.extended(price, quantity, purse.currency_code)
    gross = found[_SHIPPING] + tax[_SHIPPING]
    shipping = max(found[_SHIPPING] - off_shipping, 0)
    return Costs(
        product=found[_PRODUCT],
        discount=found[_DISCOUNT],
        tax=tax[_PRODUCT],
        inside=inside,
        taxes=tuple(taxes),
        shipping=shipping,
        shipping_tax=max(min(tax[_SHIPPING], gross - off_shipping), 0),
        shipping_discount=min(off_shipping, gross),
        charges=tuple(others),
    )


def _beside(charge: Node, kind: str, amount: int, tax: int, purse: Purse) -> Charge:
    title = charge["chargeName"].text(200) or kind.lower() or "charge"
    of = ChargeKind.TIP if "TIP" in {kind, title.upper()} else ChargeKind.FEE
    return Charge(kind=of, title=title, amount=purse.money(amount), tax=purse.money(tax))


def _listed(node: Node) -> list[Node]:
    return [node] if isinstance(node.value, dict) else list(node.items())
