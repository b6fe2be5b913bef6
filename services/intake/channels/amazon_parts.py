"""Amazon answers in parts: each wraps its `payload`, and lists come in pages."""

from services.intake.channels.json_document import Node
from services.intake.channels.market_orders import ITEMS_MISSING
from services.intake.channels.refusal import Refusal


def payload(node: Node) -> Node:
    """Return what an answer says, also where it is that already."""
    return node["payload"] if isinstance(node["payload"].value, dict | list) else node


def items(listing: Node) -> list[Node]:
    """Return the items of an answer of getOrderItems, of all its pages, or of a bare list.

    Raises:
        Refusal: ITEMS_MISSING, where the last page says that there is another; BAD_VALUE.
    """
    if not isinstance(listing.value, list):
        answers = [payload(listing)]
    elif any("OrderItems" in payload(page) for page in listing.items()):
        answers = [payload(page) for page in listing.items()]
    else:
        return list(listing.items())
    token = answers[-1]["NextToken"]
    if not token.missing:
        message = "The order has more items than these: send every page of getOrderItems."
        raise Refusal(ITEMS_MISSING, token.path, message)
    return [item for answer in answers for item in answer["OrderItems"].items()]


def check_owner(listing: Node, external_id: str) -> None:
    """Refuse a part that belongs to another order.

    Raises:
        Refusal: BAD_VALUE.
    """
    for answer in listing.items() if isinstance(listing.value, list) else [listing]:
        owner = payload(answer)["AmazonOrderId"]
        if not owner.missing and owner.identifier(200) != external_id:
            raise owner.bad(f"{external_id}, the order that it came with")


def part(answer: Node, name: str, inside: Node, external_id: str) -> Node:
    """Return a part that came as an answer of its own, else the one in the order.

    Raises:
        Refusal: BAD_VALUE, where it belongs to another order.
    """
    found = payload(answer)
    if found.missing:
        return inside
    check_owner(found, external_id)
    return found[name] if isinstance(found[name].value, dict) else found
