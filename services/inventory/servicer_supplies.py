"""RPCs about what is not there yet."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, store_supplies, wire, wire_supply
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class SupplyRpcs(Rpcs):
    """About what is not there yet."""

    async def CreateSupply(
        self, request: rpc.CreateSupplyRequest, context: ServicerContext
    ) -> rpc.CreateSupplyResponse:
        async def effect(conn: Connection) -> rpc.CreateSupplyResponse:
            announced = wire_supply.supply_of(request, self._clock.now())
            made = await self._supplying.create(conn, announced, actor=context_caller())
            return rpc.CreateSupplyResponse(supply=wire_supply.supply(made))

        return await self._once(request, rpc.CreateSupplyResponse, effect)

    async def UpdateSupply(
        self, request: rpc.UpdateSupplyRequest, context: ServicerContext
    ) -> rpc.UpdateSupplyResponse:
        async def effect(conn: Connection) -> rpc.UpdateSupplyResponse:
            after = await self._supplying.update(
                conn,
                request.supply_id,
                expect_time=wire.moment(request.expect_time) if request.HasField("expect_time") else None,
                quantity=request.quantity,
                actor=context_caller(),
            )
            return rpc.UpdateSupplyResponse(supply=wire_supply.supply(after))

        return await self._once(request, rpc.UpdateSupplyResponse, effect)

    async def ReceiveSupply(
        self, request: rpc.ReceiveSupplyRequest, context: ServicerContext
    ) -> rpc.ReceiveSupplyResponse:
        async def effect(conn: Connection) -> rpc.ReceiveSupplyResponse:
            receipt = wire_supply.receipt(request)
            after, position = await self._supplying.receive(conn, request.supply_id, receipt, actor=context_caller())
            return rpc.ReceiveSupplyResponse(supply=wire_supply.supply(after), position=wire.position(position))

        return await self._once(request, rpc.ReceiveSupplyResponse, effect)

    async def CancelSupply(
        self, request: rpc.CancelSupplyRequest, context: ServicerContext
    ) -> rpc.CancelSupplyResponse:
        async def effect(conn: Connection) -> rpc.CancelSupplyResponse:
            after = await self._supplying.cancel(
                conn, request.supply_id, request.quantity, request.reason, actor=context_caller()
            )
            return rpc.CancelSupplyResponse(supply=wire_supply.supply(after))

        return await self._once(request, rpc.CancelSupplyResponse, effect)

    async def ListSupplies(
        self, request: rpc.ListSuppliesRequest, context: ServicerContext
    ) -> rpc.ListSuppliesResponse:
        size = page_size(request.page_size)
        after = pages.supply(request)
        async with self._database.connect() as conn:
            rows = await store_supplies.page(
                conn,
                sku=request.sku,
                node_id=request.node_id,
                open_only=request.open_only,
                after=after,
                size=size + 1,
            )
        last = rows[size - 1] if len(rows) > size else None
        return rpc.ListSuppliesResponse(
            supplies=map(wire_supply.supply, rows[:size]),
            next_page_token=encode_token(request, last.create_time.isoformat(), last.supply_id) if last else "",
        )
