"""An outside system that says what there is, in few words."""

from datetime import datetime
from typing import Any

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.source_pb2 import DriftException, DriftLimit, StockSource
from tests.service.inventory.shop import Shop


class Outside:
    """A source, about one node."""

    def __init__(self, shop: Shop, source: str = "wms", node: str = "east") -> None:
        self.shop, self.source, self.node = shop, source, node

    async def snapshot(self, sequence: int, counts: dict[str, int], **fields: Any) -> rpc.SyncStockResponse:
        """Send counts; `part` is (number, of how many), `at` the moment of counting."""
        request = self._request(sequence, **fields)
        for sku, units in counts.items():
            request.counts.add(sku=sku, on_hand=units)
        answer: rpc.SyncStockResponse = await self.shop.stub.SyncStock(request)
        return answer

    async def delta(self, sequence: int, deltas: dict[str, int], **fields: Any) -> rpc.SyncStockResponse:
        request = self._request(sequence, **fields)
        for sku, units in deltas.items():
            request.deltas.add(sku=sku, on_hand_delta=units)
        answer: rpc.SyncStockResponse = await self.shop.stub.SyncStock(request)
        return answer

    async def count(
        self, counts: dict[str, int], at: datetime | None = None, reference: str = ""
    ) -> list[rpc.StockDrift]:
        """Count at the shelf."""
        request = rpc.RecordCountsRequest(request_id=self.shop.key(), node_id=self.node, reference=reference)
        for sku, units in counts.items():
            request.counts.add(sku=sku, on_hand=units)
        if at:
            request.count_time.FromDatetime(at)
        return list((await self.shop.stub.RecordCounts(request)).drifts)

    async def limit(self, units: int, percent: int, source: str | None = None) -> None:
        await self.shop.stub.SetDriftLimit(
            rpc.SetDriftLimitRequest(
                request_id=self.shop.key(),
                source=self.source if source is None else source,
                limit=DriftLimit(units=units, percent=percent),
            )
        )

    async def no_limit(self) -> None:
        await self.shop.stub.SetDriftLimit(rpc.SetDriftLimitRequest(request_id=self.shop.key(), source=self.source))

    async def exceptions(self, **only: Any) -> list[DriftException]:
        request = rpc.ListDriftExceptionsRequest(page_size=500, **only)
        return list((await self.shop.stub.ListDriftExceptions(request)).drift_exceptions)

    async def decide(self, drift_exception_id: str, *, accept: bool, note: str = "") -> DriftException:
        request = rpc.DecideDriftExceptionRequest(
            request_id=self.shop.key(), drift_exception_id=drift_exception_id, accept=accept, note=note
        )
        answer: rpc.DecideDriftExceptionResponse = await self.shop.stub.DecideDriftException(request)
        return answer.drift_exception

    async def sources(self) -> list[StockSource]:
        return list((await self.shop.stub.ListStockSources(rpc.ListStockSourcesRequest(page_size=500))).sources)

    async def on_hand(self, sku: str) -> int:
        return (await self.shop.position(sku, self.node)).on_hand

    def _request(
        self, sequence: int, *, part: tuple[int, int] = (0, 0), at: datetime | None = None, complete: bool = False
    ) -> rpc.SyncStockRequest:
        request = rpc.SyncStockRequest(
            request_id=self.shop.key(),
            source=self.source,
            sequence=sequence,
            node_id=self.node,
            complete=complete,
            part=part[0],
            part_count=part[1],
        )
        if at:
            request.count_time.FromDatetime(at)
        return request


def figures(answer: rpc.SyncStockResponse) -> list[tuple[str, int, int]]:
    """Return what we had and what they have."""
    return [(one.sku, one.was_on_hand, one.on_hand) for one in answer.drifts]


def state(one: DriftException) -> str:
    return DriftException.State.Name(one.state).removeprefix("STATE_")
