"""The order machine under whatever can happen: units are conserved, and every order comes to rest."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from workflows.state.order import Hold, OrderState
from workflows.state.order_steps import Allocate, Cancel, Cancellation, Done, ExpireHold, Settle, Start, Wait
from workflows.state.units import RightToUnits, Units, Work

START = datetime(2026, 11, 21, tzinfo=UTC)


class OrderMachine(RuleBasedStateMachine):
    """Plays the services, the nodes and the customer against the machine."""

    def __init__(self):
        super().__init__()
        self.now = START
        self.number = 0
        self.settled = 0
        self.settled_lost = 0

    @initialize(
        quantities=st.lists(st.integers(1, 5), min_size=1, max_size=3),
        held=st.booleans(),
        ship_complete=st.booleans(),
    )
    def begin(self, quantities, held, ship_complete):
        lines = [Units(f"lin_{i}", f"SKU-{i}", quantity) for i, quantity in enumerate(quantities)]
        holds = [Hold("hld_0", "OTHER", "", START + timedelta(days=7))] if held else []
        self.order = OrderState.begin("ord_1", lines, holds, ship_complete=ship_complete)

    @rule(data=st.data())
    def carry_out_the_next_step(self, data):
        step = self.order.next_step(self.now)
        match step:
            case Allocate():
                self._allocate(step, data)
            case Start(works):
                for work in works:
                    self.order.started(work)
            case Cancel(cancellation):
                self._cancel(cancellation, data)
                self.order.cancellation_done(cancellation.key)
            case ExpireHold(hold_id):
                if data.draw(st.booleans()):
                    self.order.hold_escalated(hold_id)
                else:
                    self.order.hold_resolved(hold_id, cancel=data.draw(st.booleans()))
            case Settle():
                self.settled += sum(one.quantity for one in step.cancelled)
                self.settled_lost += sum(one.quantity for one in step.lost)
                self.order.settled(step)
            case Wait(until):
                assert until is None or until > self.now
                if until:
                    self.now = until
            case Done():
                assert not self.order.working

    def _allocate(self, step, data):
        works, backordered = [], []
        for line_id, (opened, waiting) in step.lines.items():
            wanted = opened + waiting
            assert wanted > 0
            got = data.draw(st.integers(0, wanted))
            if self.order.ship_complete:
                got = wanted
            if got:
                self.number += 1
                right = RightToUnits(line_id, self.order.lines[line_id].sku, got, f"rsv_{self.number}")
                works.append(Work(f"ful_{self.number}", f"node-{self.number % 3}", (right,)))
            if wanted - got:
                backordered.append(Units(line_id, self.order.lines[line_id].sku, wanted - got))
        self.order.allocated(works, backordered, step, self.now)

    def _cancel(self, cancellation, data):
        plan = self.order.plan_cancellation(cancellation.wanted)
        self.order.given_up(plan)
        for ask in plan.call_backs:
            if data.draw(st.booleans()):
                self.order.called_off(ask.fulfillment_order_id, ask.units)

    @rule(wanted=st.dictionaries(st.sampled_from(["lin_0", "lin_1", "lin_2"]), st.integers(0, 3), max_size=2))
    def the_customer_cancels(self, wanted):
        before = {line_id: line.cancelled for line_id, line in self.order.lines.items()}
        plan = self.order.plan_cancellation(wanted)
        asked = {
            line_id: wanted.get(line_id, 0) or line.ordered
            for line_id, line in self.order.lines.items()
            if not wanted or line_id in wanted
        }
        for line_id, quantity in asked.items():
            at_once = sum(u.quantity for part in (plan.open, plan.backordered) for u in part if u.line_id == line_id)
            rights = sum(right.quantity for right in plan.reserved if right.line_id == line_id)
            nodes = sum(u.quantity for ask in plan.call_backs for u in ask.units if u.line_id == line_id)
            rest = plan.cancelled_before[line_id] + plan.too_late[line_id]
            assert at_once + rights + nodes + rest == quantity, "every unit asked for has exactly one answer"
        self.order.given_up(plan)
        for line_id, line in self.order.lines.items():
            assert line.cancelled >= before[line_id]

    @precondition(lambda self: getattr(self, "order", None) and self.order.working)
    @rule(data=st.data())
    def a_fulfillment_ends(self, data):
        work = data.draw(st.sampled_from(list(self.order.working.values())))
        ends = {"delivered": [], "rejected": [], "cancelled": [], "lost": []}
        for right in work.lines:
            end = data.draw(st.sampled_from(list(ends)))
            ends[end].append(Units(right.line_id, right.sku, right.quantity))
        self.order.fulfillment_ended(work.fulfillment_order_id, **ends, node_refused=False)

    @precondition(lambda self: getattr(self, "order", None) and self.order.working)
    @rule(data=st.data(), sequence=st.integers(1, 2))
    def a_node_gives_a_unit_back(self, data, sequence):
        work = data.draw(st.sampled_from(list(self.order.working.values())))
        if sum(right.quantity for right in work.lines) < 2:
            return
        unit = [Units(work.lines[0].line_id, work.lines[0].sku, 1)]
        kind = data.draw(st.booleans())
        rejected, cancelled = (unit, []) if kind else ([], unit)
        self.order.fulfillment_changed(work.fulfillment_order_id, sequence, rejected, cancelled)
        again = {line_id: line.working for line_id, line in self.order.lines.items()}
        self.order.fulfillment_changed(work.fulfillment_order_id, sequence, rejected, cancelled)
        assert again == {line_id: line.working for line_id, line in self.order.lines.items()}, "told twice is once"

    @rule(number=st.integers(0, 2), cancel=st.booleans())
    def a_hold_is_resolved(self, number, cancel):
        self.order.hold_resolved(f"hld_{number}", cancel=cancel)

    @rule(number=st.integers(1, 2), line=st.sampled_from(["", "lin_0"]))
    def a_hold_is_placed(self, number, line):
        self.order.hold_placed(Hold(f"hld_{number}", "OTHER", line, None))

    @rule()
    def stock_arrives(self):
        self.order.stock_arrived([line.sku for line in self.order.lines.values()], self.now)

    @invariant()
    def units_are_conserved(self):
        if not hasattr(self, "order"):
            return
        for line in self.order.lines.values():
            assert line.accounted == line.ordered
            rooms = (
                line.open,
                line.backordered,
                line.reserved,
                line.working,
                line.delivered,
                line.cancelled,
                line.lost,
            )
            assert min(rooms) >= 0

    @invariant()
    def work_and_counters_agree(self):
        if not hasattr(self, "order"):
            return
        for line_id, line in self.order.lines.items():
            assert line.reserved == sum(work.units_of(line_id) for work in self.order.ready)
            assert line.working == sum(work.units_of(line_id) for work in self.order.working.values())

    def teardown(self):
        """Whatever happened: release the holds, let the goods arrive, and the order comes to rest and is settled."""
        if not hasattr(self, "order"):
            return
        for hold_id in list(self.order.holds):
            self.order.hold_resolved(hold_id, cancel=False)
        for _ in range(200):
            step = self.order.next_step(self.now)
            match step:
                case Done():
                    break
                case Allocate(lines):
                    works = []
                    for line_id, (opened, waiting) in lines.items():
                        self.number += 1
                        right = RightToUnits(
                            line_id, self.order.lines[line_id].sku, opened + waiting, f"r{self.number}"
                        )
                        works.append(Work(f"ful_{self.number}", "node-9", (right,)))
                    self.order.allocated(works, [], step, self.now)
                case Start(works):
                    for work in works:
                        self.order.started(work)
                case Cancel(cancellation):
                    self.order.given_up(self.order.plan_cancellation(cancellation.wanted))
                    self.order.cancellation_done(cancellation.key)
                case Settle():
                    self.settled += sum(one.quantity for one in step.cancelled)
                    self.settled_lost += sum(one.quantity for one in step.lost)
                    self.order.settled(step)
                case Wait():
                    for work in list(self.order.working.values()):
                        units = [Units(right.line_id, right.sku, right.quantity) for right in work.lines]
                        self.order.fulfillment_ended(work.fulfillment_order_id, delivered=units)
                    self.now += timedelta(days=1)
        assert isinstance(self.order.next_step(self.now), Done)
        assert self.settled == sum(line.cancelled for line in self.order.lines.values())
        assert self.settled_lost == sum(line.lost for line in self.order.lines.values())


TestOrderMachine = OrderMachine.TestCase
TestOrderMachine.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_a_refused_pair_is_not_tried_for_ever():
    order = OrderState.begin("ord_1", [Units("lin_1", "SKU", 1)], [], ship_complete=False)
    now = START
    rounds = 0
    while rounds < 20:
        step = order.next_step(now)
        if isinstance(step, Allocate):
            # The only node claims to have it, unless it is excluded.
            rounds += 1
            if ("node", "SKU") in order.excluded():
                order.allocated([], [Units("lin_1", "SKU", 1)], step, now)
                order.stock_arrived(["SKU"], now)
            else:
                right = RightToUnits("lin_1", "SKU", 1, f"rsv_{rounds}")
                order.allocated([Work(f"ful_{rounds}", "node", (right,))], [], step, now)
        elif isinstance(step, Start):
            order.started(step.works[0])
            order.fulfillment_ended(step.works[0].fulfillment_order_id, rejected=[Units("lin_1", "SKU", 1)])
        elif isinstance(step, Wait):
            assert step.until is not None
            assert step.until > now
            now = step.until
        elif isinstance(step, Cancel):
            break
    assert order.refusals["node", "SKU"] == 2
    assert now - START > timedelta(minutes=30), "fruitless attempts slow down"


def test_a_backorder_that_nothing_fills_is_cancelled_at_its_limit():
    order = OrderState.begin("ord_1", [Units("lin_1", "SKU", 2)], [], ship_complete=False)
    step = order.next_step(START)
    assert isinstance(step, Allocate)
    order.allocated([], [Units("lin_1", "SKU", 2)], step, START)
    assert order.status() == "Backordered"
    later = order.next_step(START + timedelta(days=30))
    assert later == Cancel(Cancellation("backorder-limit", {"lin_1": 2}, "oms", "no stock came before the limit"))


def test_stock_that_arrives_while_an_allocation_is_under_way_is_not_forgotten():
    order = OrderState.begin("ord_1", [Units("lin_1", "SKU", 2)], [], ship_complete=False)
    step = order.next_step(START)
    order.stock_arrived(["SKU"], START)
    order.allocated([], [Units("lin_1", "SKU", 2)], step, START)
    assert isinstance(order.next_step(START), Allocate)


def test_a_line_hold_lets_the_other_lines_go():
    order = OrderState.begin(
        "ord_1",
        [Units("lin_1", "A", 1), Units("lin_2", "B", 1)],
        [Hold("hld_1", "COMPLIANCE", "lin_1", None)],
        ship_complete=False,
    )
    assert order.next_step(START) == Allocate({"lin_2": (1, 0)})


def test_a_rejected_hold_cancels_what_it_held():
    order = OrderState.begin(
        "ord_1",
        [Units("lin_1", "A", 1), Units("lin_2", "B", 1)],
        [Hold("hld_1", "COMPLIANCE", "lin_1", None)],
        ship_complete=False,
    )
    order.hold_resolved("hld_1", cancel=True)
    step = order.next_step(START)
    assert isinstance(step, Cancel)
    assert step.cancellation.wanted == {"lin_1": 0}
