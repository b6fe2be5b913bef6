"""What an adapter makes of a document."""

from dataclasses import dataclass

from services.intake.domain.draft import Draft, Problem
from services.intake.domain.edits import ChangeDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The orders and changes of orders that could be read, and what is wrong with the rest."""

    drafts: tuple[Draft, ...] = ()
    changes: tuple[ChangeDraft, ...] = ()
    problems: tuple[Problem, ...] = ()
