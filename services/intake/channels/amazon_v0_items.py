"""The items of an order of Amazon's Orders API v0."""

from services.intake.channels.amazon_items import Item, sku_of
from services.intake.channels.amazon_parts import items
from services.intake.channels.json_document import Node
from services.intake.channels.market_money import Purse
from services.intake.channels.market_orders import properties
from services.intake.domain.details import Charge, ChargeKind


def items_of(listing: Node, buyers: Node, purse: Purse) -> list[Item]:
    """Return the items; `buyers` is the answer of getOrderItemsBuyerInfo, missing where it was not asked for.

    Raises:
        Refusal: what is wrong with one, or with all of them.
    """
    wishes = {node["OrderItemId"].text(100): node for node in buyers["OrderItems"].items()}
    return [_item(node, wishes, purse) for node in items(listing)]


def _item(node: Node, wishes: dict[str, Node], purse: Purse) -> Item:
    line_id = node["OrderItemId"].required().identifier(100)
    ordered = node["QuantityOrdered"].quantity(0)
    shipped = 0 if node["QuantityShipped"].missing else node["QuantityShipped"].quantity(0)
    wish = wishes.get(line_id, node["BuyerInfo"])
    wish = wish if isinstance(wish.value, dict) else node
    asin = node["ASIN"].identifier(100)
    asked = node["BuyerRequestedCancel"]
    collection = node["TaxCollection"]["Model"].text(50).replace("_", "").lower()
    return Item(
        node=node,
        line_id=line_id,
        sku=sku_of(node["SellerSKU"], asin),
        asin=asin,
        title=node["Title"].text(500),
        ordered=ordered,
        left=max(ordered - shipped, 0),
        price=purse.minor(node["ItemPrice"]),
        discount=purse.off(node["PromotionDiscount"]),
        tax=purse.minor(node["ItemTax"]),
        discount_tax=purse.off(node["PromotionDiscountTax"]),
        shipping=purse.minor(node["ShippingPrice"]),
        shipping_discount=purse.off(node["ShippingDiscount"]),
        shipping_tax=purse.minor(node["ShippingTax"]),
        shipping_discount_tax=purse.off(node["ShippingDiscountTax"]),
        charges=_charges(node, wish, purse),
        collected=collection == "marketplacefacilitator",
        promotions=", ".join(p.text(100) for p in node["PromotionIds"].items()),
        properties=_properties(node, wish),
        cancel_reason=_reason(asked) if asked["IsBuyerRequestedCancel"].flag(default=False) else None,
    )


def _reason(asked: Node) -> str:
    return asked["BuyerCancelReason"].text(500) or "no reason given"


def _charges(node: Node, wish: Node, purse: Purse) -> tuple[Charge, ...]:
    wrap = wish if not wish["GiftWrapPrice"].missing else node
    fee = purse.minor(node["CODFee"]) - purse.off(node["CODFeeDiscount"])
    found = (
        Charge(
            kind=ChargeKind.SERVICE,
            title="Gift wrap",
            amount=purse.money(purse.minor(wrap["GiftWrapPrice"])),
            tax=purse.money(purse.minor(wrap["GiftWrapTax"])),
        ),
        Charge(kind=ChargeKind.FEE, title="COD fee", amount=purse.money(max(fee, 0))),
    )
    return tuple(charge for charge in found if charge.amount.minor or (charge.tax and charge.tax.minor))


def _properties(node: Node, wish: Node) -> tuple[tuple[str, str], ...]:
    return properties(
        ("gift message", wish["GiftMessageText"].text(2000)),
        ("gift wrap", wish["GiftWrapLevel"].text(200)),
        ("customization", wish["BuyerCustomizedInfo"]["CustomizedURL"].text(2000)),
        ("condition", node.first("ConditionSubtypeId", "ConditionId").text(50)),
        ("condition note", node["ConditionNote"].text(2000)),
        ("points granted", node["PointsGranted"]["PointsNumber"].text(20)),
        ("price designation", node["PriceDesignation"].text(100)),
        ("IOSS number", node["IossNumber"].text(100)),
        ("delivery from", node["ScheduledDeliveryStartDate"].text(40)),
        ("delivery until", node["ScheduledDeliveryEndDate"].text(40)),
        *(("serial number", number.text(200)) for number in node["SerialNumbers"].items()),
    )
