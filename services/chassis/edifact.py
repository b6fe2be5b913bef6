"""EDIFACT as it arrives: bytes to messages, with every separator read from the interchange itself.

A tokeniser of its own, because pydifact (0.2.3) reads one interchange in one piece: of a file with several it makes
one, a byte order mark or one bad tag loses the whole file, and what UNA, UNB and UNT say is checked by exceptions that
leave nothing of what could be read.

Forgiven, because partners do it: a byte order mark, UNA left out, lines broken anywhere (in the middle of a tag too),
trailers that are missing or count wrongly, several interchanges in a file, groups or none, a character set that is not
the one that UNB names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Where an interchange begins: UNA, if any, and UNB.
START = re.compile(
    rb"(?<![A-Za-z0-9])(?:UNA(?P<una>[^A-Za-z0-9\s].{5})[\r\n\t ]{0,20})?"
    rb"UNB(?P<element>[^A-Za-z0-9\s])[A-Z]{4}(?P<component>[^A-Za-z0-9\s])[0-9]",
    re.DOTALL,
)
_BARE = re.compile(rb"(?<![A-Za-z0-9])UNH\+[^'+]{0,35}\+[A-Z]{6}:")
_SPACE = " \t\r\n\x00\x1a\ufeff"
_CHARSETS = {
    "UNOC": "latin-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
}
_SERVICE_TAGS = frozenset({"UNB", "UNG", "UNH", "UNE", "UNZ"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its tag, its elements as components, and which of its kind it is in its message, counted from 1."""

    tag: str
    elements: tuple[tuple[str, ...], ...]
    number: int

    def get(self, element: int, component: int = 1) -> str:
        """Return a component by its numbers, both counted from 1; empty where it is absent."""
        components = self.components(element)
        return components[component - 1] if 0 < component <= len(components) else ""

    def components(self, element: int) -> tuple[str, ...]:
        """Return all components of an element, none where it is absent."""
        return self.elements[element - 1] if 0 < element <= len(self.elements) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Separators:
    """The characters that UNA sets; `release` is empty where there is none."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    terminator: str = "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One UNH … UNT. `doubts` say, in words, why something of it may be missing."""

    interchange: int
    number: int
    type: str
    segments: tuple[Segment, ...]
    doubts: tuple[str, ...]
    # The control references of interchange and message: the same in a document that is sent again.
    control: str
    # Sender and receiver, as UNB names them.
    sender: str = ""
    receiver: str = ""

    @property
    def position(self) -> str:
        """Where it stands in the document."""
        return f"UNB {self.interchange}, UNH {self.number}"

    def at(self, segment: Segment) -> str:
        """Return where one of its segments stands."""
        return f"{self.position}, {segment.tag} {segment.number}"


@dataclass(frozen=True, slots=True)
class NotEdifact:
    """A place where no message could be read, and why."""

    position: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """An interchange: its separators and all its segments from UNB on, numbered through."""

    number: int
    separators: Separators
    header: Segment
    segments: tuple[Segment, ...]


def messages(content: bytes) -> Iterator[Message | NotEdifact]:
    """Yield the messages of every interchange, and a `NotEdifact` for whatever is none."""
    for found in interchanges(content):
        if isinstance(found, NotEdifact):
            yield found
        else:
            yield from _messages(found)


def interchanges(content: bytes) -> Iterator[Interchange | NotEdifact]:
    """Yield every interchange, and a `NotEdifact` for whatever is none."""
    data = _unwrapped(content)
    starts = list(START.finditer(data))
    if not starts:
        bare = _BARE.search(data)
        if bare is None:
            yield NotEdifact("byte 0", f"No EDIFACT interchange begins in the document{_hint(data)}.")
            return
        yield _interchange(data[bare.start() :], 1, Separators())
        return
    if data[: starts[0].start()].strip(_SPACE.encode() + b"\xa0"):
        yield NotEdifact("byte 0", "There is something before the first UNB that is not EDIFACT.")
    ends = [match.start() for match in starts[1:]] + [len(data)]
    for number, (match, end) in enumerate(zip(starts, ends, strict=True), start=1):
        begin = match.start("element") - 3
        yield _interchange(data[begin:end], number, separators(match, data[begin : begin + 2000]))


def separators(start: re.Match[bytes], head: bytes) -> Separators:
    """Return the separators of the interchange that begins here: UNA's, else the ones that UNB shows."""
    una = start["una"]
    if una:
        component, element, decimal, release, _, terminator = tuple(una.decode("latin-1"))
        return Separators(
            component=component, element=element, decimal=decimal, release=release.strip(), terminator=terminator
        )
    element, component = start["element"].decode("latin-1"), start["component"].decode("latin-1")
    if element == "\x1d":
        return Separators(component=component, element=element, release="", terminator="\x1c")
    follows = re.search(rb"([^A-Za-z0-9\s])\s*UN[GH]" + re.escape(start["element"]), head)
    terminator = follows[1].decode("latin-1") if follows else "'"
    return Separators(component=component, element=element, terminator=terminator)


def _unwrapped(content: bytes) -> bytes:
    """Return the bytes without the line breaks that somebody put anywhere, unless lines end the segments."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", errors="replace").encode("utf-8", errors="replace")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if re.search(rb"UNA[^A-Za-z0-9\s].{4}[\r\n]", content[:2000], re.DOTALL):
        return content
    return content.translate(None, b"\r\n")


def _hint(data: bytes) -> str:
    start = data.decode("latin-1").strip(_SPACE)[:4]
    known = {"ISA": "X12", "STX": "TRADACOMS", "UIB": "interactive EDIFACT"}
    kind = known.get(start[:3]) or {"<": "XML", "{": "JSON", "[": "JSON"}.get(start[:1])
    return f": it looks like {kind}" if kind else ""


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        level = data[4:8].decode("latin-1")
        return data.decode(_CHARSETS.get(level, "latin-1"), errors="replace")


def _interchange(data: bytes, number: int, marks: Separators) -> Interchange:
    rows: list[Segment] = []
    seen: dict[str, int] = {}
    for raw in cut(_decoded(data), marks.terminator, marks.release):
        text = raw.strip(_SPACE)
        if not text:
            continue
        tag, *elements = cut(text, marks.element, marks.release)
        name = cut(tag, marks.component, marks.release)[0].strip(_SPACE)
        if name == "UNH":
            seen = {key: count for key, count in seen.items() if key in _SERVICE_TAGS}
        seen[name] = seen.get(name, 0) + 1
        parts = tuple(
            tuple(_plain(part, marks.release) for part in cut(element, marks.component, marks.release))
            for element in elements
        )
        rows.append(Segment(name, parts, seen[name]))
    header = rows[0] if rows and rows[0].tag == "UNB" else Segment("UNB", (), 1)
    return Interchange(number=number, separators=marks, header=header, segments=tuple(rows))


def cut(text: str, separator: str, release: str) -> list[str]:
    """Return the text cut at every separator that is not released."""
    pieces = text.split(separator)
    if not release or release not in text:
        return pieces
    result: list[str] = []
    held: list[str] = []
    for piece in pieces:
        held.append(piece)
        if (len(piece) - len(piece.rstrip(release))) % 2 == 0:
            result.append(separator.join(held))
            held = []
    if held:
        result.append(separator.join(held))
    return result


def _plain(text: str, release: str) -> str:
    if release and release in text:
        text = re.sub(re.escape(release) + "(.)", r"\1", text, flags=re.DOTALL)
    return text.strip(_SPACE)


def _messages(found: Interchange) -> Iterator[Message | NotEdifact]:
    trailer = next((segment for segment in reversed(found.segments) if segment.tag == "UNZ"), None)
    bounds = [index for index, segment in enumerate(found.segments) if segment.tag in _SERVICE_TAGS]
    heads = [index for index in bounds if found.segments[index].tag == "UNH"]
    ends = dict(zip(bounds, [*bounds[1:], len(found.segments)], strict=False))
    for number, start in enumerate(heads, start=1):
        rows = found.segments[start : ends[start]]
        closed = next((index for index, segment in enumerate(rows) if segment.tag == "UNT"), None)
        rows = rows if closed is None else rows[: closed + 1]
        doubts = _doubts(rows, closed=closed is not None)
        if number == len(heads):
            doubts += _interchange_doubts(found, trailer, len(heads))
        yield Message(
            interchange=found.number,
            number=number,
            type=rows[0].get(2),
            segments=rows,
            doubts=doubts,
            control="/".join((found.header.get(5), rows[0].get(1))),
            sender=found.header.get(2),
            receiver=found.header.get(3),
        )
    if not heads:
        yield NotEdifact(f"UNB {found.number}", "The interchange has no message: no UNH begins in it.")


def _doubts(rows: tuple[Segment, ...], *, closed: bool) -> tuple[str, ...]:
    if not closed:
        return ("the message ends without UNT",)
    stated = rows[-1].get(1).lstrip("0")
    return () if stated == str(len(rows)) else (f"UNT counts {stated[:10] or 0} segments, there are {len(rows)}",)


def _interchange_doubts(found: Interchange, trailer: Segment | None, count: int) -> tuple[str, ...]:
    if trailer is None:
        return ("the interchange ends without UNZ, so messages may be missing",)
    groups = sum(1 for segment in found.segments if segment.tag == "UNG")
    stated = trailer.get(1).lstrip("0")
    expected = {str(count), str(groups)} if groups else {str(count)}
    return () if stated in expected else (f"UNZ counts {stated[:10] or 0} messages, there are {count}",)
