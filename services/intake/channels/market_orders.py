"""What the readers of marketplaces share: orders one by one, their reasons to say no, holds of lines, and tags."""

from collections.abc import Callable, Iterable, Mapping

from services.chassis.plain_text import clean
from services.intake.channels import update_event
from services.intake.channels.json_document import Node
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal
from services.intake.domain.draft import Draft, HoldSpec, HoldType, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

ITEMS_MISSING = "ITEMS_MISSING"
ORDER_MISSING = "ORDER_MISSING"
ADDRESS_MISSING = "ADDRESS_MISSING"
NOT_READY = "NOT_READY"
FULFILLED_BY_CHANNEL = "FULFILLED_BY_CHANNEL"
CHANNEL_ERROR = "CHANNEL_ERROR"

# An order may have fifty holds: above this many lines, one hold on all of it says the same.
_MOST_LINE_HOLDS = 20
_EVENT_NAMES = ("-topic", "-event")


def read_orders(orders: Iterable[Node], read: Callable[[Node], Draft | ChangeDraft], ids: tuple[str, ...]) -> Reading:
    """Return what becomes of each order; `ids` are the fields that its id may stand in, paths with dots."""
    drafts: list[Draft] = []
    changes: list[ChangeDraft] = []
    problems: list[Problem] = []
    for order in orders:
        try:
            found = read(order)
        except Refusal as refusal:
            problems.append(refusal.problem(_external_id(order, ids)))
        else:
            (drafts if isinstance(found, Draft) else changes).append(found)  # type: ignore[arg-type]
    if not drafts and not changes and not problems:
        message = "The document is an empty list: there is nothing to accept."
        problems.append(Refusal(NOT_AN_ORDER, "$", message).problem())
    return Reading(drafts=tuple(drafts), changes=tuple(changes), problems=tuple(problems))


def is_update(headers: Mapping[str, str]) -> bool:
    """Tell whether the headers call the document an event about an order that was sent before."""
    return update_event.is_update(headers, *(said for name, said in headers.items() if name.endswith(_EVENT_NAMES)))


def line_holds(handle: str, kind: HoldType, asked: Mapping[str, str]) -> tuple[HoldSpec, ...]:
    """Return a hold for each line that has a reason for one; a single one on the order where that would be many."""
    if len(asked) > _MOST_LINE_HOLDS:
        note = f"{len(asked)} lines of the order have this reason: {next(iter(asked.values()))}"
        return (HoldSpec(handle=handle, type=kind, note=clean(note, 1000)),)
    return tuple(
        HoldSpec(handle=f"{handle}-{position}", type=kind, external_line_id=line_id, note=clean(note, 1000))
        for position, (line_id, note) in enumerate(asked.items(), start=1)
    )


def tags(*words: str) -> tuple[str, ...]:
    """Return the words as tags of an order: each once, none empty, within its limits."""
    kept = (clean(word, 200) for word in words)
    return tuple(dict.fromkeys(word for word in kept if word))[:100]


def slug(word: str) -> str:
    """Return a channel's name of a programme as a tag: "IN_STORE_PICK_UP" is "in-store-pick-up"."""
    return clean(word, 100).lower().replace("_", "-").replace(" ", "-")


def properties(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what was said about a line, without what was left empty."""
    return tuple((name, value) for name, value in pairs if value)[:100]


def _external_id(order: Node, ids: tuple[str, ...]) -> str:
    for path in ids:
        node = order
        for name in path.split("."):
            node = node[name]
        try:
            if found := node.identifier(200):
                return found
        except Refusal:
            continue
    return ""
