"""A change of an order: asked for once, decided once, and never changed afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.intake.domain.edits import Edit
from services.intake.domain.order import Order, OrderLine
from services.intake.domain.repricing import Worth
from services.kernel import ids

# What stands between a line's external id and the number of the change that added units to it.
ADDED = "/added-"


class ChangeState(StrEnum):
    """Where a change stands."""

    REQUESTED = "REQUESTED"
    CONFIRMED = "CONFIRMED"
    DECLINED = "DECLINED"


class Reason(StrEnum):
    """Why an edit was not done, or not all of it."""

    NOTHING_LEFT = "NOTHING_LEFT"
    TOO_LATE = "TOO_LATE"
    PARTLY_TOO_LATE = "PARTLY_TOO_LATE"
    INTERCEPTING = "INTERCEPTING"
    UNITS_NOT_FREE = "UNITS_NOT_FREE"
    MONEY_TAKEN = "MONEY_TAKEN"
    MONEY_NOT_EXACT = "MONEY_NOT_EXACT"
    NOT_ALIKE = "NOT_ALIKE"
    BUSY = "BUSY"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """What became of one edit; `order_id` is the order that it made or took in."""

    applied: bool
    reason: str = ""
    order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """What really happened to a line by one edit; `cancelled` is how many of its units are cancelled in all."""

    line_id: str
    edit: int
    wanted: int
    done: int
    intercepting: int = 0
    too_late: int = 0
    added_line_id: str = ""
    cancelled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """One change of an order."""

    change_id: str
    order_id: str
    version: int
    state: ChangeState
    edits: tuple[Edit, ...]
    reason: str
    actor: str
    etag: str
    currency_code: str
    request_time: datetime
    # The order was at rest when it was asked for: there was no process to decide it.
    by_rooms: bool = False
    # What an order was worth that it took in.
    taken_in: Worth | None = None
    decide_time: datetime | None = None
    results: tuple[EditResult, ...] = ()
    lines: tuple[LineChange, ...] = ()
    before: Worth | None = None
    after: Worth | None = None
    refund: int = 0

    def decided(
        self,
        *,
        results: Sequence[EditResult],
        lines: Iterable[LineChange],
        before: Worth,
        after: Worth,
        refund: int,
        now: datetime,
    ) -> "OrderChange":
        """Return the change with its answer: confirmed where any part of it was done."""
        return replace(
            self,
            state=ChangeState.CONFIRMED if any(one.applied for one in results) else ChangeState.DECLINED,
            results=tuple(results),
            lines=tuple(lines),
            before=before,
            after=after,
            refund=refund,
            decide_time=now,
        )


def added_line_id(change_id: str, edit: int, source: str = "") -> str:
    """Return the id of the line that an edit adds, the same whenever it is asked for."""
    return ids.derived(ids.LINE, change_id, str(edit), source)


def family(order: Order, line: OrderLine) -> tuple[OrderLine, ...]:
    """Return the line and those that changes added to it, oldest first."""
    return (line, *(one for one in order.lines if one.external_line_id.startswith(line.external_line_id + ADDED)))
