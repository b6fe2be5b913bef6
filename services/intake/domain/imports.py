"""Files that are taken over in parts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.intake.domain.draft import Problem

# What a file may be, and what its parts are: the rows of a workbook are sent as CSV.
PART_FORMATS = {"csv": "csv", "xlsx": "csv", "x12": "x12", "edifact": "edifact"}


class ImportState(StrEnum):
    """Whether there is more to come."""

    OPEN = "OPEN"
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What makes a file the one that it is: the same bytes of the same channel are the same import."""

    channel: str
    format: str
    digest: str
    size: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """How far a file was taken over; `position` is where the last order that is kept begins, -1 where there is none."""

    import_id: str
    file: File
    state: ImportState
    next_part: int
    position: int
    actor: str
    create_time: datetime
    update_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some whole orders of a file; `position` is where the last of them begins."""

    number: int
    position: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PartProblem:
    """What is wrong with an order, and in which part it stands."""

    part: int
    document_id: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of everything in the parts that are kept."""

    accepted: int = 0
    repeated: int = 0
    conflicts: int = 0
    quarantined: int = 0
    unread_parts: int = 0
