"""What the order process does next.

The machine mirrors where the units of an order are, as far as deciding needs it, and answers one question: what is the
next step? It knows no service and no clock; the shell in `workflows/order.py` tells it what happened and carries out
what it says. `next_step` is a pure function of the state and the time, so a step can be asked for again at any moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workflows.state.cancelling import plan_cancellation
from workflows.state.order_steps import (
    Allocate,
    Cancel,
    Cancellation,
    CancellationPlan,
    Done,
    ExpireHold,
    Settle,
    Start,
    Step,
    Wait,
)
from workflows.state.patience import Patience
from workflows.state.units import Line, Units, Work

# A node that refused a SKU this often is not asked for it again for this order, whatever stock it claims to have.
MAX_REFUSALS = 2


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason to wait; `line_id` is empty for the whole order."""

    hold_id: str
    type: str
    line_id: str
    deadline: datetime | None


@dataclass(slots=True)
class OrderState:
    """The machine. Every public method is something that happened; `next_step` is what to do about it."""

    order_id: str
    lines: dict[str, Line]
    holds: dict[str, Hold]
    ship_complete: bool = False
    attempts: int = 0
    arrivals: int = 0
    ready: list[Work] = field(default_factory=list)
    working: dict[str, Work] = field(default_factory=dict)
    refusals: dict[tuple[str, str], int] = field(default_factory=dict)
    skipped: set[tuple[str, str]] = field(default_factory=set)
    pending: list[Cancellation] = field(default_factory=list)
    unsettled: dict[str, int] = field(default_factory=dict)
    unsettled_lost: dict[str, int] = field(default_factory=dict)
    confirmed: dict[tuple[str, str], int] = field(default_factory=dict)  # called off at a node, not given back yet
    asked_back: dict[tuple[str, str], int] = field(default_factory=dict)  # a node was asked to leave them to others
    returning: dict[tuple[str, str], int] = field(default_factory=dict)  # it will, and has not given them back yet
    resolved: set[str] = field(default_factory=set)  # holds that are gone
    void_owed: bool = False
    patience: Patience = field(default_factory=Patience)
    escalated: set[str] = field(default_factory=set)
    changes: int = 0
    expected: dict[str, datetime] = field(default_factory=dict)  # when units of a SKU come, as inventory said it last
    _told: dict[str, int] = field(default_factory=dict)

    @classmethod
    def begin(
        cls, order_id: str, lines: Iterable[Units], holds: Iterable[Hold], *, ship_complete: bool
    ) -> "OrderState":
        """Return the state of an order of which nothing has been decided."""
        return cls(
            order_id=order_id,
            lines={line.line_id: Line(line.sku, line.quantity, line.quantity) for line in lines},
            holds={hold.hold_id: hold for hold in holds},
            ship_complete=ship_complete,
        )

    # What to do next

    def next_step(self, now: datetime) -> Step:
        """Return what to do now; the same answer until something else happens."""
        if self.pending:
            return Cancel(self.pending[0])
        for hold in self.holds.values():
            if hold.deadline and hold.deadline <= now and hold.hold_id not in self.escalated:
                return ExpireHold(hold.hold_id)
        if self.patience.exhausted(now):
            late = {line_id: line.backordered for line_id, line in self.lines.items() if line.backordered}
            return Cancel(Cancellation("backorder-limit", late, "oms", "no stock came before the limit"))
        if free := tuple(work for work in self.ready if not self._is_held(line.line_id for line in work.lines)):
            return Start(free)
        if lines := self._allocatable(now):
            return Allocate(lines, self.arrivals)
        if settle := self._owed():
            return settle
        if self._at_rest():
            return Done()
        return Wait(self._deadline(now))

    def _allocatable(self, now: datetime) -> dict[str, tuple[int, int]]:
        """Return the units that can be planned now: open ones, and backordered ones when it is time to try again."""
        if self.ship_complete and self._is_held(self.lines):
            return {}
        retry = self.patience.due(now)
        lines = {
            line_id: (line.open, line.backordered if retry or line.open else 0)
            for line_id, line in self.lines.items()
            if (line.open or (retry and line.backordered)) and not self._is_held([line_id])
        }
        if lines and self.ship_complete:
            return {i: (line.open, line.backordered) for i, line in self.lines.items() if line.open or line.backordered}
        return lines

    def _is_held(self, line_ids: Iterable[str]) -> bool:
        wanted = set(line_ids)
        return any(not hold.line_id or hold.line_id in wanted for hold in self.holds.values())

    def _owed(self) -> Settle | None:
        nothing_left = all(line.ordered == line.delivered + line.cancelled + line.lost for line in self.lines.values())
        if self.unsettled or self.unsettled_lost or (self.void_owed and nothing_left):
            return Settle(self._units(self.unsettled), self._units(self.unsettled_lost), nothing_left)
        return None

    def _at_rest(self) -> bool:
        return not self.working and all(
            line.open + line.backordered + line.reserved + line.working == 0 for line in self.lines.values()
        )

    def _deadline(self, now: datetime) -> datetime | None:
        moments = [
            hold.deadline for hold in self.holds.values() if hold.deadline and hold.hold_id not in self.escalated
        ]
        return min([*moments, *self.patience.moments(now)], default=None)

    # What happened: holds

    def hold_placed(self, hold: Hold) -> None:
        """Take note of a hold; the same one again changes nothing."""
        self.holds.setdefault(hold.hold_id, hold)
        self.changes += 1

    def hold_resolved(self, hold_id: str, *, cancel: bool, now: datetime | None = None) -> None:
        """Take note that a hold is gone; where it was rejected, what it held is to be cancelled.

        With `now`, what waits for stock is tried again: it may be that people have seen to it.
        """
        hold = self.holds.pop(hold_id, None)
        self.resolved.add(hold_id)
        self.changes += 1
        if now and not cancel:
            self.patience.told(now)
        if hold and cancel:
            wanted = {hold.line_id: 0} if hold.line_id else {}
            self.pending.append(Cancellation(f"hold/{hold_id}", wanted, "oms", f"hold {hold.type} was rejected"))

    def hold_escalated(self, hold_id: str) -> None:
        """Take note that a hold is overdue and stays."""
        self.escalated.add(hold_id)
        self.changes += 1

    # What happened: allocation

    def excluded(self) -> list[tuple[str, str]]:
        """Return the pairs of node and SKU that are not to be tried; an empty SKU means everything at the node."""
        return sorted(self.skipped)

    def allocated(self, works: Sequence[Work], backordered: Sequence[Units], step: Allocate, now: datetime) -> None:
        """Take note of what an allocation did: units reserved at nodes, and units that wait for stock."""
        self.attempts += 1
        for line_id, (opened, waiting) in step.lines.items():
            line = self.lines[line_id]
            line.open -= opened
            line.backordered -= waiting
        for work in works:
            for right in work.lines:
                self.lines[right.line_id].reserved += right.quantity
        for units in backordered:
            self.lines[units.line_id].backordered += units.quantity
        self.ready.extend(works)
        self.patience.attempted(now, waiting=self._waits(), fruitful=bool(works), news=self.arrivals != step.arrivals)
        self.changes += 1

    def stock_arrived(self, skus: Iterable[str], now: datetime) -> None:
        """Take note that what a backorder waits for may be there; a failed pair may be tried again, within reason."""
        for pair in list(self.skipped):
            if pair[1] in set(skus) and self.refusals.get(pair, 0) < MAX_REFUSALS:
                self.skipped.discard(pair)
        self.arrivals += 1
        self.patience.told(now)
        self.changes += 1

    def backorder_promised(self, promises: Mapping[str, datetime | None]) -> None:
        """Take note of when what a backorder waits for is expected. It is shown; nothing is to be done about it."""
        for sku, time in promises.items():
            if time is None:
                self.expected.pop(sku, None)
            else:
                self.expected[sku] = time

    def _waits(self) -> bool:
        return any(line.backordered for line in self.lines.values())

    # What happened: fulfillment

    def started(self, work: Work) -> None:
        """Take note that a fulfillment process has this work."""
        self.ready.remove(work)
        self.working[work.fulfillment_order_id] = work
        self._told[work.fulfillment_order_id] = 0
        for right in work.lines:
            self.lines[right.line_id].reserved -= right.quantity
            self.lines[right.line_id].working += right.quantity
        self.changes += 1

    def fulfillment_changed(
        self, fulfillment_order_id: str, sequence: int, rejected: Sequence[Units], cancelled: Sequence[Units]
    ) -> None:
        """Take note of units that a node gave back while it still works on others; the same change counts once."""
        work = self.working.get(fulfillment_order_id)
        if work is None or sequence <= self._told[fulfillment_order_id]:
            return
        self._told[fulfillment_order_id] = sequence
        self._given_back(work, rejected, cancelled)

    def fulfillment_ended(
        self,
        fulfillment_order_id: str,
        *,
        delivered: Sequence[Units] = (),
        rejected: Sequence[Units] = (),
        cancelled: Sequence[Units] = (),
        lost: Sequence[Units] = (),
        node_refused: bool = False,
    ) -> None:
        """Take note of where the units of a fulfillment process ended."""
        work = self.working.pop(fulfillment_order_id)
        self.confirmed = {key: units for key, units in self.confirmed.items() if key[0] != fulfillment_order_id}
        self._given_back(work, rejected, cancelled)
        for owed in (self.asked_back, self.returning):
            for key in [key for key in owed if key[0] == fulfillment_order_id]:
                del owed[key]
        if node_refused:
            self.skipped.add((work.node_id, ""))
        for units in delivered:
            self.lines[units.line_id].working -= units.quantity
            self.lines[units.line_id].delivered += units.quantity
        for units in lost:
            self.lines[units.line_id].working -= units.quantity
            self.lines[units.line_id].lost += units.quantity
            self.unsettled_lost[units.line_id] = self.unsettled_lost.get(units.line_id, 0) + units.quantity
        self.changes += 1

    def _given_back(self, work: Work, rejected: Sequence[Units], cancelled: Sequence[Units]) -> None:
        if work.fulfillment_order_id in self.working:
            self.working[work.fulfillment_order_id] = work.less((*rejected, *cancelled))
        for units in rejected:
            line = self.lines[units.line_id]
            line.working -= units.quantity
            line.open += units.quantity
            if self._was_asked_for(work.fulfillment_order_id, units):
                continue
            pair = (work.node_id, line.sku)
            self.refusals[pair] = self.refusals.get(pair, 0) + 1
            self.skipped.add(pair)
        for units in cancelled:
            self.lines[units.line_id].working -= units.quantity
            self._cancelled(units.line_id, units.quantity)
            key = (work.fulfillment_order_id, units.line_id)
            self.confirmed[key] = max(0, self.confirmed.get(key, 0) - units.quantity)
        self.changes += 1

    def _was_asked_for(self, fulfillment_order_id: str, units: Units) -> bool:
        """Tell whether the node rejects no more than it was asked to leave to others, and take it off."""
        key = (fulfillment_order_id, units.line_id)
        asked = self.asked_back.get(key, 0)
        for owed in (self.asked_back, self.returning):
            if key in owed:
                owed[key] = max(0, owed[key] - units.quantity)
        return asked >= units.quantity

    # What happened: cancellation

    def plan_cancellation(self, wanted: Mapping[str, int]) -> CancellationPlan:
        """Return how the wanted units can be had."""
        return plan_cancellation(wanted, self.lines, self.ready, self.working.values(), self.confirmed)

    def given_up(self, plan: CancellationPlan) -> None:
        """Take note that the units which could be had at once are cancelled."""
        for units in plan.open:
            self.lines[units.line_id].open -= units.quantity
            self._cancelled(units.line_id, units.quantity)
        for units in plan.backordered:
            self.lines[units.line_id].backordered -= units.quantity
            self._cancelled(units.line_id, units.quantity)
        for right in plan.reserved:
            self.lines[right.line_id].reserved -= right.quantity
            self._cancelled(right.line_id, right.quantity)
        self.ready = [rest for work in self.ready if (rest := work.without(plan.reserved)).lines]
        if not self._waits():
            self.patience.over()
        self.changes += 1

    def called_off(self, fulfillment_order_id: str, units: Sequence[Units]) -> None:
        """Take note that a node confirmed it will not ship these units; its process will give them back."""
        for one in units:
            key = (fulfillment_order_id, one.line_id)
            self.confirmed[key] = self.confirmed.get(key, 0) + one.quantity
        self.changes += 1

    def cancellation_asked(self, cancellation: Cancellation) -> None:
        """Take note of a cancellation that nobody waits for the answer of."""
        self.pending.append(cancellation)
        self.changes += 1

    def cancellation_done(self, key: str) -> None:
        """Take note that a cancellation was carried out, as far as it could be."""
        self.pending = [one for one in self.pending if one.key != key]

    def settled(self, step: Settle) -> None:
        """Take note that what was owed has been paid back."""
        for owed, units in ((self.unsettled, step.cancelled), (self.unsettled_lost, step.lost)):
            for one in units:
                owed[one.line_id] -= one.quantity
                if not owed[one.line_id]:
                    del owed[one.line_id]
        if step.nothing_left:
            self.void_owed = False
        self.changes += 1

    def _cancelled(self, line_id: str, quantity: int) -> None:
        self.lines[line_id].cancelled += quantity
        self.unsettled[line_id] = self.unsettled.get(line_id, 0) + quantity
        self.void_owed = True

    def _units(self, quantities: Mapping[str, int]) -> tuple[Units, ...]:
        return tuple(Units(line_id, self.lines[line_id].sku, number) for line_id, number in quantities.items())

    # What to show

    def awaited(self) -> dict[str, datetime | None]:
        """Return the SKUs that are waited for, and when each is expected; None where nobody knows."""
        return {line.sku: self.expected.get(line.sku) for line in self.lines.values() if line.backordered}

    def status(self) -> str:
        """Return where the order stands, in the words of the search attribute."""
        lines = self.lines.values()
        if all(line.cancelled == line.ordered for line in lines):
            return "Cancelled"
        if self.holds and any(line.open + line.backordered + line.reserved for line in lines):
            return "On hold"
        if any(line.backordered for line in lines):
            return "Backordered"
        if any(line.open + line.reserved for line in lines):
            return "Open"
        if self.working:
            return "Released"
        if any(line.lost for line in lines) and not any(line.delivered for line in lines):
            return "Lost"
        return "Delivered"
