"""Documents as received, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.intake.domain.draft import Problem

_TEXT_LIMIT = 2000


class DocumentState(StrEnum):
    """What became of a document."""

    ACCEPTED = "ACCEPTED"
    QUARANTINED = "QUARANTINED"


class Outcome(StrEnum):
    """What became of one order in a document."""

    ACCEPTED = "ACCEPTED"
    REPEATED = "REPEATED"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Something that a channel sent; `read_time` is None until somebody has read it to its end."""

    document_id: str
    channel: str
    format: str
    name: str
    state: DocumentState
    digest: str
    size: int
    order_ids: tuple[str, ...]
    problems: tuple[Problem, ...]
    read_time: datetime | None
    create_time: datetime
    update_time: datetime
    # What it came with, names in lower case; nothing secret.
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestedOrder:
    """What became of one order in a document."""

    external_id: str
    order_id: str
    outcome: Outcome


# A document that was stored and not read to its end, because the service stopped in between, says so itself.
NOT_READ = Problem(
    reason="NOT_READ", position="", message="it was received, but reading it did not finish: send or replay it again"
)


def state_of(problems: tuple[Problem, ...]) -> DocumentState:
    """Return what a document with these problems has become."""
    return DocumentState.QUARANTINED if problems else DocumentState.ACCEPTED


def cleaned(problem: Problem) -> Problem:
    """Return the problem with every character that cannot be kept made visible: it may quote what it is about."""
    return Problem(
        reason=problem.reason,
        position=_kept(problem.position),
        message=_kept(problem.message),
        external_id=_kept(problem.external_id),
    )


def _kept(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()[:_TEXT_LIMIT]
