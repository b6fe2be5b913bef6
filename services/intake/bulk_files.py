"""A file of any size as parts of whole orders, at constant memory; the same file is cut anew from any place."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from services.intake.channels import edifact_splitting, table_splitting, x12_splitting
from services.intake.domain.imports import File, Part
from services.kernel.errors import InvalidArgument

# What a part has at most: its orders are accepted in one request.
_BYTES = 1_000_000
_ORDERS = 250
# What one order may have, as a part of its own: the limit of the RPC.
_LARGEST = 3_000_000
_CHUNK = 1 << 20

Answer = TypeVar("Answer")


class Split(Protocol):
    """Cuts a file into orders: the place of each, and the order as a document of its own."""

    def __call__(self, stream: BinaryIO, after: int = -1) -> Iterator[tuple[int, bytes]]:
        """Yield those behind the place `after`."""
        ...


SPLITS: Mapping[str, Split] = {
    "csv": table_splitting.split_csv,
    "xlsx": table_splitting.split_xlsx,
    "x12": x12_splitting.split,
    "edifact": edifact_splitting.split,
}


def told_format(path: Path) -> str:
    """Return the format that the first bytes of a file tell."""
    with path.open("rb") as file:
        head = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"ISA"):
        return "x12"
    return "edifact" if head.startswith((b"UNA", b"UNB")) else "csv"


def identified(path: Path, channel: str, form: str, progress: Callable[[int], None] = lambda _read: None) -> File:
    """Read the file once, and return what makes it the one that it is; `progress` hears how much was read."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            progress(size)
    return File(channel=channel, format=form, digest=digest.hexdigest(), size=size, name=path.name[:250])


def parts(stream: BinaryIO, form: str, *, after: int, number: int) -> Iterator[Part]:
    """Yield the parts behind a place, numbered from `number`.

    Raises:
        InvalidArgument: ORDER_TOO_LARGE; the parts before it were yielded.
    """
    orders: list[bytes] = []
    size = position = 0
    for place, content in SPLITS[form](stream, after):
        piece = _headless(content) if orders and form in ("csv", "xlsx") else content
        if orders and (size + len(piece) > _BYTES or len(orders) == _ORDERS):
            yield Part(number=number, position=position, content=b"".join(orders))
            number += 1
            orders, size, piece = [], 0, content
        if len(content) > _LARGEST:
            message = f"the order at {place} has {len(content):,} bytes, and {_LARGEST:,} is the most: divide it"
            raise InvalidArgument(message, reason="ORDER_TOO_LARGE", position=str(place))
        orders.append(piece)
        size += len(piece)
        position = place
    if orders:
        yield Part(number=number, position=position, content=b"".join(orders))


async def each(cut: Iterator[Part], take: Callable[[Part], Awaitable[Answer]]) -> int:
    """Give parts away one after another, while the next one is cut, and return the number of the last; 0 for none."""
    last = 0
    part = await asyncio.to_thread(next, cut, None)
    while part is not None:
        taking = asyncio.ensure_future(take(part))
        last = part.number
        try:
            part = await asyncio.to_thread(next, cut, None)
        finally:
            # Even where the next part cannot be cut, this one is not left half given.
            await taking
    return last


def _headless(content: bytes) -> bytes:
    # Headers are ours, of one line: table_splitting.py.
    return content[content.index(b"\n") + 1 :]
