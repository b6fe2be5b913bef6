"""Mirakl marketplace orders, as the seller's order API (OR11) lists them: `{"orders": […]}`, or one order by itself.

What is read, where Mirakl leaves a choice:
- An order that waits for acceptance is the problem AWAITING_ACCEPTANCE, one that waits for the customer's money is
  AWAITING_DEBIT. Neither is a draft with a hold: Mirakl tells no address before, so that there is nowhere to plan for,
  and a refusal or a failed payment leaves no order behind. What comes later, in SHIPPING, is the order.
- SHIPPED, TO_COLLECT, RECEIVED, CLOSED, REFUSED and CANCELED are NOT_OPEN; with a header that tells of an update, an
  order that is refused or cancelled is a change that cancels it, and cancelled units are taken off their lines.
- "" is null, anywhere. The seller's `offer_sku` is the SKU; the marketplace's `product_sku` is kept beside it.
- The id is `order_id`; `commercial_id`, which the customer knows and which several sellers share, is number and group.
- Fees are charges; commission is between seller and marketplace, and refunds of money alone change nothing.
- A parcel point (`shipping_pudo_id`) is a place to ship to: `location_code`. Click and collect is a pickup.
"""

from collections.abc import Iterator, Mapping

from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.json_document import Node, parse
from services.intake.channels.mirakl_order import change, draft
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.channels.update_event import is_update
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

_DEPTH = 5
# A field that only this kind of document has, and what to call it. The first match names the document.
_OTHERS = {
    "shipment_lines": "a shipment",
    "shipment_errors": "an answer about shipments",
    "shipment_success": "an answer about shipments",
    "service": "an order of a service, which nobody ships",
    "return_lines": "a return",
    "return_errors": "an answer about returns",
    "return_success": "an answer about returns",
    "order_update_result": "an answer about additional fields",
    "order_lines_adjusted": "an answer about adjusted lines",
    "refunds": "a list of refunds",
    "cancelations": "a list of cancellations",
    "taxes": "a list of taxes",
    "offers": "a list of offers",
    "tracking_number": "a shipment",
    "message": "an error answer",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return the orders of a Mirakl document, or what an event changes of them, and what is wrong with the rest."""
    try:
        found = list(_orders(parse(content), 0))
    except Refusal as refusal:
        return Reading(problems=(refusal.problem(),))
    ordered: list[Draft] = []
    changed: list[ChangeDraft] = []
    problems: list[Problem] = []
    for order in found:
        try:
            if not _is_order(order):
                raise _not_an_order(order)
            edit = change(order, channel) if is_update(headers) else None
            if edit:
                changed.append(edit)
            else:
                ordered.append(draft(order, channel))
        except Refusal as refusal:
            problems.append(refusal.problem(_named(order)))
    if not ordered and not changed and not problems:
        message = "The document has no orders: there is nothing to accept."
        problems.append(Refusal(NOT_AN_ORDER, "$", message).problem())
    return Reading(drafts=tuple(ordered), changes=tuple(changed), problems=tuple(problems))


def _orders(node: Node, depth: int) -> Iterator[Node]:
    """Yield what stands where orders stand."""
    if depth < _DEPTH and isinstance(node.value, list):
        for element in node.items():
            yield from _orders(element, depth + 1)
        return
    if depth < _DEPTH and not _is_order(node):
        for name in ("orders", "order", "data", "payload"):
            if isinstance(node[name].value, dict | list):
                yield from _orders(node[name], depth + 1)
                return
    yield node


def _is_order(node: Node) -> bool:
    return "order_id" in node and ("order_lines" in node or "order_state" in node)


def _not_an_order(node: Node) -> Refusal:
    name = next((name for name in _OTHERS if name in node), "")
    if name:
        message = f"The document is {_OTHERS[name]}, not an order: send it to another address."
        return Refusal(NOT_AN_ORDER, f"{node.path}.{name}", message)
    return Refusal(NOT_AN_ORDER, node.path, "The document is not an order: it has no order_id and no order_lines.")


def _named(order: Node) -> str:
    try:
        return order["order_id"].identifier(200)
    except Refusal:
        return ""
