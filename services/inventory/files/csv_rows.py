"""CSV from bytes to records: one line at a time, whatever the pieces it arrives in.

UTF-8, or UTF-16 where a byte order mark says so; a line that is no UTF-8 is read as Latin-1. A quoted field may go over
a few lines. A quote that is never closed costs the row that it stands in, not the rest of the file.
"""

import codecs
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

_LONGEST_LINE = 1 << 16
_MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Record:
    """The text of a row, and the line on which it begins, counted from 1; `fault` says why it cannot be read."""

    row: int
    text: str
    fault: str = ""


def records(content: Iterable[bytes]) -> Iterator[Record]:
    """Yield every row that is not blank."""
    lines = _Lines(content)
    while (line := lines.take()) is not None:
        row = lines.row
        if len(line) > _LONGEST_LINE:
            yield Record(row, "", f"The row is longer than {_LONGEST_LINE} bytes: are its line ends missing?")
            continue
        whole = line + lines.take_quoted() if _is_open(line) else line
        if _is_open(whole):
            yield Record(row, "", 'A quote (") in the row is never closed: close it, or double it where it is meant.')
        elif whole.strip():
            yield Record(row, _text(whole))


def _is_open(line: bytes) -> bool:
    return bool(line.count(b'"') % 2)


class _Lines:
    """Lines to take, and to look at without taking them."""

    def __init__(self, content: Iterable[bytes]) -> None:
        self._rest = _lines(_utf8(content))
        self._seen: deque[bytes] = deque()
        self.row = 0

    def take(self) -> bytes | None:
        """Return the next line, None where there is none."""
        line = self._seen.popleft() if self._seen else next(self._rest, None)
        self.row += line is not None
        return line

    def take_quoted(self) -> bytes:
        """Return the lines up to the one that closes a quote; take none where it is not closed soon."""
        while len(self._seen) < _MOST_LINES and (line := next(self._rest, None)) is not None:
            self._seen.append(line)
        closing = next((place for place, line in enumerate(self._seen, start=1) if _is_open(line)), 0)
        if any(len(line) > _LONGEST_LINE for line in islice(self._seen, closing)):
            return b""
        return b"".join(self.take() or b"" for _ in range(closing))


def _utf8(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content without its byte order mark, as UTF-8 where it was UTF-16."""
    pieces = iter(content)
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= len(codecs.BOM_UTF8):
            break
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for piece in chain([head], pieces):
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _lines(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines with their ends; of a line that is too long only so much that it can be seen to be."""
    rest = b""
    for piece in content:
        parts = (rest + piece).splitlines(keepends=True)
        # A carriage return at the end may be the first half of a line end.
        rest = parts.pop() if parts and not parts[-1].endswith(b"\n") else b""
        yield from parts
        if len(rest) > _LONGEST_LINE and not rest.endswith(b"\r"):
            rest = rest[: _LONGEST_LINE + 1]
    if rest:
        yield rest


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
