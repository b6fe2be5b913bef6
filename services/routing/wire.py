"""What all conversions share, and where pages of lists begin. Pure: no call, no SQL, no rule."""

from datetime import datetime
from typing import Any

from services.kernel.errors import InvalidArgument
from services.routing.wire_node import from_node, to_node
from services.routing.wire_value import UnusableMoney, from_money, from_time, to_money, to_time

# What is told of elsewhere and asked for here.
__all__ = ["UnusableMoney", "from_money", "from_node", "from_time", "to_money", "to_node", "to_time"]


class UnreadablePosition(InvalidArgument):
    reason = "INVALID_PAGE_TOKEN"

    def __init__(self) -> None:
        super().__init__("the page token was not made by this service; start again without one")


def node_position(position: list[Any] | None) -> str:
    """Return the node that a page of nodes follows."""
    if position is None:
        return ""
    match position:
        case [str(node_id)]:
            return node_id
    raise UnreadablePosition


def decision_position(position: list[Any] | None) -> tuple[datetime, str] | None:
    """Return the decision that a page of decisions follows."""
    if position is None:
        return None
    try:
        time, decision_id = position
        moment = datetime.fromisoformat(time)
    except (TypeError, ValueError) as error:
        raise UnreadablePosition from error
    if moment.tzinfo is None or not isinstance(decision_id, str):
        raise UnreadablePosition
    return moment, decision_id
