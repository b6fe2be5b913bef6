"""One document, many orders: each stands or falls alone."""

from collections.abc import Callable, Iterable

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.domain.draft import Draft, DraftLine, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

MOST_LINES = 5000


def read_each(orders: Iterable[Node], read: Callable[[Node], Draft | tuple[Draft, ...]]) -> Reading:
    """Return the drafts of the orders that can be read and the problems of those that cannot; never neither.

    An order for several destinations is several drafts.
    """
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for order in orders:
        try:
            found = read(order)
            drafts.extend(found if isinstance(found, tuple) else (found,))
        except Refusal as refusal:
            problems.append(refusal.problem(external_id_of(order)))
    if not drafts and not problems:
        problems.append(
            Refusal(NOT_AN_ORDER, "$", "The document is an empty list: there is nothing to accept.").problem()
        )
    return Reading(drafts=tuple(drafts), problems=tuple(problems))


def read_webhook(
    orders: list[Node],
    change: Callable[[Node], ChangeDraft | None],
    read: Callable[[Node], Draft | tuple[Draft, ...]],
) -> Reading:
    """Return what a webhook says has changed, and the orders of which it only says how they are."""
    changes: list[ChangeDraft] = []
    problems: list[Problem] = []
    others: list[Node] = []
    for order in orders:
        try:
            found = change(order)
        except Refusal as refusal:
            problems.append(refusal.problem(external_id_of(order)))
            continue
        if found is None:
            others.append(order)
        else:
            changes.append(found)
    told = Reading(changes=tuple(changes), problems=tuple(problems))
    return told if orders and not others else joined(told, read_each(others, read))


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


def joined(*readings: Reading) -> Reading:
    """Return what is in several readings as one."""
    return Reading(
        drafts=tuple(draft for reading in readings for draft in reading.drafts),
        changes=tuple(change for reading in readings for change in reading.changes),
        problems=tuple(problem for reading in readings for problem in reading.problems),
    )


def external_id_of(order: Node) -> str:
    """Return the channel's id of an order that could not be read, empty where that cannot be read either."""
    try:
        return order["id"].identifier(200)
    except Refusal:
        return ""
