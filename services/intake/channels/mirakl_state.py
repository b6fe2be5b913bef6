"""What Mirakl's order states mean for a warehouse.

Only SHIPPING is an order to be shipped. Before it, the seller has to say yes (WAITING_ACCEPTANCE), or the marketplace
has to take the customer's money (WAITING_DEBIT); there is no address yet, and there may never be an order.
"""

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import BAD_VALUE, NOT_OPEN, Refusal

AWAITING_ACCEPTANCE = "AWAITING_ACCEPTANCE"
AWAITING_DEBIT = "AWAITING_DEBIT"

_BEFORE = {
    "STAGING": (AWAITING_ACCEPTANCE, "The marketplace still checks the order: it will be offered for acceptance."),
    "WAITING_ACCEPTANCE": (
        AWAITING_ACCEPTANCE,
        "The order waits to be accepted in Mirakl (OR21), in time; its address comes when it is to be shipped.",
    ),
    "WAITING_DEBIT": (AWAITING_DEBIT, "The order is accepted and the marketplace has not asked the customer to pay."),
    "WAITING_DEBIT_PAYMENT": (AWAITING_DEBIT, "The order is accepted and the marketplace waits for the payment."),
}
_OVER = {"REFUSED", "CANCELED", "CANCELLED", "REFUNDED"}
_SHIPPED = {"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}
_OPEN = {"SHIPPING", "INCIDENT_OPEN", "INCIDENT_CLOSED"}


def check_open(order: Node) -> None:
    """Raise what an order that is not to be shipped is: AWAITING_ACCEPTANCE, AWAITING_DEBIT or NOT_OPEN."""
    word = _state(order)
    path = _node(order).path
    if word in _BEFORE:
        reason, message = _BEFORE[word]
        raise Refusal(reason, path, f"{message} Nothing is to be done here: it comes again when it is to be shipped.")
    if word in _OVER | _SHIPPED:
        raise Refusal(NOT_OPEN, path, f"The order is {word} in Mirakl: it must not be shipped again.")


def is_over(order: Node) -> bool:
    """Tell whether the order is refused, cancelled or given back."""
    return _state(order) in _OVER


def _node(order: Node) -> Node:
    return order.first("order_state", "state")


def _state(order: Node) -> str:
    node = _node(order).required()
    word = node.text(50).upper()
    if word not in _OPEN | _OVER | _SHIPPED | _BEFORE.keys():
        raise Refusal(BAD_VALUE, node.path, f"{node.path} must be one of Mirakl's order states, not {word!r}.")
    return word
