"""The items of an order of Amazon's Orders API 2026-01-01."""

from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.amazon_items import Item, sku_of
from services.intake.channels.json_document import Node
from services.intake.channels.market_money import Purse
from services.intake.channels.market_orders import properties
from services.intake.domain.details import Charge, ChargeKind

_CHARGES = {
    "GIFT_WRAP": (ChargeKind.SERVICE, "Gift wrap"),
    "COD_FEE": (ChargeKind.FEE, "COD fee"),
    "OTHER": (ChargeKind.FEE, "Other"),
}
_WHOLE = ""


def items_of(listing: Node, purse: Purse) -> list[Item]:
    """Return the items.

    Raises:
        Refusal: what is wrong with one.
    """
    return [_item(node, purse) for node in listing.items()]


def _item(node: Node, purse: Purse) -> Item:
    product = node["product"]
    asin = product["asin"].identifier(100)
    ordered = node["quantityOrdered"].quantity(0)
    parts = {p["type"].text(40).upper(): p for p in node["proceeds"]["breakdowns"].items()}
    taxes = _split(parts.get("TAX"), purse)
    discounts = _split(parts.get("DISCOUNT"), purse)
    request, execution = (
        node["cancellation"]["cancellationRequest"],
        node["cancellation"]["cancellationExecution"],
    )
    listed = purse.minor(parts["ITEM"]["subtotal"]) if "ITEM" in parts else _extended(product, ordered, purse)
    collections = [c["model"].text(50).upper() for c in node["tax"]["taxCollections"].items()]
    return Item(
        node=node,
        line_id=node["orderItemId"].required().identifier(100),
        sku=sku_of(product["sellerSku"], asin),
        asin=asin,
        title=product["title"].text(500),
        ordered=ordered,
        left=0 if not execution.missing else _left(node, ordered),
        price=listed,
        discount=abs(discounts.get("ITEM", 0) + discounts.get(_WHOLE, 0)),
        tax=max(taxes.get("ITEM", 0) + taxes.get("DISCOUNT", 0) + taxes.get(_WHOLE, 0), 0),
        shipping=purse.minor(parts["SHIPPING"]["subtotal"]) if "SHIPPING" in parts else 0,
        shipping_discount=abs(discounts.get("SHIPPING", 0)),
        shipping_tax=max(taxes.get("SHIPPING", 0), 0),
        charges=_charges(parts, taxes, discounts, purse),
        collected="MARKETPLACE_FACILITATOR" in collections,
        promotions=", ".join(p["promotionId"].text(100) for p in node["promotion"]["breakdowns"].items()),
        properties=_properties(node, product),
        cancel_reason=None if request.missing else request["cancelReason"].text(500) or "no reason given",
    )


def _left(node: Node, ordered: int) -> int:
    unfulfilled, fulfilled = (node["fulfillment"][name] for name in ("quantityUnfulfilled", "quantityFulfilled"))
    if not unfulfilled.missing:
        return min(unfulfilled.quantity(0), ordered)
    return ordered if fulfilled.missing else max(ordered - fulfilled.quantity(0), 0)


def _extended(product: Node, ordered: int, purse: Purse) -> int:
    price = product["price"]["unitPrice"]
    purse.minor(price)
    return amounts.extended(price["amount"].decimal() or Decimal(0), ordered, purse.currency_code)


def _split(part: Node | None, purse: Purse) -> dict[str, int]:
    """Return a breakdown by what it is on; what it does not say is under the empty name."""
    if part is None:
        return {}
    found: dict[str, int] = {}
    for detail in part["detailedBreakdowns"].items():
        name = detail["subtype"].text(40).upper()
        found[name] = found.get(name, 0) + purse.signed(detail["value"])
    found[_WHOLE] = purse.signed(part["subtotal"]) - sum(found.values())
    return found


def _charges(
    parts: dict[str, Node], taxes: dict[str, int], discounts: dict[str, int], purse: Purse
) -> tuple[Charge, ...]:
    found = []
    for name, (kind, title) in _CHARGES.items():
        amount = purse.minor(parts[name]["subtotal"]) if name in parts else 0
        amount = max(amount - abs(discounts.get(name, 0)), 0)
        tax = max(taxes.get(name, 0), 0)
        if amount or tax:
            found.append(Charge(kind=kind, title=title, amount=purse.money(amount), tax=purse.money(tax)))
    return tuple(found)


def _properties(node: Node, product: Node) -> tuple[tuple[str, str], ...]:
    fulfillment = node["fulfillment"]
    gift = fulfillment["packing"]["giftOption"]
    constraints = fulfillment["shipping"]["shippingConstraints"].value
    needed = sorted(constraints) if isinstance(constraints, dict) else []
    return properties(
        ("gift message", gift["giftMessage"].text(2000)),
        ("gift wrap", gift["giftWrapLevel"].text(200)),
        ("customization", product["customization"]["customizedUrl"].text(2000)),
        ("condition", product["condition"].first("conditionSubtype", "conditionType").text(50)),
        ("condition note", product["condition"]["conditionNote"].text(2000)),
        ("points granted", node["expense"]["pointsCost"]["pointsGranted"]["pointsNumber"].text(20)),
        ("price designation", product["price"]["priceDesignation"].text(100)),
        ("IOSS number", fulfillment["shipping"]["internationalShipping"]["iossNumber"].text(100)),
        ("programmes", ", ".join(p.text(50) for p in node["programs"].items())[:2000]),
        ("delivery needs", Node(", ".join(needed), node.path).text(2000)),
        *(
            (f"associated {a['associationType'].text(50).lower()}"[:200], a["orderItemId"].text(100))
            for a in node["associatedOrderItems"].items()
        ),
        *(("serial number", number.text(200)) for number in product["serialNumbers"].items()),
    )
