"""Drift: how far an outside system's figures are from ours, and what is done about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.inventory.domain.position import Movement, Pair, Position, Reason
from services.inventory.domain.problems import DuplicateSku


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A difference between our figure and an outside system's."""

    sku: str
    was_on_hand: int
    on_hand: int
    oversold: int


def take_over(
    positions: Mapping[Pair, Position], counts: Mapping[Pair, int], reference: str
) -> tuple[list[Movement], list[Drift]]:
    """Return the movements that make our figures theirs, and where they differed."""
    movements: list[Movement] = []
    drifts: list[Drift] = []
    for pair, counted in sorted(counts.items()):
        position = positions[pair]
        if counted == position.on_hand:
            continue
        movements.append(
            Movement(
                pair=pair,
                reason=Reason.SNAPSHOT,
                reference=reference,
                on_hand=counted - position.on_hand,
                unsellable=min(0, counted - position.unsellable),
            )
        )
        drifts.append(
            Drift(
                sku=pair.sku,
                was_on_hand=position.on_hand,
                on_hand=counted,
                oversold=max(0, position.reserved - counted),
            )
        )
    return movements, drifts


def counted_once(node_id: str, counts: Iterable[tuple[str, int]]) -> dict[Pair, int]:
    """Return the counts of a snapshot by pair.

    Raises:
        DuplicateSku: a SKU is counted twice.
    """
    found: dict[Pair, int] = {}
    for sku, counted in counts:
        pair = Pair(sku, node_id)
        if pair in found:
            raise DuplicateSku(sku)
        found[pair] = counted
    return found
