"""Magento 2 and Adobe Commerce orders: the REST API's search results, one order, and events with an order in them.

Read are `{"items": […]}`, an order by itself, `{"order": …}`, lists, and Adobe I/O events, alone or from the journal
(`data.value`). What is read, where Magento leaves a choice:
- Money is in `order_currency_code`; the `base_…` amounts, in the shop's own currency, are never looked at.
- The id is `entity_id`; `increment_id`, which the customer knows, is the order's number.
- Several shipping assignments are several drafts of one group. Downloads and gift cards are charges, no lines.
- State decides: `holded` and `payment_review` are held; `complete` is NOT_OPEN, and so are `canceled` and `closed`.
- An event about an order that is known cancels it, or units of its lines, instead of ordering it again.
- Only what is left is ordered where units were cancelled, refunded or shipped; the total stays as placed.
"""

from collections.abc import Iterator, Mapping

from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.json_document import Node, parse
from services.intake.channels.magento_order import changes, drafts
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.update_event import is_update
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

_LISTS = ("items", "orders", "events")
_WRAPPERS = ("order", "event", "data", "value", "payload", "body")
_DEPTH = 6
# A field that only this kind of document has, and what to call it. The first match names the document.
_OTHERS = {
    "creditmemo_status": "a credit memo",
    "adjustment_positive": "a credit memo",
    "tracks": "a shipment",
    "shipment_status": "a shipment",
    "order_id": "an invoice, a shipment or a credit memo",
    "reserved_order_id": "a cart",
    "items_qty": "a cart",
    "attribute_set_id": "a product",
    "source_code": "a stock source item",
    "group_id": "a customer",
    "message": "an error answer",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders of a Magento document, or what an event changes of them, and what is wrong with the rest."""
    try:
        found = list(_orders(parse(content), "", 0))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    ordered: list[Draft] = []
    changed: list[ChangeDraft] = []
    problems: list[Problem] = []
    for order, event in found:
        try:
            if not _is_order(order):
                raise _not_an_order(order)
            edits = changes(order, channel) if is_update(headers, event) else []
            changed.extend(edits)
            ordered.extend(() if edits else drafts(order, channel))
        except Refusal as refusal:
            problems.append(refusal.problem(_named(order)))
        except RecursionError:
            deep = Refusal(NOT_AN_ORDER, order.path, "The document is nested too deep to be an order.")
            problems.append(deep.problem(_named(order)))
    if not ordered and not changed and not problems:
        message = "The document has no orders: there is nothing to accept."
        problems.append(Refusal(NOT_AN_ORDER, "$", message).problem())
    return Reading(drafts=tuple(ordered), changes=tuple(changed), problems=tuple(problems))


def _orders(node: Node, event: str, depth: int) -> Iterator[tuple[Node, str]]:
    """Yield what stands where orders stand, each with the type of the event that it is in."""
    if isinstance(node.value, list):
        for element in node.items():
            yield from _orders(element, event, depth + 1) if depth < _DEPTH else ((element, event),)
        return
    event = node.first("type", "event_code").text(200) if "data" in node or "event" in node else event
    if depth >= _DEPTH or _is_order(node) or not isinstance(node.value, dict):
        yield node, event
        return
    for name in _LISTS:
        if isinstance(node[name].value, list) and not any(other in node for other in _OTHERS):
            yield from _orders(node[name], event, depth + 1)
            return
    for name in _WRAPPERS:
        if isinstance(node[name].value, dict | list):
            yield from _orders(node[name], event, depth + 1)
            return
    yield node, event


def _is_order(node: Node) -> bool:
    named = "increment_id" in node or "entity_id" in node
    totals = "grand_total" in node or "order_currency_code" in node
    return named and totals and "order_id" not in node and "reserved_order_id" not in node


def _not_an_order(node: Node) -> Refusal:
    name = next((name for name in _OTHERS if name in node), "")
    if name:
        message = f"The document is {_OTHERS[name]}, not an order: send it to another address."
        return Refusal(NOT_AN_ORDER, f"{node.path}.{name}", message)
    return Refusal(NOT_AN_ORDER, node.path, "The document is not an order: it has no increment_id and no grand_total.")


def _named(order: Node) -> str:
    try:
        return order.first("entity_id", "increment_id").identifier(200)
    except Refusal:
        return ""
