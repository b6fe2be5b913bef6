"""One document, many orders: each stands or falls alone."""

from collections.abc import Callable, Iterable

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.domain.draft import Draft, DraftLine, Problem, Reading

MOST_LINES = 5000


def read_each(orders: Iterable[Node], read: Callable[[Node], Draft]) -> Reading:
    """Return the drafts of the orders that can be read and the problems of those that cannot; never neither."""
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for order in orders:
        try:
            drafts.append(read(order))
        except Refusal as refusal:
            problems.append(refusal.problem(_external_id(order)))
    if not drafts and not problems:
        problems.append(
            Refusal(NOT_AN_ORDER, "$", "The document is an empty list: there is nothing to accept.").problem()
        )
    return Reading(drafts=tuple(drafts), problems=tuple(problems))


def once(lines: Iterable[tuple[Node, DraftLine]]) -> tuple[DraftLine, ...]:
    """Return the lines, a line that is said twice word for word only once.

    Raises:
        Refusal: BAD_VALUE, where two different lines have one id.
    """
    by_id: dict[str, DraftLine] = {}
    for node, line in lines:
        if by_id.setdefault(line.external_line_id, line) != line:
            raise node["id"].bad("an id that no other line of the order has")
    return tuple(by_id.values())


def _external_id(order: Node) -> str:
    try:
        return order["id"].identifier(200)
    except Refusal:
        return ""
