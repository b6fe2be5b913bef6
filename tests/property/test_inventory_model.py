"""Whatever callers do, in any order and any number of times, inventory is what a plain model says it is."""

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason
from services.chassis.client import Channels
from services.chassis.service import start
from services.chassis.settings import Settings
from services.inventory.__main__ import SERVICE
from services.inventory.sweeper import Sweeper
from services.kernel.clock import ManualClock
from services.kernel.errors import FailedPrecondition
from tests.service.inventory.outside import Outside
from tests.service.inventory.shop import BEST_EFFORT, Shop

SKUS = ("TEE", "MUG")
NODES = ("east", "west")
PAIRS = st.tuples(st.sampled_from(SKUS), st.sampled_from(NODES))
FEW = st.integers(0, 6)
SOON = timedelta(minutes=5)


@dataclass
class Counters:
    """A position as the model knows it."""

    on_hand: int = 0
    reserved: int = 0
    safety_stock: int = 0
    unsellable: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.safety_stock - self.unsellable

    def depart(self, units: int) -> None:
        self.on_hand = max(0, self.on_hand - units)
        self.unsellable = min(self.unsellable, self.on_hand)
        self.reserved -= units


@dataclass
class Model:
    """All of inventory, in memory."""

    positions: dict[tuple[str, str], Counters] = field(default_factory=dict)
    rights: dict[str, list[Any]] = field(default_factory=dict)  # id → [pair, live units, soft]

    def at(self, pair: tuple[str, str]) -> Counters:
        return self.positions.setdefault(pair, Counters())


def test_inventory_is_what_the_model_says(migrated_database, clock):
    url = migrated_database("inventory")
    quiet = replace(SERVICE, background=lambda _parts: ())  # the model sweeps when it says so
    with asyncio.Runner() as loop:
        running = start(quiet, Settings(database_url=url, temporal_address="127.0.0.1:9"), clock=clock)
        parts = loop.run(running.__aenter__())
        channels = Channels(Settings())
        shop = Shop(channels, parts.address)
        try:
            loop.run(Outside(shop, source="").no_limit())
            machine = machine_for(loop, shop, Sweeper(parts.parts), clock)
            checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
            limits = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=checks)
            run_state_machine_as_test(machine, settings=limits)
            assert loop.run(shop.discrepancies()) == []
        finally:
            loop.run(channels.close())
            loop.run(running.__aexit__(None, None, None))


def machine_for(loop: asyncio.Runner, shop: Shop, sweeper: Sweeper, clock: ManualClock) -> Any:
    """Return the machine; every run of it has nodes of its own, so that one database serves them all."""
    numbers = itertools.count()

    def call(method: str, request: Message) -> Any:
        async def answer() -> Any:
            return await getattr(shop.stub, method)(request)

        return loop.run(answer())

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.run = next(numbers)
            self.sequence = 0
            self.model = Model()
            self.last: Any = None

        def node(self, name: str) -> str:
            return f"{name}-{self.run}"

        def send(self, method: str, request: Any) -> Any:
            """Call; the same request again must say the same and change nothing."""
            request.request_id = shop.key()
            answer = call(method, request)
            self.last = (method, request, answer)
            return answer

        @rule(pair=PAIRS, units=st.integers(-4, 8), unsellable=st.integers(-2, 2))
        def adjust(self, pair, units, unsellable):
            there = self.model.at(pair)
            on_hand, spoiled = there.on_hand + units, there.unsellable + unsellable
            request = rpc.AdjustStockRequest(reason=MovementReason.MOVEMENT_REASON_COUNT)
            request.adjustments.add(
                sku=pair[0], node_id=self.node(pair[1]), on_hand_delta=units, unsellable_delta=unsellable
            )
            try:
                self.send("AdjustStock", request)
            except FailedPrecondition:
                assert on_hand < 0 or not 0 <= spoiled <= on_hand
            else:
                there.on_hand, there.unsellable = on_hand, spoiled
                assert on_hand >= 0
                assert 0 <= spoiled <= on_hand

        @rule(pair=PAIRS, units=FEW)
        def safety(self, pair, units):
            self.send(
                "SetSafetyStock",
                rpc.SetSafetyStockRequest(sku=pair[0], node_id=self.node(pair[1]), quantity=units),
            )
            self.model.at(pair).safety_stock = units

        @rule(
            node=st.sampled_from(NODES),
            counts=st.dictionaries(st.sampled_from(SKUS), FEW),
            complete=st.booleans(),
            old=st.booleans(),
        )
        def sync(self, node, counts, complete, old):
            newest = self.sequence
            self.sequence += 1
            sequence = newest if old and newest else self.sequence
            request = rpc.SyncStockRequest(
                source=f"wms-{self.run}", sequence=sequence, node_id=self.node(node), complete=complete
            )
            for sku, units in counts.items():
                request.counts.add(sku=sku, on_hand=units)
            if self.send("SyncStock", request).stale:
                return
            meant = {sku: counts.get(sku, 0) for sku in SKUS if complete or sku in counts}
            for sku, units in meant.items():
                if units or (sku, node) in self.model.positions:
                    there = self.model.at((sku, node))
                    there.on_hand, there.unsellable = units, min(there.unsellable, units)

        @rule(
            lines=st.lists(st.tuples(PAIRS, st.integers(1, 4)), min_size=1, max_size=4),
            best_effort=st.booleans(),
            soft=st.booleans(),
        )
        def reserve(self, lines, best_effort, soft):
            request = rpc.ReserveStockRequest(owner_id="ord_1")
            if best_effort:
                request.mode = BEST_EFFORT
            if soft:
                request.expire_time.FromDatetime(clock.now() + SOON)
            left = {pair: max(0, there.available) for pair, there in self.model.positions.items()}
            expected = []
            for number, (pair, units) in enumerate(lines):
                request.lines.add(line_id=str(number), sku=pair[0], node_id=self.node(pair[1]), quantity=units)
                got = min(units, left.get(pair, 0))
                left[pair] = left.get(pair, 0) - got
                expected += [(pair, got)] if got else []
            enough = sum(units for _, units in lines) == sum(units for _, units in expected)
            try:
                answer = self.send("ReserveStock", request)
            except FailedPrecondition:
                assert not enough
                assert not best_effort
                return
            assert enough or best_effort
            assert [one.quantity for one in answer.reservations] == [units for _, units in expected]
            for one, (pair, units) in zip(answer.reservations, expected, strict=True):
                self.model.rights[one.reservation_id] = [pair, units, soft]
                self.model.at(pair).reserved += units

        @precondition(lambda self: self.model.rights)
        @rule(data=st.data(), units=FEW, missing=st.booleans())
        def release(self, data, units, missing):
            right = data.draw(st.sampled_from(sorted(self.model.rights)))
            request = rpc.ReleaseReservationsRequest(missing=missing)
            request.units.add(reservation_id=right, quantity=units)
            self.send("ReleaseReservations", request)
            pair, live, _ = self.model.rights[right]
            given = min(units or live, live)
            self.model.rights[right][1] -= given
            if missing:
                self.model.at(pair).depart(given)
            else:
                self.model.at(pair).reserved -= given

        @precondition(lambda self: self.model.rights)
        @rule(data=st.data(), units=FEW)
        def consume(self, data, units):
            right = data.draw(st.sampled_from(sorted(self.model.rights)))
            pair, live, _ = self.model.rights[right]
            request = rpc.ConsumeReservationsRequest()
            request.units.add(reservation_id=right, quantity=units)
            try:
                self.send("ConsumeReservations", request)
            except FailedPrecondition:
                assert not 0 < (units or live) <= live
            else:
                assert 0 < (units or live) <= live
                self.model.rights[right][1] -= units or live
                self.model.at(pair).depart(units or live)

        @precondition(lambda self: self.last)
        @rule()
        def send_again(self):
            method, request, answer = self.last
            assert call(method, request) == answer

        @rule()
        def time_passes(self):
            clock.advance(SOON)
            loop.run(sweeper.expire())
            for right in self.model.rights.values():
                pair, live, soft = right
                if soft and live:
                    self.model.at(pair).reserved -= live
                    right[1] = 0

        @invariant()
        def positions_are_what_the_model_says(self):
            for node in NODES:
                found = call("ListPositions", rpc.ListPositionsRequest(node_id=self.node(node))).positions
                seen = {one.sku: (one.on_hand, one.reserved, one.safety_stock, one.unsellable) for one in found}
                said = {
                    sku: (there.on_hand, there.reserved, there.safety_stock, there.unsellable)
                    for (sku, at), there in self.model.positions.items()
                    if at == node and (sku in seen or there != Counters())
                }
                assert seen == said

        def teardown(self):
            assert all(there.reserved >= 0 for there in self.model.positions.values())
            for node in NODES:
                request = rpc.ListReservationsRequest(node_id=self.node(node), live_only=True, page_size=500)
                live = {one.reservation_id: one for one in call("ListReservations", request).reservations}
                expected = {
                    right: units for right, ((_, at), units, _) in self.model.rights.items() if units and at == node
                }
                assert {
                    right: one.quantity - one.consumed_quantity - one.released_quantity for right, one in live.items()
                } == expected

    return Machine
