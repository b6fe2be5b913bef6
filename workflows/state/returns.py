"""What the return process does next: authorization, label, goods, disposition, money.

Receiving, judging and paying back are independent: money is owed for what was received and judged, whatever became of
it; goods go back to stock whether or not the money has gone.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from workflows.state.units import Units

# Nobody decided, or nothing came: an authorization ends when its label would.
DECISION_LIMIT = timedelta(days=14)
PARCEL_LIMIT = timedelta(days=60)
INSPECTION_LIMIT = timedelta(days=7)


class Authorization(StrEnum):
    """Whether it may come back."""

    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Judged:
    """Units with a final disposition."""

    line_id: str
    sku: str
    quantity: int
    disposition: str


@dataclass(frozen=True, slots=True)
class Label:
    """Buy a label for the parcel back."""


@dataclass(frozen=True, slots=True)
class Restock:
    """Record that judged units came back, and put into stock what belongs there."""

    key: str
    units: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Reimburse:
    """Pay back for judged units."""

    key: str
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until something happens, or for this long; `on` says what is being waited for."""

    limit: timedelta
    on: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nothing happened for too long: cancel what has not come."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """Everything that came has been judged, recorded and paid for."""


Step = Label | Restock | Reimburse | Wait | GiveUp | Done


@dataclass(slots=True)
class ReturnState:
    """The machine: methods for what happened, `next_step` for what to do about it."""

    lines: dict[str, Units]
    authorization: Authorization
    labelled: bool = False
    given_up: bool = False
    late: bool = False
    received: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)
    changes: int = 0
    _heard: set[str] = field(default_factory=set)
    _restocks: deque[Restock] = field(default_factory=deque)
    _reimbursements: deque[Reimburse] = field(default_factory=deque)

    @classmethod
    def begin(cls, lines: Sequence[Units], *, authorized: bool) -> "ReturnState":
        """Return the state of a return that has just been asked for."""
        authorization = Authorization.AUTHORIZED if authorized else Authorization.PENDING
        return cls(lines={units.line_id: units for units in lines}, authorization=authorization)

    def next_step(self) -> Step:
        """Return what to do now."""
        if self._restocks:
            return self._restocks[0]
        if self._reimbursements:
            return self._reimbursements[0]
        if self.authorization in (Authorization.DECLINED, Authorization.CANCELLED):
            return Done()
        if self.authorization is Authorization.PENDING:
            return GiveUp("nobody decided in time") if self.late else Wait(DECISION_LIMIT, "decision")
        if not self.labelled:
            return Label()
        if self.given_up:
            # What came late or never is not waited for; what is here still has to be judged.
            return Wait(INSPECTION_LIMIT, "inspection") if self._unjudged() else Done()
        if self._unjudged():
            return Wait(INSPECTION_LIMIT, "inspection")
        if any(self.received.get(line_id, 0) < units.quantity for line_id, units in self.lines.items()):
            return GiveUp("the parcel did not come in time") if self.late else Wait(PARCEL_LIMIT, "parcel")
        return Done()

    def decided(self, authorization: Authorization) -> None:
        """Take note of a decision; a return that is over stays over."""
        if self.authorization in (Authorization.PENDING, Authorization.AUTHORIZED) and not self.received:
            self.authorization = authorization
        self._happened()

    def label_bought(self) -> None:
        """Take note that the customer has a label."""
        self.labelled = True
        self._happened()

    def heard_receipt(self, event_id: str, units: Sequence[Units]) -> None:
        """Take note of units that came; the same receipt again is nothing."""
        if self._is_new(event_id):
            for one in units:
                self.received[one.line_id] = self.received.get(one.line_id, 0) + one.quantity

    def heard_inspection(self, event_id: str, units: Sequence[Judged]) -> None:
        """Take note of dispositions; those that are not final ask for another look and nothing else."""
        if not self._is_new(event_id):
            return
        final = tuple(one for one in units if one.disposition != "INSPECT_AGAIN")
        for one in final:
            self.judged[one.line_id] = self.judged.get(one.line_id, 0) + one.quantity
        if final:
            self._restocks.append(Restock(event_id, final))
            owed = tuple(Units(one.line_id, one.sku, one.quantity) for one in final)
            self._reimbursements.append(Reimburse(event_id, owed))

    def restocked(self) -> None:
        """Take note that the first restock was carried out."""
        self._restocks.popleft()
        self._happened()

    def reimbursed(self) -> None:
        """Take note that the first reimbursement was carried out."""
        self._reimbursements.popleft()
        self._happened()

    def waited_too_long(self) -> None:
        """Take note that what a Wait was for did not happen in time."""
        self.late = True
        self.changes += 1

    def gave_up(self) -> None:
        """Take note that what has not come is not waited for any more."""
        self.given_up = True
        if self.authorization is Authorization.PENDING:
            self.authorization = Authorization.CANCELLED
        self._happened()

    def status(self) -> str:
        """Return where the return stands, in the words of the search attribute."""
        if self.authorization is Authorization.PENDING:
            return "Awaiting decision"
        if self.authorization is not Authorization.AUTHORIZED:
            return self.authorization.capitalize()
        if self._restocks or self._reimbursements:
            return "Settling"
        if self._unjudged():
            return "Awaiting inspection"
        return "Closed" if isinstance(self.next_step(), Done) else "Awaiting parcel"

    def _unjudged(self) -> bool:
        return any(self.judged.get(line_id, 0) < number for line_id, number in self.received.items())

    def _is_new(self, event_id: str) -> bool:
        new = event_id not in self._heard
        self._heard.add(event_id)
        self._happened()
        return new

    def _happened(self) -> None:
        self.late = False
        self.changes += 1
