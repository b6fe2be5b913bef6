"""X12 as it arrives: bytes to transaction sets, with every separator read from the interchange itself.

Forgiven, because partners do it: a byte order mark, an ISA that is not 106 characters, white space and line ends
between segments, a terminator left out at a line's end, trailers that are missing or count wrongly, several
interchanges in a file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.chassis.plain_text import decode

_SPACE = " \t\r\n\x00\x1a\xa0\ufeff"
_ISA = re.compile(r"(?<![A-Za-z0-9])ISA(?=[^A-Za-z0-9\s])")
_TAG = r"[A-Z][A-Z0-9]{1,2}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its tag, its elements and which of its kind it is in its transaction set, counted from 1."""

    tag: str
    elements: tuple[str, ...]
    number: int

    def __getitem__(self, position: int) -> str:
        """Return an element by its X12 number (BEG03 is 3), empty where it is absent."""
        return self.elements[position - 1] if 0 < position <= len(self.elements) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionSet:
    """One ST … SE."""

    interchange: int
    number: int
    code: str
    segments: tuple[Segment, ...]
    closed: bool
    # The control numbers of interchange, group and set: the same in a document that is sent again.
    control: str = ""

    @property
    def position(self) -> str:
        """Where it stands in the document."""
        return f"ISA {self.interchange}, ST {self.number}"

    def at(self, segment: Segment) -> str:
        """Return where one of its segments stands."""
        return f"{self.position}, {segment.tag} {segment.number}"


@dataclass(frozen=True, slots=True)
class NotX12:
    """A place where no transaction set could be read, and why."""

    position: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An interchange: its ISA elements (ISA01 first), its separators, and its segments from the first GS on."""

    number: int
    header: tuple[str, ...]
    separator: str
    component: str
    terminator: str
    body: str

    def segments(self) -> Iterator[list[str]]:
        """Yield tag and elements of every segment behind ISA."""
        return _segments(self.body, self.terminator, self.separator)


def transaction_sets(content: bytes) -> Iterator[TransactionSet | NotX12]:
    """Yield the transaction sets of every interchange, and a `NotX12` for whatever is none."""
    for found in envelopes(content):
        if isinstance(found, NotX12):
            yield found
        else:
            yield from _sets(found)


def envelopes(content: bytes) -> Iterator[Envelope | NotX12]:
    """Yield every interchange, and a `NotX12` for what is none."""
    text = decode(content)
    starts = [match.start() for match in _ISA.finditer(text) if is_header(text[match.start() : match.start() + 400])]
    if not starts:
        yield NotX12("byte 0", f"No X12 interchange begins in the document{_hint(text)}.")
        return
    if text[: starts[0]].strip(_SPACE):
        yield NotX12("byte 0", "There is something before the first ISA that is not X12.")
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), start=1):
        yield envelope(text[start:end], number)


def envelope(text: str, number: int) -> Envelope | NotX12:
    """Return the interchange that a text, which begins with ISA, holds."""
    separator = text[3]
    *header, body = text.split(separator, 16)[1:]
    terminator, component, rest = _terminator(body, separator)
    if not terminator:
        return NotX12(f"ISA {number}", "The segment terminator cannot be told from the ISA segment.")
    return Envelope(
        number=number,
        header=tuple(element.strip(_SPACE) for element in header),
        separator=separator,
        component=component,
        terminator=terminator,
        body=rest,
    )


def is_header(text: str) -> bool:
    """Tell whether a text, which begins with ISA, has the elements of one."""
    elements = text.split(text[3], 17)
    return len(elements) == 18 and all(len(e.strip(_SPACE)) <= 2 for e in (elements[1], elements[3], elements[5]))


def _hint(text: str) -> str:
    start = text.strip(_SPACE)[:3]
    known = {"UNA": "EDIFACT", "UNB": "EDIFACT", "STX": "TRADACOMS", "GS*": "X12 without its ISA segment"}
    kind = known.get(start) or {"<": "XML", "{": "JSON", "[": "JSON"}.get(start[:1])
    return f": it looks like {kind}" if kind else ""


def _sets(found: Envelope) -> Iterator[TransactionSet | NotX12]:
    number, count, group = found.number, 0, ""
    opened: list[tuple[str, ...]] | None = None
    stray = False
    for tag, *elements in found.segments():
        ends = tag in {"SE", "GE", "GS", "IEA", "ST"}
        if opened is not None and ends:
            yield _transaction_set(found, group, count, opened, closed=tag == "SE")
            opened = None
        if tag == "GS":
            group = elements[5] if len(elements) > 5 else ""
        if tag == "ST":
            count += 1
            opened = [(tag, *elements)]
        elif opened is not None:
            opened.append((tag, *elements))
        stray = stray or (opened is None and not ends and tag != "TA1")
    if opened is not None:
        yield _transaction_set(found, group, count, opened, closed=False)
    if stray or not count:
        yield NotX12(f"ISA {number}", "The interchange has segments, or nothing, where an ST should begin.")


def _terminator(body: str, separator: str) -> tuple[str, str, str]:
    """Return the segment terminator, ISA16, and what follows the ISA segment; empty where nobody can tell.

    `body` begins with ISA16. Properly it is one character and the terminator the next. Where only one character that
    is no space stands there, it is ISA16 and lines end the segments, or ISA16 was left out and it is the terminator:
    the end of the next segment tells which.
    """
    follows = re.search(rf"{_TAG}{re.escape(separator)}", body)
    if follows is None or follows.start() > 40:
        return "", "", ""
    head, rest = body[: follows.start()], body[follows.start() :]
    visible = [character for character in head if character not in _SPACE]
    if len(visible) >= 2:
        return visible[1], visible[0], rest
    ends = re.search(rf"(\S?)\s*(?=ST{re.escape(separator)})", rest[:1000])
    if visible and ends and ends[1] == visible[0]:
        return visible[0], "", rest
    return next((space for space in "\n\r" if space in head), ""), "".join(visible[:1]), rest


def _segments(text: str, terminator: str, separator: str) -> Iterator[list[str]]:
    """Yield the segments as tag and elements; a line end before a tag ends a segment too."""
    broken = re.compile(rf"[\r\n][ \t]*(?={_TAG}{re.escape(separator)})")
    for chunk in text.split(terminator):
        for segment in broken.split(chunk.strip(_SPACE)):
            if segment.strip(_SPACE):
                yield [element.strip(_SPACE) for element in segment.strip(_SPACE).split(separator)]


def _transaction_set(
    found: Envelope, group: str, number: int, rows: list[tuple[str, ...]], *, closed: bool
) -> TransactionSet:
    seen: dict[str, int] = {}
    segments = []
    for tag, *elements in rows:
        seen[tag] = seen.get(tag, 0) + 1
        segments.append(Segment(tag, tuple(elements), seen[tag]))
    return TransactionSet(
        interchange=found.number,
        number=number,
        code=segments[0][1],
        segments=tuple(segments),
        closed=closed,
        control="/".join((found.header[12] if len(found.header) > 12 else "", group, segments[0][2])),
    )
