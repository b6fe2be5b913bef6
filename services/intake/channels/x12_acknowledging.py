"""The 997 that answers an X12 interchange: what was received, and what became of each of its transaction sets.

Pure: the caller knows what became of the sets and which control numbers come next. One 997 answers one functional
group; a group of acknowledgements (FA) is never answered.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.intake.channels.refusal import MISSING_FIELD, NOT_AN_ORDER, UNSUPPORTED
from services.intake.channels.x12_interchanges import ReceivedGroup, ReceivedInterchange, ReceivedSet, interchanges
from services.intake.domain.draft import Problem

_SET_NOT_SUPPORTED, _SEGMENTS_IN_ERROR = "1", "5"
_MISSING_SEGMENT, _BAD_ELEMENTS = "3", "8"


class Verdict(StrEnum):
    """What became of a transaction set (AK501)."""

    ACCEPTED = "A"
    ACCEPTED_WITH_ERRORS = "E"
    REJECTED = "R"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a segment (AK3), and, where `element` is not 0, with one of its elements (AK4).

    `position` counts the segments of the set, ST being 1; it is 0 for a segment that is missing.
    """

    tag: str
    position: int
    code: str
    element: int = 0
    element_code: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a transaction set, with the codes of AK502 to AK506."""

    verdict: Verdict = Verdict.ACCEPTED
    codes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def owed(content: bytes) -> int:
    """Return how many acknowledgements, and so how many control numbers, a document is answered with."""
    return sum(1 for interchange in interchanges(content) if interchange.answered)


def write(content: bytes, problems: Sequence[Problem], *, control_number: int, now: datetime) -> bytes:
    """Return the acknowledgements of all interchanges of a document, numbered from `control_number` on."""
    answered = [interchange for interchange in interchanges(content) if interchange.answered]
    return b"".join(
        acknowledgement(
            interchange,
            judged(interchange, problems),
            interchange_control=control_number + index,
            group_control=control_number + index,
            time=now,
        )
        for index, interchange in enumerate(answered)
    )


def judged(interchange: ReceivedInterchange, problems: Iterable[Problem]) -> dict[str, Outcome]:
    """Return what became of each set, by its position: rejected for its problems, else for a bad trailer noted."""
    by_set: dict[str, list[Problem]] = {}
    for problem in problems:
        by_set.setdefault(", ".join(problem.position.split(", ")[:2]), []).append(problem)
    return {
        received.position: _outcome(received, by_set.get(received.position, []))
        for group in interchange.groups
        for received in group.sets
    }


def acknowledgement(
    interchange: ReceivedInterchange,
    outcomes: Mapping[str, Outcome],
    *,
    interchange_control: int,
    group_control: int,
    time: datetime,
) -> bytes:
    """Return the interchange with a 997 for each group, nothing where none is owed.

    `outcomes` are by the sets' positions; a set that is not in it was accepted. Sender and receiver are swapped, the
    separators are those of the interchange that is answered.
    """
    groups = interchange.answered
    if not groups:
        return b""
    rows: list[list[str]] = []
    for number, group in enumerate(groups, start=1):
        control = f"{number:04}"
        body = [["ST", "997", control], *_group_rows(group, outcomes)]
        rows += [*body, ["SE", str(len(body) + 1), control]]
    first = groups[0]
    gs = ["GS", "FA", first.receiver, first.sender, f"{time:%Y%m%d}", f"{time:%H%M}", str(group_control), "X"]
    rows = [[*gs, first.version or "004010"], *rows, ["GE", str(len(groups)), str(group_control)]]
    sent = f"{interchange_control % 10**9:09}"
    rows.append(["IEA", "1", sent])
    head = _isa(interchange, sent, time)
    return (head + "".join(_segment(interchange, row) for row in rows)).encode("utf-8")


def _outcome(received: ReceivedSet, problems: list[Problem]) -> Outcome:
    if not problems:
        verdict = Verdict.ACCEPTED_WITH_ERRORS if received.trailer_codes else Verdict.ACCEPTED
        return Outcome(verdict=verdict, codes=received.trailer_codes)
    unsupported = any(problem.reason == NOT_AN_ORDER for problem in problems)
    code = _SET_NOT_SUPPORTED if unsupported else _SEGMENTS_IN_ERROR
    faults = tuple(fault for problem in problems if (fault := _fault(received, problem)) is not None)
    codes = tuple(dict.fromkeys((code, *received.trailer_codes)))[:5]
    return Outcome(verdict=Verdict.REJECTED, codes=codes, faults=faults)


def _fault(received: ReceivedSet, problem: Problem) -> Fault | None:
    where = re.search(r", ([A-Z][A-Z0-9]{1,2}) (\d{1,7})$", problem.position)
    if where is None or where[1] == "ST":
        tag = "BEG" if problem.reason == MISSING_FIELD else ""
        return Fault(tag=tag, position=0, code=_MISSING_SEGMENT) if tag and tag not in received.tags else None
    tag, number = where[1], int(where[2])
    positions = [index for index, name in enumerate(received.tags, start=1) if name == tag]
    if not 1 <= number <= len(positions):
        return None
    code = "2" if problem.reason == UNSUPPORTED and tag == "SDQ" else _BAD_ELEMENTS
    return Fault(tag=tag, position=positions[number - 1], code=code)


def _group_rows(group: ReceivedGroup, outcomes: Mapping[str, Outcome]) -> list[list[str]]:
    rows = [["AK1", group.code, group.control]]
    verdicts = []
    for received in group.sets:
        outcome = outcomes.get(received.position, Outcome())
        verdicts.append(outcome.verdict)
        rows.append(["AK2", received.code, received.control])
        for fault in outcome.faults:
            rows.append(["AK3", fault.tag, str(fault.position), "", fault.code])
            if fault.element:
                rows.append(["AK4", str(fault.element), "", fault.element_code, fault.value[:99]])
        rows.append(["AK5", outcome.verdict.value, *outcome.codes[:5]])
    accepted = sum(verdict != Verdict.REJECTED for verdict in verdicts)
    rows.append(["AK9", _group_verdict(verdicts), str(group.stated), str(len(group.sets)), str(accepted)])
    return rows


def _group_verdict(verdicts: list[Verdict]) -> str:
    rejected = verdicts.count(Verdict.REJECTED)
    if rejected:
        return "R" if rejected == len(verdicts) else "P"
    return "E" if Verdict.ACCEPTED_WITH_ERRORS in verdicts else "A"


def _isa(interchange: ReceivedInterchange, number: str, time: datetime) -> str:
    component = interchange.component or ">"
    elements = ["ISA", "00", " " * 10, "00", " " * 10]
    for qualifier, name in (interchange.receiver, interchange.sender):
        elements += [f"{_clean(interchange, qualifier):2.2}", f"{_clean(interchange, name):15.15}"]
    version = _clean(interchange, interchange.version)
    standard = "U" if version < "00402" else "^" if interchange.separator != "^" else "U"
    usage = interchange.usage if interchange.usage in {"P", "T", "I"} else "P"
    elements += [f"{time:%y%m%d}", f"{time:%H%M}", standard, f"{version:5.5}", number, "0", usage, component]
    return interchange.separator.join(elements) + interchange.terminator


def _segment(interchange: ReceivedInterchange, row: list[str]) -> str:
    cleaned = [_clean(interchange, element) for element in row]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return interchange.separator.join(cleaned) + interchange.terminator


def _clean(interchange: ReceivedInterchange, text: str) -> str:
    """Return the text without what would be a separator."""
    separators = interchange.separator + interchange.terminator + (interchange.component or "")
    return text.translate({ord(character): " " for character in separators}).strip()
