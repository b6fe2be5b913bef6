"""The lines of an eBay order that are still to be shipped, and the money beside them."""

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
from services.intake.channels.market_orders import line_holds, properties
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_OPEN, Refusal
from services.intake.domain.details import Charge, ChargeKind, DiscountPart, LineDetails
from services.intake.domain.draft import DraftLine, HoldSpec, HoldType
from services.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of an order, its shipping, and what else is in its total."""

    lines: tuple[DraftLine, ...]
    shipping: Money
    shipping_discounts: tuple[DiscountPart, ...]
    charges: tuple[Charge, ...]
    holds: tuple[HoldSpec, ...]
    guaranteed: bool


def order_lines(order: Node, purse: Purse) -> Lines:
    """Return the lines.

    Raises:
        Refusal: NO_LINES, NOT_OPEN (nothing is left to ship), or what is wrong with one.
    """
    items = list(order["lineItems"].items())
    if not items:
        raise Refusal(NO_LINES, order["lineItems"].path, "The order has no line items: there is nothing to ship.")
    if len(items) > MOST_LINES:
        message = f"The order has {len(items)} lines: {MOST_LINES} is the most."
        raise Refusal(BAD_VALUE, order["lineItems"].path, message)
    by_id: dict[str, DraftLine] = {}
    begun: dict[str, str] = {}
    told = 0
    for item in items:
        line, discount = _line(item, purse)
        told += discount
        status = item["lineItemFulfillmentStatus"].text(40).upper()
        if status == "FULFILLED":
            continue
        if status == "IN_PROGRESS":
            begun[line.external_line_id] = "Some units of the line were shipped in eBay, which does not say how many"
        if by_id.setdefault(line.external_line_id, line) != line:
            raise item["lineItemId"].bad("an id that no other line of the order has")
    if not by_id:
        raise Refusal(NOT_OPEN, order["lineItems"].path, "Every line of the order is fulfilled in eBay.")
    summary = order["pricingSummary"]
    off = purse.off(summary["deliveryDiscount"])
    shipping = max(_delivery(summary, items, purse) - off, 0)
    return Lines(
        lines=tuple(by_id.values()),
        shipping=purse.money(shipping),
        shipping_discounts=discount_parts([DiscountPart(amount=purse.money(off), title="Delivery discount")]),
        charges=_charges(summary, told, purse),
        holds=line_holds("partly-shipped", HoldType.OTHER, begun),
        guaranteed=any(i["lineItemFulfillmentInstructions"]["guaranteedDelivery"].flag(default=False) for i in items),
    )


def _line(item: Node, purse: Purse) -> tuple[DraftLine, int]:
    """Return a line, and the discount that it tells."""
    quantity = item["quantity"].quantity(1)
    cost = purse.minor(item["lineItemCost"].required())
    promotions = [
        DiscountPart(
            amount=purse.money(purse.off(p["discountAmount"])),
            code=p["promotionId"].text(200),
            title=p["description"].text(500),
        )
        for p in item["appliedPromotions"].items()
    ]
    net = item["discountedLineItemCost"]
    given = sum(part.amount.minor for part in promotions) if net.missing else max(cost - purse.minor(net), 0)
    if not promotions and given:
        promotions = [DiscountPart(amount=purse.money(given), title="Discount")]
    collected = [
        (_title(tax), purse.money(purse.off(tax["amount"]))) for tax in item["ebayCollectAndRemitTaxes"].items()
    ]
    taxes = [(_title(tax), purse.money(purse.minor(tax["amount"]))) for tax in item["taxes"].items()]
    remitted = sum(money.minor for _, money in collected)
    # eBay repeats what it collects among the taxes: only what is above it is the seller's.
    own = max(sum(money.minor for _, money in taxes) - remitted, 0)
    parts = tax_parts(collected, collected=True) + (tax_parts(taxes, collected=False) if own else ())
    legacy = item["legacyItemId"].identifier(100)
    details = LineDetails(
        taxes=parts[:50],
        discounts=discount_parts(promotions),
        channel_sku=legacy,
        properties=_properties(item),
    )
    line = unpriced(
        purse.currency_code,
        item["lineItemId"].required().identifier(100),
        sku=_sku(item, legacy),
        title=item["title"].text(500),
        left=quantity,
        details=details,
    )
    return priced(line, LineMoney(listed=cost, discount=given, tax=own), ordered=quantity, node=item), given


def _sku(item: Node, legacy: str) -> str:
    """Return the seller's SKU, else a name for the listing and its variation, which the catalogue can map."""
    if sku := item["sku"].identifier(100):
        return sku
    if not legacy:
        message = f"{item['sku'].path} is missing, and so is legacyItemId: nobody can tell what was bought."
        raise Refusal(MISSING_FIELD, item["sku"].path, message)
    variation = item["legacyVariationId"].identifier(100)
    name = f"item:{legacy}/{variation}" if variation not in {"", "0"} else f"item:{legacy}"
    if len(name) > 100:
        raise item["legacyItemId"].bad("an id of eBay's, which is short")
    return name


def _title(tax: Node) -> str:
    return tax["taxType"].text(200).replace("_", " ").lower() or "tax"


def _delivery(summary: Node, items: list[Node], purse: Purse) -> int:
    """Return what delivery costs, import charges included; the lines tell it where the order does not."""
    if not summary["deliveryCost"].missing:
        return purse.minor(summary["deliveryCost"])
    return sum(purse.minor(item["deliveryCost"][name]) for item in items for name in ("shippingCost", "importCharges"))


def _charges(summary: Node, told: int, purse: Purse) -> tuple[Charge, ...]:
    given = purse.off(summary.first("priceDiscount", "priceDiscountSubtotal"))
    adjustment = purse.signed(summary["adjustment"])
    return summed(
        [
            Charge(kind=ChargeKind.DISCOUNT, title="Discount", amount=purse.money(max(given - told, 0))),
            Charge(kind=ChargeKind.FEE, title="Fee", amount=purse.money(purse.minor(summary["fee"]))),
            Charge(kind=ChargeKind.FEE, title="Adjustment", amount=purse.money(max(adjustment, 0))),
            Charge(kind=ChargeKind.DISCOUNT, title="Adjustment", amount=purse.money(max(-adjustment, 0))),
        ]
    )


def _properties(item: Node) -> tuple[tuple[str, str], ...]:
    gift = item["giftDetails"]
    return properties(
        ("gift message", gift["message"].text(2000)),
        ("gift sender", gift["senderName"].text(200)),
        ("gift recipient", gift["recipientEmail"].text(320)),
        *((f"variation {v['name'].text(150)}", v["value"].text(2000)) for v in item["variationAspects"].items()),
        *(
            (f"note {p['propertyName'].text(150)}".strip(), p["propertyValue"].text(2000))
            for p in _list(item["customizationDetails"])
        ),
    )


def _list(node: Node) -> list[Node]:
    return list(node.items()) if isinstance(node.value, list) else []
