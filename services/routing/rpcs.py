"""What every group of RPCs is made of."""

from typing import TYPE_CHECKING, cast

from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.chassis.service import Parts
from services.routing.memory import Memory
from services.routing.planner import Planner
from services.routing.replaying import Replaying
from services.routing.shadowing import Shadowing
from services.routing.simulating import Simulating

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub


class Rpcs:
    """The parts of the service that its RPCs share."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.database
        self._clock = parts.clock
        self._once = parts.idempotency.once
        self._inventory = cast(
            "InventoryServiceAsyncStub",
            parts.channels.connect(InventoryServiceStub, parts.settings.inventory_address),
        )
        self._memory = Memory(parts.clock)
        self._planner = Planner(parts.database, parts.clock, self._memory, self._inventory)
        self._replaying = Replaying(parts.database, self._planner)
        self._simulating = Simulating(parts.database, self._planner, self._replaying)
        self._shadowing = Shadowing(parts.database, self._planner, self._replaying)
        parts.closing.append(self._shadowing.close)
