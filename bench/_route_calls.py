"""What plans and promises cost by gRPC, with real inventory and PostgreSQL, beside a call that does nothing.

Server, inventory, PostgreSQL and the empty server are processes of their own; the callers are in this one. Each call is
another cart, for one of a hundred ZIP codes.
"""

import contextlib
import itertools
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc

from bench._house import inventory, postgres, process
from bench._load import Seen, load
from bench._us import home, network
from deploy.local import ports
from deploy.local.postgres import Postgres
from oms.common.v1 import outbox_service_pb2 as empty_pb
from oms.common.v1.address_pb2 import Destination
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from oms.inventory.v1 import inventory_service_pb2 as stock_pb
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.inventory.v1.position_pb2 import MOVEMENT_REASON_RECEIPT
from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.network_pb2 import Network, Product
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.chassis import migration

NODES, LINES = 50, 3
_SKUS, _ZIP_CODES, _SHARES = 200, 100, (0.1, 0.6)
_RUN = f"{random.randrange(16**6):06x}"
_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

Call = Callable[[int], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Called:
    """What was seen of a call; the CPU of the routing process in it, where it is one of routing's."""

    what: str
    seen: Seen
    cpu_ms: float | None


@dataclass(frozen=True, slots=True)
class House:
    """Where everybody listens, and the routing process."""

    empty: str
    inventory: str
    routing: str
    routing_pid: int


@contextlib.contextmanager
def house() -> Iterator[House]:
    """Run inventory and routing on a PostgreSQL of their own, and the empty server."""
    with contextlib.ExitStack() as stack:
        server: Postgres = stack.enter_context(postgres())
        empty, routing = ports.free(2)
        stack.enter_context(process("bench._empty", str(empty), port=empty))
        (stock,) = stack.enter_context(inventory(server))
        migration.upgrade(server.url, "routing")
        environment = {
            "OMS_LISTEN": f"127.0.0.1:{routing}",
            "OMS_DATABASE_URL": server.url,
            "OMS_INVENTORY_ADDRESS": stock,
            "OMS_TEMPORAL_ADDRESS": "127.0.0.1:9",
        }
        pid = stack.enter_context(process("services.routing", port=routing, **environment))
        yield House(f"127.0.0.1:{empty}", stock, f"127.0.0.1:{routing}", pid)


async def measure(at: House, callers: list[int], seconds: float, told: Callable[[str], None]) -> list[Called]:
    """Fill in the network and its stock, then let so many callers make each call for so long."""
    message = network(NODES)
    async with (
        grpc.aio.insecure_channel(at.empty) as empty,
        grpc.aio.insecure_channel(at.inventory) as stock,
        grpc.aio.insecure_channel(at.routing) as routing,
    ):
        told("filling in")
        await _fill(message, InventoryServiceStub(stock), RoutingServiceStub(routing))
        calls = _calls(message, OutboxServiceStub(empty), InventoryServiceStub(stock), RoutingServiceStub(routing))
        found = []
        for number, (what, call) in itertools.product(callers, calls.items()):
            told(f"{what}, {number} callers")
            if await _known(call):
                found.append(await _called(what, call, number, seconds, at.routing_pid))
        return found


async def _called(what: str, call: Call, callers: int, seconds: float, pid: int) -> Called:
    made = 0

    async def counted(number: int) -> bool:
        nonlocal made
        made += 1
        return await call(number)

    before = _cpu_ms(pid)
    seen = await load(counted, callers, seconds)
    spent = (_cpu_ms(pid) - before) / max(1, made)
    return Called(what, seen, spent if what in {"PlanOrder", "PromiseDelivery"} else None)


async def _known(call: Call) -> bool:
    """Warm a call up; tell whether the server has it at all."""
    try:
        for _ in range(_ZIP_CODES):
            await call(0)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
            raise
        return False
    return True


def _calls(
    message: Network, empty: OutboxServiceStub, stock: InventoryServiceStub, routing: RoutingServiceStub
) -> dict[str, Call]:
    chance = random.Random(1)
    numbers = itertools.count()
    homes = [home(chance) for _ in range(_ZIP_CODES)]
    node_ids = [node.node_id for node in message.nodes]

    def cart() -> tuple[str, Destination, list[rpc.PlanLine]]:
        to = chance.choice(homes)
        skus = chance.sample(range(_SKUS), LINES)
        lines = [
            rpc.PlanLine(line_id=str(place), sku=_sku(number), quantity=chance.choices((1, 2, 3), (7, 2, 1))[0])
            for place, number in enumerate(skus)
        ]
        where = Destination(country_code="US", administrative_area=to.state, postal_code=to.postal_code)
        return f"{_RUN}-{next(numbers)}", where, lines

    async def nothing(_number: int) -> bool:
        await empty.ListOutboxEvents(empty_pb.ListOutboxEventsRequest())
        return True

    async def availability(_number: int) -> bool:
        skus = [line.sku for line in cart()[2]]
        await stock.GetAvailability(stock_pb.GetAvailabilityRequest(skus=skus, node_ids=node_ids))
        return True

    async def plan(_number: int) -> bool:
        key, where, lines = cart()
        asked = rpc.PlanOrderRequest(request_id=key, order_id=f"ord_{key}", lines=lines, destination=where)
        return bool((await routing.PlanOrder(asked)).decision.assignments)

    async def promise(_number: int) -> bool:
        key, where, lines = cart()
        asked = rpc.PromiseDeliveryRequest(request_id=key, lines=lines, destination=where)
        return bool((await routing.PromiseDelivery(asked)).promise.options)

    return {"empty call": nothing, "GetAvailability": availability, "PlanOrder": plan, "PromiseDelivery": promise}


async def _fill(message: Network, stock: InventoryServiceStub, routing: RoutingServiceStub) -> None:
    chance = random.Random(2)
    await routing.ImportNetwork(rpc.ImportNetworkRequest(request_id=f"{_RUN}-network", network=message))
    products = [Product(sku=_sku(number), grams=chance.randint(100, 3000)) for number in range(_SKUS)]
    await routing.PutProducts(rpc.PutProductsRequest(request_id=f"{_RUN}-products", products=products))
    for number in range(_SKUS):
        received = stock_pb.AdjustStockRequest(request_id=f"{_RUN}-stock-{number}", reason=MOVEMENT_REASON_RECEIPT)
        for node in chance.sample(list(message.nodes), round(NODES * chance.uniform(*_SHARES))):
            received.adjustments.add(sku=_sku(number), node_id=node.node_id, on_hand_delta=chance.randint(1, 20))
        await stock.AdjustStock(received)


def _sku(number: int) -> str:
    return f"SKU-{number:04d}"


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_MS
