"""The lines of a Walmart order that are still to be shipped, and what its charges come to."""

from dataclasses import dataclass

from services.intake.channels.json_document import Node
from services.intake.channels.market_money import (
    LineMoney,
    Purse,
    currency,
    discount_parts,
    priced,
    summed,
    tax_parts,
    unpriced,
)
from services.intake.channels.market_orders import line_holds, properties
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_OPEN, Refusal
from services.intake.channels.walmart_charges import Costs, costs_of
from services.intake.domain.details import Charge, DiscountPart, LineDetails, TaxPart
from services.intake.domain.draft import DraftLine, HoldSpec, HoldType

_OPEN = {"CREATED", "ACKNOWLEDGED"}
_CANCELLED = {"CANCELLED", "CANCELED"}
_GONE = {"SHIPPED", "DELIVERED", "REFUND", "REFUNDED", "RETURNED"} | _CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Units of a line: all, those that are left to ship, and those that were cancelled."""

    ordered: int
    left: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of an order and its money in minor units."""

    lines: tuple[DraftLine, ...]
    shipping: int
    shipping_tax: int
    shipping_taxes: tuple[TaxPart, ...]
    discounts: tuple[DiscountPart, ...]
    charges: tuple[Charge, ...]
    total: int
    holds: tuple[HoldSpec, ...]


def listed(node: Node) -> list[Node]:
    """Return the elements of a list, and of what is written without one where there is only one."""
    if isinstance(node.value, dict):
        return [node]
    return list(node.items())


def within(node: Node, name: str) -> Node:
    """Return what a wrapper wraps; the node itself where Walmart left the wrapper out, as it does in Mexico."""
    if name in node:
        return node[name]
    return node


def lines_of(order: Node) -> list[Node]:
    """Return the lines of an order as they stand."""
    return listed(within(order["orderLines"], "orderLine"))


def order_currency(order: Node) -> str:
    """Return the currency of the order's total, else of its first charge or price.

    Raises:
        Refusal: MISSING_FIELD, BAD_VALUE.
    """
    nodes = [order["orderTotal"]["currency"]]
    for line in lines_of(order):
        nodes += [charge["chargeAmount"]["currency"] for charge in listed(within(line["charges"], "charge"))]
        nodes.append(line["item"]["unitPrice"]["currency"])
    return currency(next((node for node in nodes if not node.missing), nodes[-1]))


def order_lines(order: Node, currency_code: str) -> Lines:
    """Return the lines.

    Raises:
        Refusal: NO_LINES, NOT_OPEN (nothing is left to ship), or what is wrong with one.
    """
    nodes = lines_of(order)
    where = order["orderLines"]
    if not nodes:
        raise Refusal(NO_LINES, where.path, "The order has no lines: there is nothing to ship.")
    if len(nodes) > MOST_LINES:
        raise Refusal(BAD_VALUE, where.path, f"The order has {len(nodes)} lines: {MOST_LINES} is the most.")
    purse = Purse(currency_code=currency_code, currency="currency")
    counts = [counted(node) for node in nodes]
    costs = [
        costs_of(node, listed(within(node["charges"], "charge")), purse, count.ordered)
        for node, count in zip(nodes, counts, strict=True)
    ]
    by_id: dict[str, DraftLine] = {}
    refunded: dict[str, str] = {}
    unwanted: dict[str, str] = {}
    for node, count, cost in zip(nodes, counts, costs, strict=True):
        if not count.left:
            continue
        line = _line(node, count, cost, purse)
        if by_id.setdefault(line.external_line_id, line) != line:
            raise node["lineNumber"].bad("a number that no other line of the order has")
        if not node["refund"].missing or not node["refunds"].missing:
            refunded[line.external_line_id] = "Walmart refunded the line before it was shipped: check it"
        if node["intentToCancel"].text(10).lower() in {"true", "y", "yes", "1"}:
            unwanted[line.external_line_id] = "The customer asked Walmart to cancel the line"
    if not by_id:
        raise Refusal(NOT_OPEN, where.path, "Nothing of the order is left to ship: it was shipped or cancelled.")
    total = order["orderTotal"]
    tax = sum(cost.shipping_tax for cost in costs)
    return Lines(
        lines=tuple(by_id.values()),
        shipping=sum(cost.shipping for cost in costs),
        shipping_tax=tax,
        shipping_taxes=tax_parts([("Shipping tax", purse.money(tax))], collected=_is_collected(currency_code)),
        discounts=discount_parts(
            [DiscountPart(amount=purse.money(sum(cost.shipping_discount for cost in costs)), title="Shipping discount")]
        ),
        charges=summed(charge for cost in costs for charge in cost.charges),
        total=sum(cost.total for cost in costs) if total.missing else purse.minor(total),
        holds=(
            *line_holds("refunded", HoldType.OTHER, refunded),
            *line_holds("cancel-requested", HoldType.CUSTOMER_REQUEST, unwanted),
        ),
    )


def counted(line: Node) -> Count:
    """Return the units of a line by its statuses; all of them are to be shipped where it has none.

    Raises:
        Refusal: BAD_VALUE, MISSING_FIELD.
    """
    ordered = line["orderLineQuantity"]["amount"].quantity(0)
    statuses = line["orderLineStatuses"]["orderLineStatus"] if "orderLineStatuses" in line else line["orderLineStatus"]
    units = {"open": 0, "gone": 0, "cancelled": 0}
    for status in listed(statuses):
        word = status["status"].required().text(40).upper()
        if word not in _OPEN | _GONE:
            raise status["status"].bad("a status of Walmart's lines")
        amount = status["statusQuantity"]["amount"]
        number = ordered if amount.missing else amount.quantity(0)
        units["open" if word in _OPEN else "cancelled" if word in _CANCELLED else "gone"] += number
    said = sum(units.values())
    ordered = max(ordered, said) if said <= 1_000_000 else ordered
    if not said:
        return Count(ordered=ordered, left=ordered, cancelled=0)
    return Count(ordered=ordered, left=min(units["open"], ordered), cancelled=min(units["cancelled"], ordered))


def _line(node: Node, count: Count, cost: Costs, purse: Purse) -> DraftLine:
    item = node["item"]
    upc = item["upc"].text(50)
    own = properties(
        ("condition", item["condition"].text(100)),
        ("weight", " ".join(p for n in ("value", "unit") if (p := item["weight"][n].text(40)))),
        ("sub-line", node["soPrimeLineSubLineNo"].text(100)),
        ("seller", node["seller"]["id"].text(100)),
        ("personalisation", node["personalizationDetails"].text(2000)),
    )
    details = LineDetails(
        taxes=tax_parts(cost.taxes, collected=_is_collected(purse.currency_code)),
        discounts=discount_parts([DiscountPart(amount=purse.money(cost.discount), title="Discount")]),
        barcode=upc,
        channel_sku=item["offerId"].text(100),
        properties=own,
    )
    line = unpriced(
        purse.currency_code,
        node.first("lineNumber", "primeLineNumber").required().identifier(100),
        sku=_sku(item),
        title=item["productName"].text(500),
        left=count.left,
        details=details,
    )
    money = LineMoney(listed=cost.product, discount=cost.discount, tax=cost.tax, inside=cost.inside)
    return priced(line, money, ordered=count.ordered, node=node)


def _sku(item: Node) -> str:
    if sku := item["sku"].identifier(100):
        return sku
    if (upc := item["upc"].identifier(90)) != "":
        return f"upc:{upc}"
    message = f"{item['sku'].path} is missing, and so is the UPC: nobody can tell what was bought."
    raise Refusal(MISSING_FIELD, item["sku"].path, message)


def _is_collected(currency_code: str) -> bool:
    """Tell whether Walmart takes the tax and pays it to the state, as it must in the United States and Canada."""
    return currency_code in {"USD", "CAD"}
