"""The money of an Amazon order, whichever of its APIs told it: items in, lines and what is beside them out."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.channels.json_document import Node
from services.intake.channels.market_money import (
    LineMoney,
    Purse,
    discount_parts,
    priced,
    summed,
    tax_parts,
    unpriced,
)
from services.intake.channels.market_orders import line_holds
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_OPEN, Refusal
from services.intake.domain.details import Charge, DiscountPart, LineDetails, TaxPart
from services.intake.domain.draft import DraftLine, HoldSpec, HoldType
from services.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item as Amazon tells it; amounts are in minor units and for all its units."""

    node: Node
    line_id: str
    sku: str
    asin: str
    title: str
    ordered: int
    left: int
    price: int
    discount: int = 0
    tax: int = 0
    # Tax that the discount saves; whether it is already out of `tax` is for `reckon` to find out.
    discount_tax: int = 0
    shipping: int = 0
    shipping_discount: int = 0
    shipping_tax: int = 0
    shipping_discount_tax: int = 0
    charges: tuple[Charge, ...] = ()
    # Amazon takes the tax and pays it to the state.
    collected: bool = False
    promotions: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    # Why the buyer wants it no more; None where that was not said.
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """The money of the order."""

    lines: tuple[DraftLine, ...]
    shipping: Money
    shipping_tax: Money
    shipping_taxes: tuple[TaxPart, ...]
    discounts: tuple[DiscountPart, ...]
    charges: tuple[Charge, ...]
    total: Money
    holds: tuple[HoldSpec, ...]


def sku_of(sku: Node, asin: str) -> str:
    """Return the seller's SKU, else a name for the ASIN, which the catalogue can map.

    Raises:
        Refusal: MISSING_FIELD, where there is neither.
    """
    if found := sku.identifier(100):
        return found
    if asin and len(asin) <= 90:
        return f"asin:{asin}"
    message = f"{sku.path} is missing, and so is the ASIN: nobody can tell what was bought."
    raise Refusal(MISSING_FIELD, sku.path, message)


def reckon(items: Sequence[Item], listing: Node, purse: Purse, stated: int | None, *, inside: bool) -> Reckoned:
    """Return the money of these items.

    Amazon does not say whether prices are with their tax, nor whether the tax of a promotion is out of the item's tax
    already: the reading that adds up to the stated total is right; where none does, what is usual in the market.

    Raises:
        Refusal: NO_LINES, NOT_OPEN (nothing is left to ship), BAD_VALUE.
    """
    if not items:
        raise Refusal(NO_LINES, listing.path, "The order has no items: there is nothing to ship.")
    if len(items) > MOST_LINES:
        raise Refusal(BAD_VALUE, listing.path, f"The order has {len(items)} lines: {MOST_LINES} is the most.")
    readings = [(first, net) for first in (inside, not inside) for net in (True, False)]
    inside, net = next((r for r in readings if _total(items, inside=r[0], net=r[1]) == stated), readings[0])
    lines = _lines([item for item in items if item.left], purse, inside=inside, net=net)
    if not lines:
        raise Refusal(NOT_OPEN, listing.path, "Nothing of the order is left to ship: it was shipped or cancelled.")
    off = sum(item.shipping_discount for item in items)
    tax = sum(_shipping_tax(item, net=net) for item in items)
    charged = max(sum(item.shipping for item in items) - off - (tax if inside else 0), 0)
    collected = all(item.collected for item in items)
    asked = {i.line_id: f"The buyer asked to cancel: {i.cancel_reason}" for i in items if _is_asked(i)}
    computed = max(_total(items, inside=inside, net=net), 0)
    return Reckoned(
        lines=lines,
        shipping=purse.money(charged),
        shipping_tax=purse.money(tax),
        shipping_taxes=tax_parts([("Shipping tax", purse.money(tax))], collected=collected),
        discounts=discount_parts([DiscountPart(amount=purse.money(off), title="Shipping discount")]),
        charges=summed(charge for item in items for charge in item.charges),
        total=purse.money(computed if stated is None else stated),
        holds=line_holds("cancel-requested", HoldType.CUSTOMER_REQUEST, asked),
    )


def _is_asked(item: Item) -> bool:
    return bool(item.left) and item.cancel_reason is not None


def _lines(items: Sequence[Item], purse: Purse, *, inside: bool, net: bool) -> tuple[DraftLine, ...]:
    by_id: dict[str, DraftLine] = {}
    for item in items:
        tax = _tax(item, net=net)
        off = DiscountPart(amount=purse.money(item.discount), code=item.promotions[:200], title="Promotion")
        details = LineDetails(
            taxes=tax_parts([("Tax", purse.money(tax))], collected=item.collected),
            discounts=discount_parts([off]),
            channel_sku=item.asin if len(item.asin) <= 100 else "",
            properties=item.properties,
        )
        line = unpriced(
            purse.currency_code, item.line_id, sku=item.sku, title=item.title, left=item.left, details=details
        )
        cost = LineMoney(listed=item.price, discount=item.discount, tax=tax, inside=inside)
        found = priced(line, cost, ordered=item.ordered, node=item.node)
        if by_id.setdefault(item.line_id, found) != found:
            raise Refusal(BAD_VALUE, item.node.path, f"{item.node.path} has the id of another line of the order.")
    return tuple(by_id.values())


def _total(items: Sequence[Item], *, inside: bool, net: bool) -> int:
    sums = 0
    for item in items:
        sums += item.price - item.discount + item.shipping - item.shipping_discount
        sums += sum(charge.amount.minor for charge in item.charges)
        if not inside:
            sums += _tax(item, net=net) + _shipping_tax(item, net=net)
            sums += sum(charge.tax.minor for charge in item.charges if charge.tax)
    return sums


def _tax(item: Item, *, net: bool) -> int:
    return max(item.tax - (item.discount_tax if net else 0), 0)


def _shipping_tax(item: Item, *, net: bool) -> int:
    return max(item.shipping_tax - (item.shipping_discount_tax if net else 0), 0)
