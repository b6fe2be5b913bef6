"""What a row of a Magento order costs, in the order's currency, to the last minor unit.

A row without tax costs what it lists less its discount; `discount_tax_compensation_amount` is the tax inside a discount
on prices with tax. Whether `row_total` is before or after the discount differs between shops: what lies nearer to price
x quantity is taken for the list price.
"""

from dataclasses import dataclass
from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Minor units for the whole row: listed and discount without tax, and the tax."""

    listed: int
    discount: int
    tax: int

    @property
    def paid(self) -> int:
        """What is paid for it without tax."""
        return self.listed - self.discount


def cost(item: Node, ordered: int, currency_code: str) -> Cost:
    """Return what the row costs.

    Raises:
        Refusal: BAD_VALUE, where an amount is none or the discount is more than the row costs.
    """
    compensation = (item["discount_tax_compensation_amount"].decimal() or Decimal(0)).copy_abs()
    reduction = (item["discount_amount"].decimal() or Decimal(0)).copy_abs()
    listed = amounts.minor(_listed(item, ordered, reduction), currency_code)
    if listed > amounts.LARGEST_LINE:
        raise item["price"].bad("a price that makes a line of a possible size")
    discount = max(amounts.minor(reduction, currency_code) - amounts.minor(compensation, currency_code), 0)
    # A minor unit per piece is rounding; more is not.
    if discount > listed + ordered:
        raise item["discount_amount"].bad("no more than the line costs")
    tax = item["tax_amount"].minor(currency_code) + item["weee_tax_applied_row_amount"].minor(currency_code)
    return Cost(listed=listed, discount=min(discount, listed), tax=tax)


def _listed(item: Node, ordered: int, reduction: Decimal) -> Decimal:
    price = item.first("price", "original_price").decimal()
    total = item["row_total"].decimal()
    for node, value in ((item["price"], price), (item["row_total"], total)):
        if value is not None and value < 0:
            raise node.bad("an amount of zero or more")
    if price is None and total is None:
        raise item["price"].required().bad("an amount")
    if price is None or total is None:
        return (price or Decimal(0)) * ordered if total is None else total
    return min((total, total + reduction), key=lambda listed: abs(listed - price * ordered))
