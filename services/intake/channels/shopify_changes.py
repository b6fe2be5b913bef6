"""Changes of an order that Shopify tells by webhook; the header `x-shopify-topic` says what happened.

- A cancelled or deleted order is cancelled, by the topic or by `cancelled_at`; one that was never open stays NOT_OPEN.
- `orders/edited` with lines of which fewer are wanted than were ordered gives their quantities. Lines that are new in
  an edit, and addresses, are not told apart from what was there before: they come with `orders/updated`, as the order.
- Shopify's own short note of an edit (`order_edit`) only says by how much: the order is to be sent as well.
"""

from collections.abc import Mapping

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import UNSUPPORTED, Refusal
from services.intake.channels.shopify_lines import is_stock
from services.intake.domain.edits import CancelOrder, ChangeDraft, SetQuantity

_CANCELLED, _DELETED, _EDITED = "orders/cancelled", "orders/delete", "orders/edited"
_TOLD = {_CANCELLED, _EDITED, "orders/updated", "orders/partially_fulfilled", "orders/paid"}


def topic_of(headers: Mapping[str, str]) -> str:
    """Return the topic of a webhook; empty where the document came another way."""
    return headers.get("x-shopify-topic", "").strip().lower()


def is_deleted(topic: str) -> bool:
    """Tell whether the document is only the id of an order that is gone."""
    return topic == _DELETED


def change_of(order: Node, channel: str, topic: str) -> ChangeDraft | None:
    """Return what the order's webhook says has changed; None where the order is to be read as it is.

    Raises:
        Refusal: BAD_VALUE, MISSING_FIELD, where it cannot be said of which order or line.
    """
    if topic in {_CANCELLED, _DELETED} or (topic in _TOLD and not order["cancelled_at"].missing):
        return _cancelled(order, channel, topic)
    return _edited(order, channel) if topic == _EDITED else None


def short_edit(document: Node) -> Refusal:
    """Return why a short note of an edit is no order and no change."""
    message = "The note of an edit says by how many units, not how many there are: send orders/updated as well."
    return Refusal(UNSUPPORTED, document["order_edit"].path, message)


def _cancelled(order: Node, channel: str, topic: str) -> ChangeDraft:
    kind = "deleted" if topic == _DELETED else "cancelled"
    at = order["cancelled_at"].text(100)
    return ChangeDraft(
        channel=channel,
        external_id=order["id"].required().identifier(200),
        change_id=f"{kind}/{at}" if at else kind,
        edits=(CancelOrder(),),
        reason=order["cancel_reason"].text(200).lower() or f"{kind} in Shopify",
    )


def _edited(order: Node, channel: str) -> ChangeDraft | None:
    quantities: dict[str, int] = {}
    for item in order["line_items"].items():
        current = item["current_quantity"]
        if is_stock(item) and not current.missing and current.quantity(0) < item["quantity"].quantity(0):
            quantities[item["id"].required().identifier(100)] = current.quantity(0)
    if not quantities:
        return None
    at = order["updated_at"].text(100) or ",".join(f"{line}={units}" for line, units in quantities.items())[:180]
    return ChangeDraft(
        channel=channel,
        external_id=order["id"].required().identifier(200),
        change_id=f"edited/{at}",
        edits=tuple(SetQuantity(line_id=line, quantity=units) for line, units in quantities.items()),
        reason="edited in Shopify",
    )
