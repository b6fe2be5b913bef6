"""A large X12 file, cut into one small document for each of its transaction sets, at constant memory."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from services.chassis.x12 import Envelope, envelope, is_header
from services.intake.channels.edi_window import Window

_ISA = re.compile(rb"(?<![A-Za-z0-9])ISA(?=[^A-Za-z0-9\s])")
_NEXT_ISA = re.compile(rb"[\r\n]\s*(?=ISA[^A-Za-z0-9\s])")
_HEAD = 4096
_ENDS = {b"ST", b"SE", b"GE", b"GS", b"IEA"}


def split(stream: BinaryIO, after: int = -1) -> Iterator[tuple[int, bytes]]:
    """Yield the offset of every transaction set, and the set in an envelope of its own.

    What is behind a set can be read without what is before it: to go on where somebody stopped, pass the last offset
    as `after`. A file, or an interchange, without any set is yielded as the little that tells what is wrong with it.
    """
    window = Window(stream)
    head = window.ahead(_HEAD)
    seen = False
    while _at_interchange(window):
        seen = True
        start = window.offset
        text, encoding = _decoded(window.ahead(_HEAD))
        found = envelope(text, 1)
        if not isinstance(found, Envelope):
            if start > after:
                yield start, window.ahead(_HEAD)
            window.drop(3)
            continue
        isa = text[: len(text) - len(found.body)].encode(encoding)
        window.drop(len(isa))
        for offset, content in _sets(window, found, isa, encoding):
            if offset > after:
                yield offset, content
    if not seen and after < 0:
        yield 0, head


def _at_interchange(window: Window) -> bool:
    """Go on to where the next interchange begins; False where there is none."""
    while window.ahead(_HEAD):
        found = _ISA.search(window.data)
        if found is None:
            window.drop(max(len(window.data) - 4, 0))
            if not window.more():
                return False
            continue
        window.drop(found.start())
        if is_header(window.ahead(400).decode("latin-1")):
            return True
        window.drop(3)
    return False


def _decoded(head: bytes) -> tuple[str, str]:
    """Return the beginning of an interchange as text, and its encoding: separators may be any characters."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head), "utf-8"
    except UnicodeDecodeError:
        return head.decode("latin-1"), "latin-1"


def _sets(window: Window, found: Envelope, isa: bytes, encoding: str) -> Iterator[tuple[int, bytes]]:
    begins = window.offset - len(isa)
    separator, terminator = found.separator.encode(encoding), found.terminator.encode(encoding)
    control = found.header[12].encode(encoding) if len(found.header) > 12 else b"0"
    group, start, count = b"", 0, 0
    opened: list[bytes] = []

    def document() -> bytes:
        number = group.removesuffix(terminator).split(separator)[6].strip() if group.count(separator) >= 6 else b"0"
        ge = separator.join((b"GE", b"1", number)) + terminator if group else b""
        return isa + group + b"".join(opened) + ge + separator.join((b"IEA", b"1", control)) + terminator

    for offset, raw in _segments(window, terminator):
        tag = raw.split(separator, 1)[0].strip()
        if opened and tag in _ENDS:
            opened += [raw] if tag == b"SE" else []
            yield start, document()
            opened = []
        if tag == b"GS":
            group = raw
        elif tag == b"ST":
            opened, start, count = [raw], offset, count + 1
        elif opened:
            opened.append(raw)
    if opened or not count:
        yield start or begins, document()


def _segments(window: Window, terminator: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of every segment up to the next interchange."""
    while True:
        window.drop_space()
        ahead = window.ahead(4)
        if not ahead or (_ISA.match(ahead)):
            return
        scanned = 0
        while (end := window.data.find(terminator, scanned)) < 0:
            scanned = max(len(window.data) - len(terminator) + 1, 0)
            if not window.more():
                end = len(window.data)
                break
        size = min(end + len(terminator), len(window.data))
        if ahead.startswith(b"IEA") and (cut := _NEXT_ISA.search(window.data, 0, size)):
            size = cut.end()
        raw = bytes(window.data[:size])
        yield window.offset, raw if raw.endswith(terminator) else raw.rstrip() + terminator
        window.drop(size)
