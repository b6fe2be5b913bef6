"""Changes of an order that WooCommerce tells by webhook; the header `x-wc-webhook-topic` says what happened.

An order that is deleted, or updated to cancelled, refunded or trash, is cancelled. Another update is the order itself:
what it refunds in part says no units, and new addresses and lines are not told apart from what was there before.
"""

from collections.abc import Mapping

from services.intake.channels.json_document import Node
from services.intake.channels.woocommerce_payment import status_of
from services.intake.domain.edits import CancelOrder, ChangeDraft

_CANCELLED = {"cancelled", "refunded", "trash"}


def topic_of(headers: Mapping[str, str]) -> str:
    """Return the topic of a webhook; empty where the document came another way."""
    return headers.get("x-wc-webhook-topic", "").strip().lower()


def change_of(order: Node, channel: str, topic: str) -> ChangeDraft | None:
    """Return what the order's webhook says has changed; None where the order is to be read as it is.

    Raises:
        Refusal: BAD_VALUE, MISSING_FIELD, where it cannot be said of which order.
    """
    word = "deleted" if topic == "order.deleted" else status_of(order)
    if word != "deleted" and not (topic == "order.updated" and word in _CANCELLED):
        return None
    at = "" if word == "deleted" else order.first("date_modified_gmt", "updated_at", "date_modified").text(100)
    return ChangeDraft(
        channel=channel,
        external_id=order["id"].required().identifier(200),
        change_id=f"{word}/{at}" if at else word,
        edits=(CancelOrder(),),
        reason=f"{word} in WooCommerce",
    )
