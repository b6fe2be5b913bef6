"""Whatever callers do at once, over two replicas, and whatever is killed meanwhile: nothing is sold twice or lost.

Hypothesis draws batches of calls that are sent together, and who is killed with SIGKILL after how many answers: a
replica, both, or all of PostgreSQL. Whoever has no answer asks again with the same key until there is one. After every
batch what callers were told is compared with what there is.
"""

import itertools
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason
from oms.inventory.v1.supply_pb2 import SupplyType
from tests.chaos.inventory_callers import NODES, SOLD, Call, Callers
from tests.chaos.inventory_house import House
from tests.service.inventory.shop import BEST_EFFORT

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("inventory-chaos"), pytest.mark.timeout(300)]

FOREVER = Timestamp(seconds=4102444800)
FEW = st.integers(1, 4)
WHICH = st.integers(0, 999)
OWNERS = st.sampled_from(["ann", "bob", "cat"])
SOLD_PAIRS = st.tuples(st.sampled_from([*SOLD, "BOX"]), st.sampled_from(NODES))
SPECIAL_PAIRS = st.sampled_from([("FENCED", "east"), ("COUNTED", "east")])
LINES = st.lists(st.tuples(st.one_of(SOLD_PAIRS, SOLD_PAIRS, SPECIAL_PAIRS), FEW), min_size=1, max_size=4)
HOW = st.fixed_dictionaries({"first": st.integers(0, 1), "twice": st.sampled_from([False, False, True])})
RESERVE = st.tuples(
    st.just("reserve"), LINES, OWNERS, st.booleans(), st.booleans(), st.sampled_from(["", "B2B"]), st.booleans()
)
CHANGE = st.one_of(
    RESERVE,
    RESERVE,
    st.tuples(st.sampled_from(["release", "consume", "confirm", "transfer"]), WHICH, FEW, st.sampled_from(NODES)),
    st.tuples(st.just("bring"), st.sampled_from(SOLD), st.sampled_from(NODES), FEW),
    st.tuples(st.just("carry"), FEW),
    st.tuples(st.just("sync"), st.integers(0, 20)),
    st.tuples(st.just("wait"), OWNERS, st.sampled_from(SOLD), FEW),
    st.tuples(st.just("close"), OWNERS),
)
BATCH = st.lists(st.tuples(CHANGE, HOW), min_size=1, max_size=14)
CRASH = st.tuples(st.sampled_from(["replica-0", "replica-1", "both", "postgres"]), st.integers(0, 8))


def test_nothing_is_sold_twice_or_lost_whoever_is_killed(tmp_path: Path) -> None:
    run(tmp_path, examples=2, steps=5)


@pytest.mark.long
@pytest.mark.timeout(1700)
def test_nothing_is_sold_twice_or_lost_whoever_is_killed_for_minutes(tmp_path: Path) -> None:
    run(tmp_path, examples=60, steps=15)


def run(home: Path, *, examples: int, steps: int) -> None:
    with House(home).open() as house:
        unlimited = rpc.SetDriftLimitRequest(request_id="no-limit")
        house.loop.run(house.ask("SetDriftLimit", unlimited))
        limits = settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # what a crash does once it may not do twice: there is nothing to shrink
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(machine_for(house), settings=limits)


def machine_for(house: House) -> Any:
    """Return the machine; every run of it has SKUs of its own."""
    runs = itertools.count()

    class Machine(RuleBasedStateMachine):
        @initialize()
        def open(self) -> None:
            self.run = next(runs)
            self.callers = Callers(house, self.run)
            self.sequence = 0
            house.loop.run(self.callers.open())

        @rule(batch=BATCH)
        def calls(self, batch):
            self.send(batch, None)

        @rule(batch=BATCH, crash=CRASH)
        def calls_and_a_crash(self, batch, crash):
            self.send(batch, crash)

        @rule(batch=BATCH, crash=CRASH)
        def more_calls_and_a_crash(self, batch, crash):
            self.send(batch, crash)

        @precondition(lambda self: self.callers.answered)
        @rule(which=WHICH)
        def send_again(self, which):
            house.loop.run(self.callers.send_again(which % len(self.callers.answered)))

        @invariant()
        def what_was_told_is_so(self):
            house.loop.run(self.callers.check())

        def send(self, batch, crash):
            rights = sorted(self.callers.rights)
            calls = [call for (what, *words), how in batch for call in self.calls_of(what, words, how, rights)]
            house.loop.run(self.callers.batch(calls, crash))

        def calls_of(self, what: str, words: Any, how: Any, rights: list[str]) -> list[Call]:
            if what in {"release", "consume", "confirm", "transfer"}:
                which, units, node = words
                return self.about(what, rights[which % len(rights)], units, node, how) if rights else []
            method, request = getattr(self, what)(*words)
            streamed = what == "reserve" and words[-1]
            return [self.callers.call(method, request, streamed=streamed, **how)]

        def about(self, what, right, units, node, how):
            """What becomes of a right. Those of fenced and counted units are only given back."""
            if "FENCED" in self.callers.rights[right].sku or "COUNTED" in self.callers.rights[right].sku:
                what = "release"
            named = [rpc.ReservationUnits(reservation_id=right, quantity=units)]
            method, request = {
                "release": ("ReleaseReservations", rpc.ReleaseReservationsRequest(units=named)),
                "consume": ("ConsumeReservations", rpc.ConsumeReservationsRequest(units=named)),
                "confirm": ("ConfirmReservations", rpc.ConfirmReservationsRequest(reservation_ids=[right])),
                "transfer": (
                    "TransferReservation",
                    rpc.TransferReservationRequest(reservation_id=right, node_id=node, quantity=units),
                ),
            }[what]
            return [self.callers.call(method, request, **how)]

        def reserve(self, lines, owner, best_effort, soft, segment, _streamed):
            request = rpc.ReserveStockRequest(owner_id=f"{owner}-{self.run}", segment=segment)
            if best_effort:
                request.mode = BEST_EFFORT
            if soft:
                request.expire_time.CopyFrom(FOREVER)
            for number, ((sku, node), units) in enumerate(lines):
                request.lines.add(line_id=f"{number}", sku=self.callers.sku(sku), node_id=node, quantity=units)
            return "ReserveStock", request

        def bring(self, sku, node, units):
            """Half of what comes was announced."""
            if units % 2:
                request = rpc.AdjustStockRequest(reason=MovementReason.MOVEMENT_REASON_RECEIPT)
                request.adjustments.add(sku=self.callers.sku(sku), node_id=node, on_hand_delta=units)
                return "AdjustStock", request
            announced = rpc.CreateSupplyRequest(
                request_id=house.key(),
                type=SupplyType.SUPPLY_TYPE_PURCHASE_ORDER,
                sku=self.callers.sku(sku),
                node_id=node,
                quantity=units,
                expect_time=FOREVER,
            )
            supply = house.loop.run(house.ask("CreateSupply", announced)).supply
            return "ReceiveSupply", rpc.ReceiveSupplyRequest(supply_id=supply.supply_id, quantity=units, final=True)

        def carry(self, units):
            """All or none: what leaves one node comes to the other."""
            request = rpc.AdjustStockRequest(reason=MovementReason.MOVEMENT_REASON_CORRECTION)
            for node, delta in zip(NODES, (-units, units), strict=True):
                request.adjustments.add(sku=self.callers.sku("CRATE"), node_id=node, on_hand_delta=delta)
            return "AdjustStock", request

        def sync(self, units):
            self.sequence += 1
            request = rpc.SyncStockRequest(source=f"wms-{self.run}", sequence=self.sequence, node_id="east")
            request.counts.add(sku=self.callers.sku("COUNTED"), on_hand=units)
            return "SyncStock", request

        def wait(self, owner, sku, units):
            request = rpc.RegisterBackorderRequest(owner_id=f"{owner}-{self.run}")
            request.lines.add(line_id="0", sku=self.callers.sku(sku), quantity=units)
            return "RegisterBackorder", request

        def close(self, owner):
            return "CloseBackorder", rpc.CloseBackorderRequest(owner_id=f"{owner}-{self.run}")

    return Machine
