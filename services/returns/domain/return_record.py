"""A return and what can happen to its goods. ("return" is a word that Python keeps for itself.)"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.kernel.errors import FailedPrecondition
from services.returns.domain.authorization import Authorization
from services.returns.domain.disposition import Disposition, Dispositions, final_units, inspected
from services.returns.domain.order import unknown_line


class Reception(StrEnum):
    """Whether it came: the second of the three axes, computed from the lines."""

    AWAITED = "AWAITED"
    PARTLY_RECEIVED = "PARTLY_RECEIVED"
    RECEIVED = "RECEIVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """Units of a line that are to come back, those that came, and what became of them."""

    line_id: str
    sku: str
    quantity: int
    reason: str
    received: int = 0
    dispositions: Dispositions = field(default_factory=dict)

    @property
    def awaited(self) -> int:
        return self.quantity - self.received

    @property
    def final(self) -> int:
        return final_units(self.dispositions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Units of a line that were looked at, and what becomes of them."""

    line_id: str
    quantity: int
    disposition: Disposition
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRecord:
    """Goods that come back."""

    return_id: str
    order_id: str
    authorization: Authorization
    decision_reason: str
    lines: tuple[ReturnLine, ...]
    node_id: str
    shipment_id: str
    tracking_number: str
    label_uri: str
    closed: bool
    create_time: datetime
    update_time: datetime

    @property
    def received(self) -> int:
        return sum(line.received for line in self.lines)

    @property
    def reception(self) -> Reception:
        if self.received == 0:
            return Reception.AWAITED
        return Reception.PARTLY_RECEIVED if any(line.awaited for line in self.lines) else Reception.RECEIVED

    def line(self, line_id: str) -> ReturnLine:
        """Return the line.

        Raises:
            InvalidArgument: UNKNOWN_LINE.
        """
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise unknown_line(line_id)

    def claims(self) -> dict[str, int]:
        """Return the delivered units per line that this return holds, so that no other return may ask for them.

        A return that was refused or given up holds nothing; one that is over holds what came.
        """
        if self.authorization in (Authorization.DECLINED, Authorization.CANCELLED):
            return dict.fromkeys((line.line_id for line in self.lines), 0)
        return {line.line_id: line.received if self.closed else line.quantity for line in self.lines}


def require_authorized(record: ReturnRecord) -> None:
    """Raise FailedPrecondition NOT_AUTHORIZED where it may not come back."""
    if record.authorization != Authorization.AUTHORIZED:
        raise FailedPrecondition(
            f"return {record.return_id} is {record.authorization.lower()}, not authorized",
            reason="NOT_AUTHORIZED",
            authorization=record.authorization.value,
        )


def receive(record: ReturnRecord, came: Mapping[str, int]) -> tuple[ReturnRecord, dict[str, int]]:
    """Return the record after these units came (all that are awaited where none are named), and what came.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
        FailedPrecondition: NOT_AUTHORIZED; MORE_THAN_AWAITED. Nothing is awaited of a return that is over.
    """
    require_authorized(record)
    awaited = {line.line_id: 0 if record.closed else line.awaited for line in record.lines}
    units = dict(came) or {line_id: number for line_id, number in awaited.items() if number}
    if not units:
        raise _more_than_awaited(record.lines[0].line_id, wanted=1, awaited=0)
    for line_id, number in units.items():
        record.line(line_id)
        if number > awaited[line_id]:
            raise _more_than_awaited(line_id, wanted=number, awaited=awaited[line_id])
    lines = tuple(replace(line, received=line.received + units.get(line.line_id, 0)) for line in record.lines)
    return replace(record, lines=lines), units


def inspect(record: ReturnRecord, inspections: Iterable[Inspection]) -> ReturnRecord:
    """Return the record after these inspections, made one after the other.

    Raises:
        InvalidArgument: UNKNOWN_LINE.
        FailedPrecondition: MORE_THAN_RECEIVED.
    """
    after = {line.line_id: line for line in record.lines}
    for one in inspections:
        line = after.get(one.line_id) or record.line(one.line_id)
        dispositions = inspected(line.line_id, line.received, line.dispositions, one.disposition, one.quantity)
        after[one.line_id] = replace(line, dispositions=dispositions)
    return replace(record, lines=tuple(after.values()))


def _more_than_awaited(line_id: str, *, wanted: int, awaited: int) -> FailedPrecondition:
    return FailedPrecondition(
        f"{awaited} units of line {line_id} are awaited, not {wanted}",
        reason="MORE_THAN_AWAITED",
        line_id=line_id,
        wanted=wanted,
        awaited=awaited,
    )
