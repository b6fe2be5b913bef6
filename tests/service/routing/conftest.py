"""Routing and inventory, both real, each on a database of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from oms.inventory.v1 import inventory_service_pb2 as stock
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.inventory.v1.position_pb2 import MOVEMENT_REASON_RECEIPT
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.node_pb2 import Node
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel import ids
from services.kernel.clock import ManualClock, SystemClock, milliseconds
from services.routing import wire
from tests.unit.routing import build

if TYPE_CHECKING:
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub
    from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub


def key() -> str:
    return ids.new(ids.REQUEST, milliseconds(SystemClock().now()))


def order(*lines: tuple[str, int], **changes: Any) -> rpc.PlanOrderRequest:
    request = rpc.PlanOrderRequest(request_id=key(), order_id="ord_1", **changes)
    for number, (sku, quantity) in enumerate(lines, start=1):
        request.lines.add(line_id=f"l{number}", sku=sku, quantity=quantity)
    if not request.HasField("destination"):
        request.destination.country_code, request.destination.postal_code = "US", "10001"
    return request


@dataclass
class World:
    """The two services, and short ways to say what a test needs."""

    routing: "RoutingServiceAsyncStub"
    inventory: "InventoryServiceAsyncStub"

    async def node(self, node_id: str, **changes: Any) -> Node:
        node = wire.from_node(build.node(node_id, **changes))
        answer: rpc.CreateNodeResponse = await self.routing.CreateNode(
            rpc.CreateNodeRequest(request_id=key(), node=node)
        )
        return answer.node

    async def stock(self, node_id: str, **units: int) -> None:
        request = stock.AdjustStockRequest(request_id=key(), reason=MOVEMENT_REASON_RECEIPT)
        for sku, delta in units.items():
            request.adjustments.add(sku=sku, node_id=node_id, on_hand_delta=delta)
        await self.inventory.AdjustStock(request)


@pytest.fixture
async def channels() -> AsyncIterator[Channels]:
    async with Channels(Settings()) as channels:
        yield channels


@pytest.fixture
async def routing_alone(
    service: Callable[..., Awaitable[Any]], channels: Channels, clock: ManualClock
) -> "RoutingServiceAsyncStub":
    """Routing, with nobody where inventory should be."""
    running = await service("routing", clock=clock, inventory_address="127.0.0.1:9")
    return cast("RoutingServiceAsyncStub", channels.connect(RoutingServiceStub, running.address))


@pytest.fixture
async def world(service: Callable[..., Awaitable[Any]], channels: Channels, clock: ManualClock) -> World:
    inventory = await service("inventory", clock=clock)
    routing = await service("routing", clock=clock, inventory_address=inventory.address)
    return World(
        cast("RoutingServiceAsyncStub", channels.connect(RoutingServiceStub, routing.address)),
        cast("InventoryServiceAsyncStub", channels.connect(InventoryServiceStub, inventory.address)),
    )
