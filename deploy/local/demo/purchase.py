"""What somebody buys, before a channel writes it down."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from deploy.local.demo.people import Buyer


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is ordered; money in major units, for the whole line except `price`."""

    sku: str
    quantity: int
    price: Decimal
    discount: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One order."""

    number: int
    time: datetime
    buyer: Buyer
    lines: tuple[Line, ...]
    method: str
    shipping: Decimal
    shipping_tax: Decimal
    payment: str

    @property
    def total(self) -> Decimal:
        """What the buyer pays."""
        goods = sum((line.price * line.quantity - line.discount for line in self.lines), self.shipping)
        if self.buyer.town.tax_inside:
            return goods
        return goods + sum((line.tax for line in self.lines), self.shipping_tax)
