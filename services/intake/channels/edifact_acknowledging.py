"""The CONTRL that answers an EDIFACT interchange: what was received, and what became of each of its messages.

Pure: the caller knows what became of the messages and which reference comes next. CONTRL itself (and APERAK) is never
answered.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.edifact import Interchange, NotEdifact, Segment, Separators
from services.chassis.edifact import interchanges as _found
from services.intake.channels.refusal import MISSING_FIELD, NOT_AN_ORDER, UNSUPPORTED
from services.intake.domain.draft import Problem

_ACKNOWLEDGEMENTS = {"CONTRL", "APERAK"}
_INVALID, _MISSING, _NOT_SUPPORTED, _UNSPECIFIED, _MISCOUNTED = "12", "13", "14", "18", "29"


class Action(StrEnum):
    """What became of a message or an interchange (0083)."""

    REJECTED = "4"
    ACKNOWLEDGED = "7"
    RECEIVED = "8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a segment (UCS), and, where `element` is not 0, with one of its elements (UCD).

    `position` counts the segments of the message, UNH being 1. Codes are those of 0085.
    """

    position: int
    code: str = ""
    element: int = 0
    component: int = 0
    element_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a message; `code` (0085) says why it was rejected."""

    action: Action = Action.ACKNOWLEDGED
    code: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """One UNH … UNT; `type` is S009, such as ORDERS, D, 96A, UN, EAN008."""

    position: str
    reference: str
    type: tuple[str, ...]
    tags: tuple[str, ...]
    miscounted: bool

    @property
    def is_acknowledgement(self) -> bool:
        """Whether it is one itself, which is not answered."""
        return self.type[0] in _ACKNOWLEDGEMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedInterchange:
    """One UNB … UNZ. Sender and receiver are S002 and S003; `asks` is 0031, an acknowledgement asked for."""

    position: str
    syntax: tuple[str, ...]
    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    control: str
    asks: bool
    is_test: bool
    messages: tuple[ReceivedMessage, ...]
    separators: Separators

    @property
    def answered(self) -> tuple[ReceivedMessage, ...]:
        """The messages that a CONTRL is owed for."""
        return tuple(message for message in self.messages if not message.is_acknowledgement)


def interchanges(content: bytes) -> list[ReceivedInterchange]:
    """Return the interchanges in a document; what is none is left out."""
    return [_received(found) for found in _found(content) if not isinstance(found, NotEdifact)]


def owed(content: bytes) -> int:
    """Return how many acknowledgements, and so how many references, a document is answered with."""
    return sum(1 for interchange in interchanges(content) if interchange.answered and interchange.control)


def write(content: bytes, problems: Sequence[Problem], *, control_number: int, now: datetime) -> bytes:
    """Return the acknowledgements of all interchanges of a document, numbered from `control_number` on."""
    answered = [interchange for interchange in interchanges(content) if interchange.answered and interchange.control]
    return b"".join(
        acknowledgement(interchange, judged(interchange, problems), reference=str(control_number + index), time=now)
        for index, interchange in enumerate(answered)
    )


def judged(interchange: ReceivedInterchange, problems: Iterable[Problem]) -> dict[str, Outcome]:
    """Return what became of each message, by its position: rejected for its problems, else acknowledged."""
    by_message: dict[str, list[Problem]] = {}
    for problem in problems:
        by_message.setdefault(", ".join(problem.position.split(", ")[:2]), []).append(problem)
    return {
        message.position: _outcome(message, by_message.get(message.position, [])) for message in interchange.messages
    }


def acknowledgement(
    interchange: ReceivedInterchange, outcomes: Mapping[str, Outcome], *, reference: str, time: datetime
) -> bytes:
    """Return the interchange with the CONTRL, nothing where none is owed.

    `outcomes` are by the messages' positions; a message that is not in it was acknowledged. `reference` is ours, at
    most 14 characters. Sender and receiver are swapped, the separators are those of the interchange that is answered.
    """
    answered = interchange.answered
    if not answered or not interchange.control:
        return b""
    marks = interchange.separators
    body: list[list[tuple[str, ...]]] = [
        [("UNH",), ("1",), ("CONTRL", "D", "3", "UN")],
        [("UCI",), (interchange.control,), interchange.sender, interchange.receiver, (Action.ACKNOWLEDGED.value,)],
    ]
    for message in answered:
        body += _rows(message, outcomes.get(message.position, Outcome()))
    body.append([("UNT",), (str(len(body) + 1),), ("1",)])
    version = interchange.syntax[1] if len(interchange.syntax) > 1 else "3"
    date = f"{time:%Y%m%d}" if version >= "4" else f"{time:%y%m%d}"
    syntax = interchange.syntax or ("UNOA", "3")
    unb: list[tuple[str, ...]] = [
        ("UNB",),
        syntax,
        interchange.receiver,
        interchange.sender,
        (date, f"{time:%H%M}"),
        (reference[:14],),
    ]
    if interchange.is_test:
        unb += [("",), ("",), ("",), ("",), ("",), ("1",)]
    rows: list[list[tuple[str, ...]]] = [unb, *body, [("UNZ",), ("1",), (reference[:14],)]]
    una = "" if marks == Separators() else _una(marks)
    return (una + "".join(_segment(row, marks) for row in rows)).encode("utf-8")


def _received(found: Interchange) -> ReceivedInterchange:
    header = found.header
    return ReceivedInterchange(
        position=f"UNB {found.number}",
        syntax=_trimmed(header.components(1)),
        sender=_trimmed(header.components(2)[:2]),
        receiver=_trimmed(header.components(3)[:2]),
        control=header.get(5),
        asks=header.get(9) == "1",
        is_test=header.get(11) == "1",
        messages=tuple(_messages(found)),
        separators=found.separators,
    )


def _messages(found: Interchange) -> Iterable[ReceivedMessage]:
    rows: list[Segment] = []
    number = 0
    for segment in (*found.segments, Segment("UNZ", (), 0)):
        if rows and segment.tag in {"UNH", "UNT", "UNE", "UNG", "UNZ"}:
            ended = [*rows, segment] if segment.tag == "UNT" else rows
            number += 1
            yield _message(f"UNB {found.number}, UNH {number}", ended)
            rows = []
        if segment.tag == "UNH" or rows:
            rows.append(segment)


def _message(position: str, rows: list[Segment]) -> ReceivedMessage:
    head, last = rows[0], rows[-1]
    right = last.tag == "UNT" and last.get(1).lstrip("0") == str(len(rows)) and last.get(2) == head.get(1)
    return ReceivedMessage(
        position=position,
        reference=head.get(1),
        type=_trimmed(head.components(2)) or ("",),
        tags=tuple(segment.tag for segment in rows),
        miscounted=not right,
    )


def _outcome(message: ReceivedMessage, problems: list[Problem]) -> Outcome:
    if not problems:
        return Outcome()
    if any(problem.reason == NOT_AN_ORDER for problem in problems):
        return Outcome(action=Action.REJECTED, code=_NOT_SUPPORTED)
    faults = tuple(fault for problem in problems if (fault := _fault(message, problem)) is not None)
    code = "" if faults else _MISCOUNTED if message.miscounted else _UNSPECIFIED
    return Outcome(action=Action.REJECTED, code=code, faults=faults)


def _fault(message: ReceivedMessage, problem: Problem) -> Fault | None:
    where = re.search(r", ([A-Z]{3}) (\d{1,7})$", problem.position)
    if where is None or where[1] == "UNH":
        return None
    positions = [index for index, tag in enumerate(message.tags, start=1) if tag == where[1]]
    number = int(where[2])
    if not 1 <= number <= len(positions):
        return None
    code = {MISSING_FIELD: _MISSING, UNSUPPORTED: _NOT_SUPPORTED}.get(problem.reason, _INVALID)
    return Fault(position=positions[number - 1], code=code)


def _rows(message: ReceivedMessage, outcome: Outcome) -> list[list[tuple[str, ...]]]:
    rows: list[list[tuple[str, ...]]] = [
        [("UCM",), (message.reference,), message.type, (outcome.action.value,), (outcome.code,)]
    ]
    for fault in outcome.faults:
        rows.append([("UCS",), (str(fault.position),), (fault.code,)])
        if fault.element:
            place = (str(fault.element), str(fault.component)) if fault.component else (str(fault.element),)
            rows.append([("UCD",), (fault.element_code or _INVALID,), place])
    return rows


def _trimmed(components: tuple[str, ...]) -> tuple[str, ...]:
    kept = list(components)
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)


def _una(marks: Separators) -> str:
    return f"UNA{marks.component}{marks.element}{marks.decimal}{marks.release or ' '} {marks.terminator}"


def _segment(row: list[tuple[str, ...]], marks: Separators) -> str:
    elements = [marks.component.join(_released(part, marks) for part in _trimmed(element)) for element in row]
    while elements and not elements[-1]:
        elements.pop()
    return marks.element.join(elements) + marks.terminator


def _released(text: str, marks: Separators) -> str:
    special = marks.component + marks.element + marks.terminator + marks.release
    if not marks.release:
        return text.translate({ord(character): " " for character in special})
    return "".join(marks.release + character if character in special else character for character in text)
