"""Pieces: units of one line at one node, and how lines of one SKU share what nodes ship."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.routing.domain.demand import DemandLine


@dataclass(frozen=True, slots=True)
class Piece:
    """Units of a line."""

    line_id: str
    sku: str
    quantity: int


# The pieces of each node, by node id. A node without pieces is not in it.
Allocation = Mapping[str, tuple[Piece, ...]]
# Units of each SKU at each node, before they are given to lines.
Quantities = Mapping[str, Mapping[str, int]]


def spread(lines: Sequence[int], rooms: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Give the units of lines of one SKU to nodes, cutting as few lines as it can see.

    `rooms` must add up to at least `lines`. Returns (index of the line, units) for each room. The longest line goes
    first, whole, into the smallest room that holds it; what fits nowhere whole is cut, the largest room first.
    """
    left = list(rooms)
    parts: list[list[tuple[int, int]]] = [[] for _ in rooms]
    cut: list[int] = []
    for line in sorted(range(len(lines)), key=lambda index: (-lines[index], index)):
        fitting = [(free, room) for room, free in enumerate(left) if free >= lines[line]]
        if not fitting:
            cut.append(line)
            continue
        _, room = min(fitting)
        parts[room].append((line, lines[line]))
        left[room] -= lines[line]
    for line in cut:
        wanted = lines[line]
        for room in sorted(range(len(left)), key=lambda index: (-left[index], index)):
            taken = min(left[room], wanted)
            if taken:
                parts[room].append((line, taken))
                left[room] -= taken
                wanted -= taken
    return parts


def settle(quantities: Quantities, lines: Iterable[DemandLine]) -> Allocation:
    """Return the pieces in which these quantities serve these lines, in the order of the lines."""
    by_sku: dict[str, list[DemandLine]] = {}
    position: dict[str, int] = {}
    for index, line in enumerate(lines):
        by_sku.setdefault(line.sku, []).append(line)
        position[line.line_id] = index
    pieces: dict[str, list[Piece]] = {}
    for sku, same in by_sku.items():
        rooms = {node_id: skus[sku] for node_id, skus in quantities.items() if skus.get(sku)}
        parts = spread([line.quantity for line in same], list(rooms.values()))
        for node_id, part in zip(rooms, parts, strict=True):
            pieces.setdefault(node_id, []).extend(Piece(same[index].line_id, sku, units) for index, units in part)
    return {
        node_id: tuple(sorted(mine, key=lambda piece: position[piece.line_id]))
        for node_id, mine in sorted(pieces.items())
        if mine
    }
