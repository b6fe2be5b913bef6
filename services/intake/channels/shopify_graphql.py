"""Orders as the GraphQL Admin API answers with them, walked with the names of the REST API.

`{"data": …}` of a query (`order`, `orders`, any alias) or of a mutation, several answers in one document, and bare
orders are read. An order is an object whose `id` is `gid://shopify/Order/…`; the number in it is the id that the REST
API gives the same order. Where one document tells an order more than once, what says that it is over is believed, else
what says the most.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Self

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import MISSING_FIELD, NOT_AN_ORDER, Refusal

_GID = re.compile(r"gid://shopify/\w+/([^/?]+)(\?.*)?", re.ASCII)
_ORDER = "gid://shopify/Order/"
# REST name → names in GraphQL, the best first; a dot goes into an object. Others are the same in camel case.
_NAMES = {
    "id": ("id", "legacyResourceId"),
    "financial_status": ("displayFinancialStatus",),
    "fulfillment_status": ("displayFulfillmentStatus",),
    "total_price": ("totalPriceSet", "totalPrice"),
    "current_total_price": ("currentTotalPriceSet",),
    "total_discounts": ("totalDiscountsSet", "totalDiscounts"),
    "total_tax": ("totalTaxSet", "totalTax"),
    "total_tip_received": ("totalTipReceivedSet", "totalTipReceived"),
    "original_total_duties": ("originalTotalDutiesSet",),
    "currency": ("currencyCode", "totalPriceSet.shopMoney.currencyCode", "currentTotalPriceSet.shopMoney.currencyCode"),
    "shipping_lines": ("shippingLines", "shippingLine"),
    "price": ("originalUnitPriceSet", "originalPriceSet", "priceSet", "originalUnitPrice", "originalPrice", "price"),
    "discounted_price": ("discountedPriceSet", "currentDiscountedPriceSet"),
    "amount": ("amountSet", "allocatedAmountSet", "amount"),
    "total_discount": ("totalDiscountSet", "totalDiscount"),
    "fulfillable_quantity": ("fulfillableQuantity", "unfulfilledQuantity"),
    "gift_card": ("isGiftCard",),
    "properties": ("customAttributes",),
    "variant_id": ("variant.id",),
    "product_id": ("product.id",),
    "barcode": ("variant.barcode",),
    "line_item_id": ("lineItem.id",),
    "country_code": ("countryCodeV2", "countryCode"),
    "authorization": ("authorizationCode",),
    "parent_id": ("parentTransaction.id",),
    "payment_terms": ("paymentTerms",),
    "payment_terms_name": ("paymentTermsName", "translatedName"),
    "company": ("purchasingEntity.company", "company"),
    "company_location": ("purchasingEntity.location",),
    "discount_application_index": ("discountApplication.index",),
}
# What an order must have been asked for, as a REST name and as what to ask for.
_NEEDED = ("id", "line_items", "total_price", "financial_status", "fulfillment_status", "shipping_address")
_INSTEAD = {"total_price": "current_total_price", "shipping_address": "billing_address"}
_LINE_NEEDED = ("id", "quantity", "price", "sku")
_LINE_INSTEAD = {"sku": "variant_id"}
# Where answers begin, and where orders are only named.
_ANSWERS = {"data", "order", "orders"}
_REFERENCES = {"variables", "originalOrder"}
_DEEPEST = 40
_OVER = {"REFUNDED", "VOIDED", "EXPIRED", "FULFILLED", "RESTOCKED"}


class GraphqlNode(Node):
    """A value of an answer: connections are lists, bags of money are the shop's money, global ids are their numbers."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Self:
        """Return a field by its name in the REST API or in GraphQL."""
        names = (name,) if name in self else _NAMES.get(name, (_camel(name),))
        found = [self.inside(path) for path in names]
        return next((node for node in found if not node.missing), found[0])

    def inside(self, path: str) -> Self:
        """Return what stands at a path of names, just as the answer spells them."""
        node = self
        for name in path.split("."):
            value = node.value.get(name) if isinstance(node.value, dict) else None
            node = type(self)(value, f"{node.path}.{name}")
        return node

    def asked(self, name: str) -> bool:
        """Tell whether the query asked for the field, whatever its answer."""
        return any(path.split(".")[0] in self for path in (name, *_NAMES.get(name, (_camel(name),))))

    def items(self) -> Iterator[Self]:
        """Yield the elements of a list, or the nodes of a connection."""
        if isinstance(self.value, dict):
            if isinstance(self.value.get("nodes"), list):
                yield from self.inside("nodes").items()
            elif "edges" in self.value:
                yield from (edge.inside("node") for edge in self.inside("edges").items())
            else:
                yield self
            return
        yield from Node.items(self)

    def identifier(self, limit: int) -> str:
        """Return an id; of a global id its last part."""
        if isinstance(self.value, str) and (found := _GID.fullmatch(self.value.strip())):
            return Node(found[1], self.path).identifier(limit)
        return Node.identifier(self, limit)

    def decimal(self) -> Decimal | None:
        """Return a number; of a bag of money what it is in the shop's currency."""
        if isinstance(self.value, dict):
            return Node.decimal(self.inside("shopMoney.amount" if "shopMoney" in self else "amount"))
        return Node.decimal(self)


def graphql_orders(root: Node) -> list[Node]:
    """Return each order that the document tells something of, as it is told best; none where it tells of none."""
    named: dict[str, GraphqlNode] = {}
    nameless: list[GraphqlNode] = []
    for order in _mentions(GraphqlNode(root.value, root.path), "", depth=0, answer=False):
        if not isinstance(order.value, dict) or not isinstance(order.value.get("id"), str):
            nameless.append(order)
        elif (name := order.value["id"]) not in named or _rank(order) > _rank(named[name]):
            named[name] = order
    listed = [order for order in nameless if order.path.endswith(("]", "].node"))]
    return [*named.values(), *(listed if named else nameless)]


def check_asked(order: Node) -> None:
    """Pass where the query asked for what makes an order.

    Raises:
        Refusal: MISSING_FIELD, with everything that is to be asked for.
    """
    if not isinstance(order, GraphqlNode):
        return
    if not isinstance(order.value, dict):
        raise Refusal(NOT_AN_ORDER, order.path, "The answer has nothing where the order should be.")
    missing = [_wanted(order, name) for name in _NEEDED if not _asked(order, name, _INSTEAD)]
    lines = list(order["line_items"].items())
    for line in lines:
        missing += [_wanted(line, name) for name in _LINE_NEEDED if not _asked(line, name, _LINE_INSTEAD)]
    if order["total_discounts"].decimal() and not any(_asked_discount(line) for line in lines):
        missing += [_wanted(line, "discount_allocations") for line in lines]
    if order["total_tax"].decimal():
        missing += [_wanted(line, "tax_lines") for line in lines if not line.asked("tax_lines")]
    if order["total_shipping_price_set"].decimal() and not order.asked("shipping_lines"):
        missing.append(_wanted(order, "shipping_lines"))
    if missing:
        named = ", ".join(missing[:20]) + (" and more" if len(missing) > 20 else "")
        raise Refusal(MISSING_FIELD, missing[0], f"The answer is too little for an order: ask for {named}.")
    more = order["line_items"]["pageInfo"]["hasNextPage"]
    if more.value is True:
        message = "The order has more lines than this page of its lineItems: ask for all of them in one answer."
        raise Refusal(MISSING_FIELD, more.path, message)


def _mentions(node: GraphqlNode, name: str, *, depth: int, answer: bool) -> Iterator[GraphqlNode]:
    """Yield what is an order and, in an answer, what only stands where an order should be."""
    if _is_order(node.value) or (answer and name == "order"):
        yield node
    elif answer and name == "orders" and isinstance(node.value, dict):
        yield from node.items()
    elif depth > _DEEPEST:
        return
    elif isinstance(node.value, list):
        for index, value in enumerate(node.value):
            yield from _mentions(GraphqlNode(value, f"{node.path}[{index}]"), "", depth=depth + 1, answer=answer)
    elif isinstance(node.value, dict):
        for key in [key for key in node.value if key not in _REFERENCES]:
            below = answer or key in _ANSWERS
            yield from _mentions(GraphqlNode(node.value[key], f"{node.path}.{key}"), key, depth=depth + 1, answer=below)


def _is_order(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"].startswith(_ORDER)


def _rank(order: GraphqlNode) -> tuple[bool, int]:
    words = {order[name].text(100).upper() for name in ("financial_status", "fulfillment_status")}
    over = not order["cancelled_at"].missing or bool(words & _OVER)
    return over, sum(not order[name].missing for name in _NEEDED)


def _asked(node: Node, name: str, instead: dict[str, str]) -> bool:
    if not isinstance(node, GraphqlNode) or not isinstance(node.value, dict):
        return True
    return node.asked(name) or (name in instead and node.asked(instead[name]))


def _asked_discount(line: GraphqlNode) -> bool:
    return line.asked("discount_allocations") or line.asked("total_discount")


def _wanted(node: Node, name: str) -> str:
    return f"{node.path}.{_NAMES.get(name, (_camel(name),))[0]}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
