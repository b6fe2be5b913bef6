"""The order machine while it is changed, cancelled, allocated, started, shipped, delivered and refused in any order.

Units are conserved and the money of what goes, comes and stays adds up; each caller is told every unit exactly once.
"""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.intake.domain.repricing import remaining
from workflows.state import changing
from workflows.state.order import OrderState
from workflows.state.order_steps import Allocate, Cancel, Done, ExpireHold, Settle, Start, Wait
from workflows.state.units import RightToUnits, Units, Work

START = datetime(2026, 11, 21, tzinfo=UTC)
# A price that no number of units divides.
PRICE = 1001


class ChangedOrder(RuleBasedStateMachine):
    """Plays services, nodes and two customers against the machine."""

    def __init__(self):
        super().__init__()
        self.now, self.number, self.settled = START, 0, 0
        self.placed: dict[str, int] = {}
        self.left: dict[str, int] = {}
        self.told_cancelled: dict[str, int] = {}

    @initialize(quantities=st.lists(st.integers(1, 6), min_size=1, max_size=3))
    def begin(self, quantities):
        lines = [Units(f"lin_{i}", f"SKU-{i}", quantity) for i, quantity in enumerate(quantities)]
        self.order = OrderState.begin("ord_1", lines, [], ship_complete=False)
        self.placed = {line.line_id: line.quantity for line in lines}

    @rule(data=st.data())
    def the_next_step(self, data):
        step = self.order.next_step(self.now)
        match step:
            case Allocate():
                self._allocate(step, lambda most: data.draw(st.integers(0, most)))
            case Start(works):
                for work in works:
                    self.order.started(work)
            case Settle():
                self._settle(step)
            case Wait(until):
                self.now = until or self.now
            case Cancel(cancellation):
                # No stock came before the limit.
                for line_id, units in cancellation.wanted.items():
                    self.told_cancelled[line_id] = self.told_cancelled.get(line_id, 0) + units
                self.order.given_up(self.order.plan_cancellation(cancellation.wanted))
                self.order.cancellation_done(cancellation.key)
            case ExpireHold() | Done():
                pass

    @rule(data=st.data(), quantity=st.integers(0, 8))
    def somebody_sets_a_quantity(self, data, quantity):
        line_id = data.draw(st.sampled_from(sorted(self.order.lines)))
        less = changing.alive(self.order, line_id) - quantity
        if less < 0:
            self.number += 1
            self.placed[f"add_{self.number}"] = -less
            changing.added(self.order, f"add_{self.number}", self.order.lines[line_id].sku, -less)
            changing.added(self.order, f"add_{self.number}", self.order.lines[line_id].sku, -less)
            changing.replanned(self.order, [], self.now)
            return
        self._reduce(changing.reduction(self.order, [line_id], less), data)

    @rule(data=st.data())
    def somebody_cancels_everything(self, data):
        every = {line_id: changing.alive(self.order, line_id) for line_id in self.order.lines}
        self._reduce({line_id: units for line_id, units in every.items() if units}, data)

    def _reduce(self, wanted, data):
        plan = changing.plan_reduction(self.order, wanted)
        tally = dict.fromkeys(wanted, 0)
        self.order.given_up(plan)
        for part in (plan.open, plan.backordered, plan.reserved):
            for units in part:
                tally[units.line_id] += units.quantity
        asked = dict.fromkeys(wanted, 0)
        for ask in plan.call_backs:
            for units in ask.units:
                asked[units.line_id] += units.quantity
                stopped = data.draw(st.integers(0, units.quantity))
                if stopped:
                    self.order.called_off(ask.fulfillment_order_id, [Units(units.line_id, units.sku, stopped)])
                    tally[units.line_id] += stopped
        for line_id, units in wanted.items():
            at_once = tally[line_id]
            assert plan.cancelled_before.get(line_id, 0) == 0
            assert at_once <= units
            assert units == plan.too_late[line_id] + asked[line_id] + self._free_part(plan, line_id)
            self.told_cancelled[line_id] = self.told_cancelled.get(line_id, 0) + at_once

    @staticmethod
    def _free_part(plan, line_id):
        return sum(
            u.quantity for part in (plan.open, plan.backordered, plan.reserved) for u in part if u.line_id == line_id
        )

    @rule(data=st.data())
    def somebody_changes_the_address(self, data):
        free = {line_id: changing.free(self.order, line_id) for line_id in self.order.lines}
        changing.put_back(self.order, changing.plan_put_back(self.order, self.order.lines))
        assert free == {line_id: line.open for line_id, line in self.order.lines.items()}
        for ask in changing.ask_backs(self.order):
            changing.asking_back(self.order, ask)
            key = ask.fulfillment_order_id
            taken = [Units(u.line_id, u.sku, data.draw(st.integers(0, u.quantity))) for u in ask.units]
            early = data.draw(st.booleans())
            before = dict(self.order.refusals)
            if early:
                self._come_home(key, taken)
            changing.answered(self.order, ask, taken, [])
            if not early:
                self._come_home(key, taken)
            assert self.order.refusals == before, "what a node was asked for is no refusal"
            assert not any(self.order.returning.values())
        changing.replanned(self.order, [], self.now)

    def _come_home(self, fulfillment_order_id, units):
        some = [one for one in units if one.quantity]
        if some:
            number = self.order._told[fulfillment_order_id] + 1
            self.order.fulfillment_changed(fulfillment_order_id, number, some, [])

    @rule(data=st.data())
    def somebody_splits(self, data):
        line_id = data.draw(st.sampled_from(sorted(self.order.lines)))
        free = changing.free(self.order, line_id)
        if free:
            units = data.draw(st.integers(1, free))
            changing.put_back(self.order, changing.plan_put_back(self.order, [line_id]))
            changing.moved_out(self.order, {line_id: units})
            self.left[line_id] = self.left.get(line_id, 0) + units

    @precondition(lambda self: getattr(self, "order", None) and self.order.working)
    @rule(data=st.data())
    def a_node_ends_its_work(self, data):
        work = data.draw(st.sampled_from(list(self.order.working.values())))
        self._end(work, lambda: data.draw(st.sampled_from(["delivered", "rejected", "lost"])))

    def _end(self, work, choose):
        ends = {"delivered": [], "rejected": [], "cancelled": [], "lost": []}
        for line_id in dict.fromkeys(right.line_id for right in work.lines):
            key = (work.fulfillment_order_id, line_id)
            stopped = self.order.confirmed.get(key, 0)
            rest = work.units_of(line_id) - stopped
            sku = self.order.lines[line_id].sku
            for end, units in (("cancelled", stopped), (choose(), rest)):
                if units:
                    ends[end].append(Units(line_id, sku, units))
        self.order.fulfillment_ended(work.fulfillment_order_id, **ends)

    def _allocate(self, step, choose):
        works, waiting = [], []
        for line_id, (opened, backordered) in step.lines.items():
            got = choose(opened + backordered)
            sku = self.order.lines[line_id].sku
            if got:
                self.number += 1
                right = RightToUnits(line_id, sku, got, f"rsv_{self.number}")
                works.append(Work(f"ful_{self.number}", f"node-{self.number % 3}", (right,)))
            if opened + backordered - got:
                waiting.append(Units(line_id, sku, opened + backordered - got))
        self.order.allocated(works, waiting, step, self.now)

    def _settle(self, step):
        self.settled += sum(one.quantity for one in step.cancelled)
        self.order.settled(step)

    @invariant()
    def units_are_conserved(self):
        if not hasattr(self, "order"):
            return
        for line_id, line in self.order.lines.items():
            assert line.accounted == line.ordered == self.placed[line_id] - self.left.get(line_id, 0)
            assert min(line.open, line.backordered, line.reserved, line.working, line.cancelled, line.lost) >= 0
            assert line.reserved == sum(work.units_of(line_id) for work in self.order.ready)
            assert line.working == sum(work.units_of(line_id) for work in self.order.working.values())

    @invariant()
    def both_callers_were_told_the_truth(self):
        if not hasattr(self, "order"):
            return
        for line_id in self.order.lines:
            assert changing.cancelled(self.order, line_id) == self.told_cancelled.get(line_id, 0)

    @invariant()
    def money_is_conserved(self):
        if not hasattr(self, "order"):
            return
        for line_id, line in self.order.lines.items():
            if not line.ordered:
                continue
            gone = changing.cancelled(self.order, line_id)
            for prepaid in (True, False):
                kept = remaining(PRICE, gone, line.ordered, prepaid=prepaid)
                assert 0 <= kept <= PRICE
                steps = [remaining(PRICE, n, line.ordered, prepaid=prepaid) for n in range(gone + 1)]
                assert sum(a - b for a, b in itertools.pairwise(steps)) + kept == PRICE

    def teardown(self):
        """Whatever happened: let goods come and arrive, the order comes to rest, and what was cancelled is settled."""
        if not hasattr(self, "order"):
            return
        for _ in range(300):
            step = self.order.next_step(self.now)
            match step:
                case Done():
                    break
                case Allocate():
                    self._allocate(step, lambda most: most)
                case Start(works):
                    for work in works:
                        self.order.started(work)
                case Cancel(cancellation):
                    self.order.given_up(self.order.plan_cancellation(cancellation.wanted))
                    self.order.cancellation_done(cancellation.key)
                case Settle():
                    self._settle(step)
                case Wait():
                    for work in list(self.order.working.values()):
                        self._end(work, lambda: "delivered")
                    self.now += timedelta(days=1)
        assert isinstance(self.order.next_step(self.now), Done)
        assert self.settled == sum(line.cancelled for line in self.order.lines.values())


TestChangedOrder = ChangedOrder.TestCase
TestChangedOrder.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
