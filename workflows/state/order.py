"""What the order process does next.

The machine mirrors where the units of an order are, as far as deciding needs it, and answers one question: what is the
next step? It knows no service and no clock; the shell in `workflows/order.py` tells it what happened and carries out
what it says. `next_step` is a pure function of the state and the time, so a step can be asked for again at any moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

# A node that refused a SKU this often is not asked for it again for this order, whatever stock it claims to have.
MAX_REFUSALS = 2
# After a fruitless attempt to fill a backorder the next one waits this long at least, doubling up to the maximum.
FIRST_RETRY = timedelta(minutes=1)
SLOWEST_RETRY = timedelta(hours=6)
# A backorder that nothing has filled by then is cancelled.
BACKORDER_LIMIT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one line."""

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class RightToUnits:
    """Units of one line that a node has stock for, and the reservation that says so."""

    line_id: str
    sku: str
    quantity: int
    reservation_id: str


@dataclass(frozen=True, slots=True)
class Work:
    """What one node is to ship."""

    fulfillment_order_id: str
    node_id: str
    lines: tuple[RightToUnits, ...]

    def units_of(self, line_id: str) -> int:
        return sum(line.quantity for line in self.lines if line.line_id == line_id)


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason to wait; `line_id` is empty for the whole order."""

    hold_id: str
    type: str
    line_id: str
    deadline: datetime | None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Units that somebody wants cancelled: per line how many (0: all that can be), everything where empty."""

    key: str
    wanted: Mapping[str, int]
    actor: str
    reason: str


@dataclass(slots=True)
class Line:
    """Where the units of one line are, as far as deciding needs it."""

    sku: str
    ordered: int
    open: int
    backordered: int = 0
    reserved: int = 0  # stock is set aside, the node does not know yet
    working: int = 0  # with a fulfillment process
    delivered: int = 0
    cancelled: int = 0
    lost: int = 0

    @property
    def accounted(self) -> int:
        return self.open + self.backordered + self.reserved + self.working + self.delivered + self.cancelled + self.lost


# Steps: what the shell carries out.


@dataclass(frozen=True, slots=True)
class Allocate:
    """Plan and reserve: line → (units open, units backordered).

    `arrivals` is how often stock had been told of when this was asked for: news that comes while it is carried out
    would otherwise be lost, as the backorder that waits for it is known only afterwards.
    """

    lines: Mapping[str, tuple[int, int]]
    arrivals: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """Give each of these to a fulfillment process."""

    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel units that somebody, or a hold, or a deadline, wants cancelled."""

    cancellation: Cancellation


@dataclass(frozen=True, slots=True)
class ExpireHold:
    """This hold's deadline has passed."""

    hold_id: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Pay back what was paid for units that will not arrive."""

    cancelled: tuple[Units, ...]
    lost: tuple[Units, ...]
    nothing_left: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until something happens, or until this moment."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """Every unit has come to rest and nothing is owed."""


Step = Allocate | Start | Cancel | ExpireHold | Settle | Wait | Done


@dataclass(frozen=True, slots=True)
class CallBack:
    """Units that a node must be asked for."""

    fulfillment_order_id: str
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class CancellationPlan:
    """How the units of a cancellation can be had: at once, by asking nodes, or not at all."""

    open: tuple[Units, ...]
    backordered: tuple[Units, ...]
    reserved: tuple[RightToUnits, ...]
    call_backs: tuple[CallBack, ...]
    cancelled_before: Mapping[str, int]
    too_late: Mapping[str, int]


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
    void_owed: bool = False
    backordered_since: datetime | None = None
    retry_at: datetime | None = None
    retry_not_before: datetime | None = None
    retry_after: timedelta = FIRST_RETRY
    escalated: set[str] = field(default_factory=set)
    changes: int = 0
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
        if self.backordered_since and now >= self.backordered_since + BACKORDER_LIMIT:
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
        retry = self.retry_at is not None and self.retry_at <= now
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
        if self.backordered_since:
            moments.append(self.backordered_since + BACKORDER_LIMIT)
            if self.retry_at and self.retry_at > now:  # otherwise a hold is in the way, and its end is a change
                moments.append(self.retry_at)
        return min(moments, default=None)

    # What happened: holds

    def hold_placed(self, hold: Hold) -> None:
        """Take note of a hold; the same one again changes nothing."""
        self.holds.setdefault(hold.hold_id, hold)
        self.changes += 1

    def hold_resolved(self, hold_id: str, *, cancel: bool) -> None:
        """Take note that a hold is gone; where it was rejected, what it held is to be cancelled."""
        hold = self.holds.pop(hold_id, None)
        self.changes += 1
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
        self._schedule_retry(now, fruitful=bool(works))
        if self.backordered_since and self.arrivals != step.arrivals:
            self.retry_at = max(now, self.retry_not_before or now)
        self.changes += 1

    def stock_arrived(self, skus: Iterable[str], now: datetime) -> None:
        """Take note that what a backorder waits for may be there; a failed pair may be tried again, within reason."""
        for pair in list(self.skipped):
            if pair[1] in set(skus) and self.refusals.get(pair, 0) < MAX_REFUSALS:
                self.skipped.discard(pair)
        self.arrivals += 1
        if self.backordered_since:
            self.retry_at = max(now, self.retry_not_before or now)
        self.changes += 1

    def _schedule_retry(self, now: datetime, *, fruitful: bool) -> None:
        if not any(line.backordered for line in self.lines.values()):
            self._waits_no_more()
            return
        if self.backordered_since is None or fruitful:
            self.retry_after, self.retry_not_before = FIRST_RETRY, now
        else:
            # Stock is told of that this order cannot have (excluded, or gone again): do not spin.
            self.retry_not_before = now + self.retry_after
            self.retry_after = min(self.retry_after * 2, SLOWEST_RETRY)
        self.backordered_since = self.backordered_since or now
        # Stock that comes is told by signal; this is the net below it.
        self.retry_at = now + SLOWEST_RETRY

    def _waits_no_more(self) -> None:
        self.backordered_since = self.retry_at = self.retry_not_before = None
        self.retry_after = FIRST_RETRY

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
            self.working[work.fulfillment_order_id] = _less(work, (*rejected, *cancelled))
        for units in rejected:
            line = self.lines[units.line_id]
            line.working -= units.quantity
            line.open += units.quantity
            pair = (work.node_id, line.sku)
            self.refusals[pair] = self.refusals.get(pair, 0) + 1
            self.skipped.add(pair)
        for units in cancelled:
            self.lines[units.line_id].working -= units.quantity
            self._cancelled(units.line_id, units.quantity)
            key = (work.fulfillment_order_id, units.line_id)
            self.confirmed[key] = max(0, self.confirmed.get(key, 0) - units.quantity)
        self.changes += 1

    # What happened: cancellation

    def plan_cancellation(self, wanted: Mapping[str, int]) -> CancellationPlan:
        """Return how the wanted units can be had. The easiest go first: open, backordered, reserved, then at nodes."""
        opened: list[Units] = []
        waiting: list[Units] = []
        rights: list[RightToUnits] = []
        asked: dict[str, list[Units]] = {}
        before: dict[str, int] = {}
        late: dict[str, int] = {}
        for line_id, line in self.lines.items():
            if wanted and line_id not in wanted:
                continue
            left = wanted.get(line_id, 0) or line.ordered
            for room, found in ((line.open, opened), (line.backordered, waiting)):
                taken = min(left, room)
                left -= taken
                if taken:
                    found.append(Units(line_id, line.sku, taken))
            for work in self.ready:
                for right in work.lines:
                    taken = min(left, right.quantity) if right.line_id == line_id else 0
                    left -= taken
                    if taken:
                        rights.append(RightToUnits(line_id, line.sku, taken, right.reservation_id))
            for work in self.working.values():
                off = self.confirmed.get((work.fulfillment_order_id, line_id), 0)
                taken = min(left, work.units_of(line_id) - off)
                left -= taken
                if taken:
                    asked.setdefault(work.fulfillment_order_id, []).append(Units(line_id, line.sku, taken))
            off = sum(units for (_, confirmed_line), units in self.confirmed.items() if confirmed_line == line_id)
            before[line_id] = min(left, line.cancelled + off)
            late[line_id] = left - before[line_id]
        return CancellationPlan(
            open=tuple(opened),
            backordered=tuple(waiting),
            reserved=tuple(rights),
            call_backs=tuple(CallBack(ful, tuple(units)) for ful, units in asked.items()),
            cancelled_before=before,
            too_late=late,
        )

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
        self.ready = [rest for work in self.ready if (rest := _without(work, plan.reserved)).lines]
        if not any(line.backordered for line in self.lines.values()):
            self._waits_no_more()
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


def _without(work: Work, gone: Sequence[RightToUnits]) -> Work:
    """Return the work without these rights, reservation by reservation."""
    less = {right.reservation_id: right.quantity for right in gone}
    rest = [replace(right, quantity=right.quantity - less.get(right.reservation_id, 0)) for right in work.lines]
    return replace(work, lines=tuple(right for right in rest if right.quantity))


def _less(work: Work, gone: Sequence[Units]) -> Work:
    """Return the work without these units, whichever of the line's reservations they are on."""
    less: dict[str, int] = {}
    for units in gone:
        less[units.line_id] = less.get(units.line_id, 0) + units.quantity
    rest = []
    for right in work.lines:
        taken = min(right.quantity, less.get(right.line_id, 0))
        less[right.line_id] = less.get(right.line_id, 0) - taken
        rest.append(replace(right, quantity=right.quantity - taken))
    return replace(work, lines=tuple(right for right in rest if right.quantity))
