"""The availability feed: who asks for what, and cursors, which say how far somebody was told.

A cursor stands in one of two places: among all SKUs, as long as everything is being told, or among the changes, by
transaction and SKU. It belongs to what was asked: whoever comes with a cursor of another question is told everything.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from hashlib import sha256

from services.kernel.errors import InvalidArgument

_CURSOR = re.compile(r"v1\.([ac])\.([0-9]{1,19})\.([0-9a-f]{12})\.([^\0]{0,100})", re.DOTALL)
_LARGEST = 2**63 - 1
_EVERYTHING, _CHANGES = "a", "c"


class InvalidCursor(InvalidArgument):
    reason = "INVALID_CURSOR"

    def __init__(self) -> None:
        super().__init__("this is no cursor: send one that a message of the feed came with, or none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a watcher wants to know: of a channel per SKU, without one per SKU and node; of these SKUs, or of all."""

    channel: str = ""
    skus: frozenset[str] = frozenset()

    @property
    def mark(self) -> str:
        """What tells it from other questions."""
        return sha256("\0".join((self.channel, *sorted(self.skus))).encode()).hexdigest()[:12]

    def wants(self, skus: Collection[str]) -> list[str]:
        """Return those of these SKUs that are asked for."""
        return [sku for sku in skus if not self.skus or sku in self.skus]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far somebody was told.

    While `everything` is told: all SKUs up to `after`, by name, and afterwards come the changes from `transaction_id`
    on. Among changes: everything of transactions before `transaction_id`, and of that one what has a SKU up to `after`.
    """

    everything: bool
    transaction_id: int
    after: str = ""

    def write(self, question: Question) -> str:
        """Return the cursor as callers keep it."""
        place = _EVERYTHING if self.everything else _CHANGES
        return f"v1.{place}.{self.transaction_id}.{question.mark}.{self.after}"

    def changes(self) -> "Cursor":
        """Return where to go on when everything has been told."""
        return replace(self, everything=False, after="")


def read(text: str, question: Question) -> Cursor | None:
    """Return where to go on; None where everything must be told, from the beginning.

    Raises:
        InvalidCursor: it is none of ours.
    """
    if not text:
        return None
    if (found := _CURSOR.fullmatch(text)) is None or int(found[2]) > _LARGEST:
        raise InvalidCursor
    if found[3] != question.mark:
        return None
    return Cursor(everything=found[1] == _EVERYTHING, transaction_id=int(found[2]), after=found[4])
