"""The envelope of an EDI interchange: who sent it, its number, and whether an acknowledgement is owed for it."""

import re
from dataclasses import dataclass

from services.intake.domain.channel import AcknowledgementKind

_TEXT_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What an acknowledgement refers to."""

    kind: AcknowledgementKind
    partner: str
    control_number: str


def envelope_of(content: bytes) -> Envelope | None:
    """Return the envelope where the content is an interchange of something else than acknowledgements.

    What cannot be read far enough to say whom to answer is owed nothing: the document itself is quarantined.
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:4000].decode("latin-1")
    if start.startswith("ISA") and len(start) >= 106:
        return _x12(start)
    return _edifact(start) if start.startswith(("UNA", "UNB")) else None


def _x12(start: str) -> Envelope | None:
    parts = start[:106].split(start[3])
    if len(parts) < 17:
        return None
    group = re.search(rf"GS{re.escape(start[3])}(\w+)", start[105:])
    if group and group[1] == "FA":  # acknowledgements are never acknowledged
        return None
    return Envelope(kind=AcknowledgementKind.X997, partner=_clean(parts[6]), control_number=_clean(parts[13]))


def _edifact(start: str) -> Envelope | None:
    component, element, end = (start[3], start[4], start[8]) if start.startswith("UNA") else (":", "+", "'")
    header = start[9:].lstrip() if start.startswith("UNA") else start
    segment, _, rest = header.partition(end)
    parts = segment.split(element)
    if parts[0] != "UNB" or len(parts) < 6:
        return None
    message = rest.lstrip().partition(end)[0].split(element)
    if message[0] == "UNH" and len(message) > 2 and message[2].split(component)[0] == "CONTRL":
        return None
    return Envelope(
        kind=AcknowledgementKind.CONTRL,
        partner=_clean(parts[2].split(component)[0]),
        control_number=_clean(parts[5].split(component)[0]),
    )


def _clean(text: str) -> str:
    return "".join(letter for letter in text.strip() if letter.isprintable())[:_TEXT_LIMIT]
