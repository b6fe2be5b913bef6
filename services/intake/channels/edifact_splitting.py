"""A large EDIFACT file, cut into one small document for each of its messages, at constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from services.chassis.edifact import START, Separators, separators
from services.intake.channels.edi_window import Window

_HEAD = 4096
_ENDS = {b"UNB", b"UNG", b"UNH", b"UNE", b"UNZ"}
_BREAKS = b"\r\n"


def split(stream: BinaryIO, after: int = -1) -> Iterator[tuple[int, bytes]]:
    """Yield the offset of every message, and the message in an interchange of its own.

    To go on where somebody stopped, pass the last offset as `after`. A file, or an interchange, without any message is
    yielded as the little that tells what is wrong with it. The last message of an interchange whose count is wrong or
    missing is yielded with such a count, so that the doubt about it is not lost.
    """
    window = Window(stream)
    head = window.ahead(_HEAD)
    seen = False
    while (una := _at_interchange(window)) is not None:
        seen = True
        for offset, content in _messages(window, *una):
            if offset > after:
                yield offset, content
    if not seen and after < 0:
        yield 0, head


def _at_interchange(window: Window) -> tuple[bytes, Separators] | None:
    """Go on to where the next UNB begins; return its UNA (empty where there is none) and its separators."""
    while head := window.ahead(_HEAD):
        breaks = b"" if _ends_in_lines(head) else _BREAKS
        flat = head.translate(None, breaks)
        found = START.search(flat)
        if found is None:
            window.drop(max(len(head) - 200, 1) if len(head) == _HEAD else len(head))
            continue
        begin = found.start("element") - 3
        una = b"UNA" + found["una"] if found["una"] else b""
        marks = separators(found, flat[begin : begin + 2000])
        window.drop(_raw_length(head, begin, breaks))
        return una, marks
    return None


@dataclass(slots=True)
class _Envelope:
    """What stands around the messages of an interchange."""

    una: bytes
    element: bytes
    terminator: bytes
    unb: bytes = b""
    group: bytes = b""
    messages: int = 0
    groups: int = 0

    def opens(self, tag: bytes, raw: bytes) -> None:
        """Take note of a segment that opens something."""
        if tag == b"UNB":
            self.unb = raw
        elif tag == b"UNG":
            self.group, self.groups = raw, self.groups + 1
        elif tag == b"UNH":
            self.messages += 1

    def counted(self, raw: bytes) -> bytes:
        """Return the count for a last message alone: wrong where UNZ counts wrongly."""
        stated = self._part(raw, 1).lstrip(b"0")
        return b"1" if stated in {b"%d" % self.messages, b"%d" % self.groups} else b"0"

    def around(self, message: list[bytes], count: bytes | None) -> bytes:
        """Return an interchange of this message alone, without UNZ where `count` is None."""
        une = self._row(b"UNE", b"1", self._part(self.group, 5)) if self.group else b""
        unz = b"" if count is None else self._row(b"UNZ", count, self._part(self.unb, 5))
        return self.una + self.unb + self.group + b"".join(message) + une + unz

    def _row(self, *parts: bytes) -> bytes:
        return self.element.join(parts) + self.terminator

    def _part(self, raw: bytes, number: int) -> bytes:
        parts = raw.removesuffix(self.terminator).split(self.element)
        return parts[number].strip() if len(parts) > number else b"0"


def _messages(window: Window, una: bytes, marks: Separators) -> Iterator[tuple[int, bytes]]:
    begins = start = window.offset
    envelope = _Envelope(una, marks.element.encode("latin-1"), marks.terminator.encode("latin-1"))
    opened: list[bytes] = []
    for offset, raw in _segments(window, marks):
        tag = raw.split(envelope.element, 1)[0].strip().removesuffix(envelope.terminator)
        if opened and tag in _ENDS - {b"UNE"}:
            yield start, envelope.around(opened, envelope.counted(raw) if tag == b"UNZ" else b"1")
            opened = []
        envelope.opens(tag, raw)
        if tag == b"UNH":
            opened, start = [raw], offset
        elif opened and tag not in _ENDS:
            opened.append(raw)
    if opened or not envelope.messages:
        yield (start if opened else begins), envelope.around(opened, None)


def _segments(window: Window, marks: Separators) -> Iterator[tuple[int, bytes]]:
    """Yield offset and bytes of every segment up to the next interchange, without the line breaks in it."""
    terminator, release = marks.terminator.encode("latin-1"), marks.release.encode("latin-1")
    breaks = bytes(character for character in _BREAKS if character not in terminator)
    first = True
    while True:
        window.drop_space()
        ahead = window.ahead(40).translate(None, _BREAKS)[:3]
        if not ahead or ahead == b"UNA" or (ahead == b"UNB" and not first):
            return
        first = False
        size = _segment_end(window, terminator, release, breaks)
        raw = bytes(window.data[:size]).translate(None, breaks)
        yield window.offset, raw if raw.endswith(terminator) else raw + terminator
        window.drop(size)


def _segment_end(window: Window, terminator: bytes, release: bytes, breaks: bytes) -> int:
    scanned = 0
    while True:
        end = window.data.find(terminator, scanned)
        if end < 0:
            scanned = len(window.data)
            if not window.more():
                return scanned
            continue
        scanned = end + 1
        if not release or not _is_released(window.data, end, release, breaks):
            return scanned


def _is_released(data: bytearray, at: int, release: bytes, breaks: bytes) -> bool:
    """Tell whether an odd number of release characters stands before; line breaks between them are nothing."""
    count = 0
    at -= 1
    while at >= 0 and (data[at] == release[0] or data[at] in breaks):
        count += data[at] == release[0]
        at -= 1
    return count % 2 == 1


def _ends_in_lines(head: bytes) -> bool:
    at = head.find(b"UNA")
    return at >= 0 and head[at + 8 : at + 9] in {b"\r", b"\n"}


def _raw_length(head: bytes, flat: int, breaks: bytes) -> int:
    """Return how many bytes hold so many that are no line breaks."""
    for index, character in enumerate(head):
        if character in breaks:
            continue
        if not flat:
            return index
        flat -= 1
    return len(head)
