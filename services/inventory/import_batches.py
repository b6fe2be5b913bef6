"""The counts of a file in batches, each of one node and one moment of counting; the same every time it is read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from services.inventory.files import ExpectedSupply, Figure, Refusal

# So many counts wait for their batch to be full, in all: a file may name its nodes in any order.
_WAITING = 200_000

_Where = tuple[str, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was counted at a node at one moment."""

    node_id: str
    count_time: datetime | None
    counts: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Survey:
    """What is known of a file: what of it was refused, and the SKUs (by node) that it counts in lots."""

    refusals: list[Refusal] = field(default_factory=list)
    refused: int = 0
    lotted: set[tuple[str, str]] = field(default_factory=set)

    def refuse(self, refusal: Refusal, most: int = 10_000) -> None:
        """Take note of a refusal; the first ones are kept."""
        self.refused += 1
        if len(self.refusals) < most:
            self.refusals.append(refusal)


def batches(figures: Iterable[Figure], survey: Survey, size: int) -> Iterator[Batch | ExpectedSupply]:
    """Yield counts in batches of at most `size`, and supplies as they come; the survey learns the rest.

    What is counted in lots is added up, and comes last: inventory is told how much there is of a SKU, once. The moment
    of such a count is that of the first lot that was counted. For this, the survey must know what comes in lots.
    """
    waiting: dict[_Where, dict[str, int]] = {}
    number = 0
    known = frozenset(survey.lotted)
    sums: dict[tuple[str, str], int] = {}
    moments: dict[tuple[str, str], datetime | None] = {}
    for one in figures:
        if isinstance(one, Refusal):
            survey.refuse(one)
        elif isinstance(one, ExpectedSupply):
            yield one
        elif one.lot_id or (one.node_id, one.sku) in known:
            key = (one.node_id, one.sku)
            survey.lotted.add(key)
            sums[key] = sums.get(key, 0) + one.on_hand
            moments[key] = _earliest(moments.get(key), one.count_time)
        else:
            counts = waiting.setdefault((one.node_id, one.count_time), {})
            counts[one.sku] = one.on_hand
            number += 1
            if len(counts) >= size:
                number -= len(counts)
                yield _take(waiting, (one.node_id, one.count_time))
            elif number >= _WAITING:
                yield from [_take(waiting, where) for where in list(waiting)]
                number = 0
    for (node_id, sku), on_hand in sums.items():
        where = (node_id, moments[node_id, sku])
        waiting.setdefault(where, {})[sku] = on_hand
        if len(waiting[where]) >= size:
            yield _take(waiting, where)
    yield from [_take(waiting, where) for where in list(waiting)]


def _take(waiting: dict[_Where, dict[str, int]], where: _Where) -> Batch:
    node_id, count_time = where
    return Batch(node_id=node_id, count_time=count_time, counts=waiting.pop(where))


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other
