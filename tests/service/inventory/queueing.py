"""What is kept for whom, what they were told, and supply that comes: what the tests of backorders look at."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.backorder_pb2 import Backorder, BackorderPolicy
from oms.inventory.v1.supply_pb2 import Supply, SupplyType
from oms.workflow.v1.order_workflow_pb2 import BackorderPromised, StockArrived
from tests.service.inventory.shop import Shop

_SIGNALS = "SELECT key, type, message FROM inventory.outbox_events ORDER BY sequence"
_CROWD = """
INSERT INTO inventory.backorders (owner_id, line_id, sku, quantity, priority, state, passed, create_time)
SELECT 'ord_' || to_char(n, 'FM0000'), 'lin_0', :sku, :units, 1 + n % 5, 'WAITING', false,
       CAST(:now AS timestamptz) + n * interval '1 second'
FROM generate_series(0, :number - 1) AS n
RETURNING owner_id
"""
# Each with the transaction that wrote it.
_TOLD = "SELECT xmin::text, key, type FROM inventory.outbox_events"


async def kept(shop: Shop) -> dict[str, int]:
    """Return how many units are kept for each owner."""
    request = rpc.ListReservationsRequest(live_only=True, page_size=500)
    units: Counter[str] = Counter()
    for one in (await shop.stub.ListReservations(request)).reservations:
        if one.backorder:
            units[one.owner_id] += one.quantity - one.consumed_quantity - one.released_quantity
    return dict(units)


async def lines(shop: Shop, **only: Any) -> dict[tuple[str, str], Backorder]:
    """Return the backorders that are not closed."""
    found = (await shop.stub.ListBackorders(rpc.ListBackordersRequest(page_size=500, **only))).backorders
    return {(one.owner_id, one.line_id): one for one in found}


async def everybody(shop: Shop) -> AsyncIterator[tuple[str, Backorder]]:
    """Go through all backorders that are not closed, page by page."""
    request = rpc.ListBackordersRequest(page_size=500)
    while True:
        page = await shop.stub.ListBackorders(request)
        for one in page.backorders:
            yield one.owner_id, one
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def crowd(shop: Shop, sku: str, number: int, *, units: int) -> list[str]:
    """Let so many orders wait since a second after one another, of priorities 1 to 5 in turn; return who they are."""
    async with shop.parts.database.begin() as conn:
        values = {"sku": sku, "number": number, "units": units, "now": shop.parts.clock.now()}
        return sorted((await conn.execute(text(_CROWD), values)).scalars())


async def policy(shop: Shop, sku: str, name: str) -> str:
    """Set who is served first, and return who is now."""
    value = BackorderPolicy.Value(f"BACKORDER_POLICY_{name}")
    request = rpc.SetBackorderPolicyRequest(request_id=shop.key(), sku=sku, policy=value)
    answer = await shop.stub.SetBackorderPolicy(request)
    return BackorderPolicy.Name(answer.policy).removeprefix("BACKORDER_POLICY_")


async def arrivals(shop: Shop) -> list[tuple[str, list[str]]]:
    """Return who was told of which stock, oldest first."""
    return [(key, list(StockArrived.FromString(message).skus)) for key, _, message in await _signals(shop, "arrived")]


async def promises(shop: Shop) -> list[tuple[str, dict[str, datetime | None]]]:
    """Return who was promised what, oldest first."""
    found: list[tuple[str, dict[str, datetime | None]]] = []
    for key, _, message in await _signals(shop, "promised"):
        told = BackorderPromised.FromString(message).promises
        found.append((key, {one.sku: moment(one, "promise_time") for one in told}))
    return found


async def told_twice(shop: Shop) -> list[Any]:
    """Return the signals that one transaction owes one process twice."""
    async with shop.parts.database.connect() as conn:
        counted = Counter(tuple(row) for row in await conn.execute(text(_TOLD)))
    return [signal for signal, times in counted.items() if times > 1]


async def supply(shop: Shop, sku: str, units: int, when: datetime, *, node: str = "east") -> str:
    """Announce units, and return the id of their supply."""
    request = rpc.CreateSupplyRequest(
        request_id=shop.key(),
        type=SupplyType.SUPPLY_TYPE_PURCHASE_ORDER,
        sku=sku,
        node_id=node,
        quantity=units,
        expect_time=stamp(when),
    )
    one: Supply = (await shop.stub.CreateSupply(request)).supply
    return one.supply_id


async def receive(shop: Shop, supply_id: str, units: int, *, final: bool = False) -> None:
    await shop.stub.ReceiveSupply(
        rpc.ReceiveSupplyRequest(request_id=shop.key(), supply_id=supply_id, quantity=units, final=final)
    )


async def move(shop: Shop, supply_id: str, when: datetime) -> None:
    await shop.stub.UpdateSupply(
        rpc.UpdateSupplyRequest(request_id=shop.key(), supply_id=supply_id, expect_time=stamp(when))
    )


async def call_off(shop: Shop, supply_id: str) -> None:
    await shop.stub.CancelSupply(rpc.CancelSupplyRequest(request_id=shop.key(), supply_id=supply_id))


def stamp(when: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(when)
    return found


def moment(message: Any, field: str) -> datetime | None:
    found: datetime | None = getattr(message, field).ToDatetime(UTC) if message.HasField(field) else None
    return found


async def _signals(shop: Shop, word: str) -> list[tuple[str, str, bytes]]:
    async with shop.parts.database.connect() as conn:
        rows = await conn.execute(text(_SIGNALS))
        return [(row.key, row.type, row.message) for row in rows if word in row.type]
