"""Which node the figures of an 846 are of: its N1 segments."""

from collections.abc import Sequence

from services.chassis.x12 import Segment
from services.inventory.files import values
from services.inventory.files.figures import Reason, Unreadable

# Warehouse, ship from, ship to, supplier.
_ROLES = ("WH", "SF", "ST", "SU")
_QUANTITIES = {"QTY", "SCH"}


def node_of(segments: Sequence[Segment]) -> str:
    """Return the node that N1 segments name; empty where none does.

    Raises:
        Unreadable: it cannot be a node's id.
    """
    named = {segment[1]: segment[4] for segment in reversed(segments) if _names_node(segment)}
    code = next((named[role] for role in _ROLES if role in named), "")
    return values.identifier(code, "The node (N104)", values.LONGEST_NODE)


def by_node(segments: Sequence[Segment], node_id: str) -> list[tuple[str, list[Segment]]]:
    """Return the segments of an item for each node of it; `node_id` is the one of an item that names none.

    Raises:
        Unreadable: quantities stand both before the first N1 and behind the last, or there is no node.
    """
    named = [place for place, segment in enumerate(segments) if _names_node(segment)]
    counted = [place for place, segment in enumerate(segments) if segment.tag in _QUANTITIES]
    if not named:
        groups = [list(segments)]
    elif not counted or counted[0] > named[0]:
        groups = _groups(segments)
    elif counted[-1] < named[-1]:
        groups = [list(reversed(group)) for group in reversed(_groups(list(reversed(segments))))]
    else:
        message = "Quantities stand before the first N1 of the item and behind the last: which node are they of?"
        raise Unreadable(Reason.CONTRADICTION, message)
    found = [(node_of(group) or node_id, group) for group in groups]
    if not all(node for node, _ in found):
        message = "There is no node: no N1 segment of WH, SF, ST or SU has an N104. Say whose document it is."
        raise Unreadable(Reason.MISSING_FIELD, message)
    return found


def _names_node(segment: Segment) -> bool:
    return segment.tag == "N1" and segment[1] in _ROLES and bool(segment[4])


def _groups(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Split before each N1 that stands behind quantities: N1 segments without any between them are of one group."""
    groups: list[list[Segment]] = [[]]
    counted = False
    for segment in segments:
        if counted and _names_node(segment):
            groups.append([])
            counted = False
        counted = counted or segment.tag in _QUANTITIES
        groups[-1].append(segment)
    return groups
