"""Stock figures from files: what warehouses, suppliers and stores send, as counts and expected supplies.

`read` is pure and total: for any bytes at all it yields figures and refusals, and never raises. What it cannot
understand for certain it refuses, because a wrong count is worse than a missing one, and reads on. It is lazy: a CSV of
millions of rows is read in constant memory, except for 18 to 36 bytes a row by which doubled rows are found.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from services.inventory.domain.supply import SupplyType
from services.inventory.files import csv_counts, x12_846
from services.inventory.files.figures import Count, ExpectedSupply, Figure, Reason, Refusal

__all__ = ["Content", "Count", "ExpectedSupply", "Figure", "Kind", "Reason", "Refusal", "SupplyType", "read"]

Content = bytes | Path | BinaryIO | Iterable[bytes]
_CHUNK = 1 << 16


class Kind(StrEnum):
    """What a file is written in."""

    CSV = "CSV"
    X12_846 = "X12_846"


def read(content: Content, kind: Kind, *, default_node: str = "") -> Iterator[Figure]:
    """Yield what a file says, in its order; `default_node` is the node of whatever names none.

    Whoever takes a file as a *full* snapshot must not, if any refusal was among it: what was refused would be read as
    nothing. Only what opening and reading the file itself may raise is raised.
    """
    if kind is Kind.CSV:
        return csv_counts.read(_chunks(content), default_node)
    return x12_846.read(b"".join(_chunks(content)), default_node)


def _chunks(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield from _chunks(BytesIO(content))
    elif isinstance(content, Path):
        with content.open("rb") as file:
            yield from _chunks(file)
    elif isinstance(content, Iterable) and not hasattr(content, "read"):
        yield from content
    else:
        while chunk := content.read(_CHUNK):
            yield chunk
