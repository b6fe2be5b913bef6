"""Whatever comes, goes and expires: lots never have more than is on hand, and what expires first leaves first."""

import asyncio
import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.supply_pb2 import SupplyType
from services.chassis.client import Channels
from services.chassis.service import start
from services.chassis.settings import Settings
from services.inventory.__main__ import SERVICE
from services.inventory.expiring_lots import ExpiringLots
from services.kernel.clock import ManualClock
from services.kernel.errors import FailedPrecondition
from tests.service.inventory.shop import Shop
from tests.service.inventory.warehouse import Warehouse

# Which lots there are, and how many days they keep; what has no lot is called by no name.
DAYS = {"one": 1, "two": 2, "three": 3, "keeps": None}
LOTS = st.sampled_from(["", *DAYS])
UNITS = st.integers(1, 6)
HALF_A_DAY = timedelta(hours=12)


def test_lots_are_what_the_model_says(migrated_database, clock):
    url = migrated_database("inventory")
    quiet = replace(SERVICE, background=lambda _parts: ())  # the model sweeps when it says so
    with asyncio.Runner() as loop:
        running = start(quiet, Settings(database_url=url, temporal_address="127.0.0.1:9"), clock=clock)
        parts = loop.run(running.__aenter__())
        channels = Channels(Settings())
        shop = Shop(channels, parts.address)
        try:
            machine = machine_for(loop, shop, ExpiringLots(parts.parts), clock)
            checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
            # Without shrinking: each step is a call, and what is found is short enough.
            phases = (Phase.explicit, Phase.reuse, Phase.generate)
            limits = settings(
                max_examples=8,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=checks,
                phases=phases,
            )
            run_state_machine_as_test(machine, settings=limits)
            assert loop.run(shop.discrepancies()) == []
        finally:
            loop.run(channels.close())
            loop.run(running.__aexit__(None, None, None))


def machine_for(loop: asyncio.Runner, shop: Shop, sweep: ExpiringLots, clock: ManualClock) -> Any:
    """Return the machine; every run of it has a node of its own, so that one database serves them all."""
    numbers = itertools.count()
    house = Warehouse(shop)

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.node = f"node-{next(numbers)}"
            self.began = clock.now()
            self.lots: dict[str, int] = {}  # units by lot, those of no lot among them
            self.sequence = 0

        def until(self, lot: str) -> datetime | None:
            days = DAYS.get(lot)
            return None if days is None else self.began + timedelta(days=days)

        def over(self, lot: str) -> bool:
            until = self.until(lot)
            return until is not None and until <= clock.now()

        def first(self, lot: str) -> tuple[bool, bool, datetime]:
            until = self.until(lot)
            return not lot, until is None, until or clock.now()

        def good(self) -> list[str]:
            """The lots that are not over, in the order in which they leave."""
            return sorted((lot for lot in self.lots if lot and not self.over(lot)), key=self.first)

        def bad(self) -> list[str]:
            return sorted((lot for lot in self.lots if self.over(lot)), key=self.first)

        def take(self, order: list[str], units: int) -> None:
            for lot in order:
                taken = min(units, self.lots.get(lot, 0))
                self.lots[lot] = self.lots.get(lot, 0) - taken
                units -= taken
            assert units == 0

        def come(self, lot: str, units: int) -> None:
            self.lots[lot] = self.lots.get(lot, 0) + units

        @property
        def on_hand(self) -> int:
            return sum(self.lots.values())

        @property
        def kept_apart(self) -> int:
            return sum(self.lots[lot] for lot in self.bad())

        @rule(lot=LOTS, units=UNITS)
        def goods_come(self, lot, units):
            loop.run(house.adjust("TEE", self.node, units, lot=lot, until=self.until(lot)))
            self.come(lot, units)

        @rule(lot=LOTS, units=UNITS)
        def a_supply_comes(self, lot, units):
            async def receive() -> None:
                supply = await house.announce("TEE", self.node, units, expect=clock.now())
                await house.receive(supply.supply_id, units, lot=lot, until=self.until(lot))

            loop.run(receive())
            self.come(lot, units)

        @rule(lot=LOTS, units=UNITS)
        def goods_are_lost(self, lot, units):
            there = self.lots.get(lot, 0) if lot else self.on_hand - self.kept_apart
            try:
                loop.run(house.adjust("TEE", self.node, -units, lot=lot))
            except FailedPrecondition:
                assert units > there
            else:
                assert units <= there
                self.take([lot] if lot else ["", *self.good()], units)

        @rule(units=UNITS)
        def an_order_leaves(self, units):
            async def ship() -> None:
                (right,) = (await shop.reserve(("TEE", self.node, units))).reservations
                await shop.consume((right.reservation_id, units))

            free = self.on_hand - self.kept_apart
            try:
                loop.run(ship())
            except FailedPrecondition:
                assert units > free
            else:
                assert units <= free
                self.take([*self.good(), ""], units)

        @rule(units=UNITS)
        def a_transfer_leaves_and_some_of_it_comes_back(self, units):
            async def send() -> None:
                supply = await house.announce(
                    "TEE", f"other-{self.node}", units, kind=SupplyType.SUPPLY_TYPE_TRANSFER,
                    source=self.node, expect=clock.now(),
                )  # fmt: skip
                await house.cancel(supply.supply_id)

            try:
                loop.run(send())
            except FailedPrecondition:
                assert units > self.on_hand - self.kept_apart

        @rule(units=st.integers(0, 12))
        def somebody_counts(self, units):
            self.sequence += 1
            loop.run(shop.sync(self.node, {"TEE": units}, self.sequence, source=f"wms-{self.node}"))
            # What becomes of a count is said elsewhere; here only whose units it takes.
            counted = loop.run(self.there())
            if counted < self.on_hand:
                self.take(["", *self.good(), *self.bad()], self.on_hand - counted)
            else:
                self.come("", counted - self.on_hand)

        async def there(self) -> int:
            found = (await shop.stub.ListPositions(rpc.ListPositionsRequest(node_id=self.node))).positions
            return sum(one.on_hand for one in found)

        @rule()
        def time_passes(self):
            clock.advance(HALF_A_DAY)
            loop.run(sweep.expire())

        @invariant()
        def lots_are_what_the_model_says(self):
            order = sorted((lot for lot, units in self.lots.items() if lot and units), key=self.first)
            assert loop.run(house.lots(node_id=self.node)) == [(lot, self.lots[lot]) for lot in order]
            if self.on_hand:
                there = loop.run(shop.position("TEE", self.node))
                assert (there.on_hand, there.quarantine) == (self.on_hand, self.kept_apart)
                assert there.available == self.on_hand - self.kept_apart

    return Machine
