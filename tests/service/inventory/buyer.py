"""A process that buys: reserves one unit many times at once, spread over replicas, and prints what became of it."""

import asyncio
import json
import sys
from typing import Any

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.errors import OmsError


async def main(name: str, times: int, addresses: list[str]) -> None:
    async with Channels(Settings(call_timeout_seconds=60)) as channels:
        stubs = [channels.connect(InventoryServiceStub, address) for address in addresses]
        outcomes = await asyncio.gather(*(buy(stubs[i % len(stubs)], f"{name}-{i}") for i in range(times)))
    print(json.dumps(outcomes))  # noqa: T201 - read by the test


async def buy(stub: Any, key: str) -> dict[str, str]:
    line = rpc.ReservationLine(line_id="1", sku="TEE", node_id="east", quantity=1)
    try:
        answer = await stub.ReserveStock(rpc.ReserveStockRequest(request_id=key, owner_id=key, lines=[line]))
    except OmsError as error:
        return {"error": type(error).__name__, "reason": error.reason, **error.metadata}
    return {"reservation_id": answer.reservations[0].reservation_id}


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
