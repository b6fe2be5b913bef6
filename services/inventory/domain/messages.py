"""What a source sends: a snapshot (whole or a part of it), or what has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.inventory.domain.position import Pair
from services.inventory.domain.problems import DuplicateSku
from services.inventory.domain.problems_sources import InvalidPart, MixedFigures


class Kind(StrEnum):
    """What a message has."""

    SNAPSHOT = "SNAPSHOT"
    DELTA = "DELTA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a source about a node. The parts of a snapshot are numbered from 1; 0 is one that is whole."""

    source: str
    node_id: str
    sequence: int
    part: int = 0
    part_count: int = 0
    complete: bool = False
    count_time: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    deltas: Mapping[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """A message without any figure is a snapshot: there is nothing."""
        return Kind.DELTA if self.deltas else Kind.SNAPSHOT

    @property
    def reference(self) -> str:
        """How the ledger names it."""
        return f"{self.source}/{self.sequence}"

    def pair(self, sku: str) -> Pair:
        """Return the pair that it speaks of."""
        return Pair(sku, self.node_id)


def check(message: Message) -> Message:
    """Return the message.

    Raises:
        InvalidPart: it is a part that cannot be.
        MixedFigures: it says both what was counted and what has changed.
    """
    least = 1 if message.part_count else 0
    if not least <= message.part <= message.part_count:
        raise InvalidPart(message.part, message.part_count)
    if message.deltas and (message.counts or message.complete):
        raise MixedFigures
    return message


def counted_once(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return counts by SKU.

    Raises:
        DuplicateSku: a SKU is counted twice.
    """
    found: dict[str, int] = {}
    for sku, counted in counts:
        if sku in found:
            raise DuplicateSku(sku)
        found[sku] = counted
    return found


def added_up(deltas: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return what changed by SKU."""
    found: dict[str, int] = {}
    for sku, delta in deltas:
        found[sku] = found.get(sku, 0) + delta
    return found
