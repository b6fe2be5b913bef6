"""Orders: accepted, found, listed, watched, cancelled, and their units moved."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.order_pb2 import OrderStatus as OrderStatusNumber
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.chassis.service import Parts
from services.intake import store, store_demand, store_events
from services.intake.accepting import OrderConflict, accept, record_conflict
from services.intake.accepting_together import Gatherer
from services.intake.cancelling import Request
from services.intake.domain.draft import Draft
from services.intake.domain.rooms import total
from services.intake.moving import move_units
from services.intake.pages import moment_and_id, name, next_token, number
from services.intake.payments import PaymentPort
from services.intake.rpcs import Rpcs
from services.intake.screening import Screening
from services.intake.wire import (
    cancellation_message,
    event_message,
    moves_from,
    order_message,
    units_message,
)
from services.intake.wire_values import moment_from, number_of


class OrderRpcs(Rpcs):
    """Orders: accepted, found, listed, watched, cancelled, and their units moved."""

    def __init__(self, parts: Parts, payments: PaymentPort) -> None:
        super().__init__(parts, payments)
        self._gatherer = Gatherer(parts, self._screener, self._submit_alone)

    async def SubmitOrder(self, request: rpc.SubmitOrderRequest, context: Any) -> rpc.SubmitOrderResponse:
        return await self._gatherer.submit(request)

    async def _submit_alone(
        self, request: rpc.SubmitOrderRequest, draft: Draft, screening: Screening, actor: str
    ) -> rpc.SubmitOrderResponse:
        now = self._clock.now()

        async def effect(conn: store.Connection) -> rpc.SubmitOrderResponse:
            accepted = await accept(
                conn, self._outbox, draft, screening=screening, now=now, actor=actor, key=request.request_id
            )
            return rpc.SubmitOrderResponse(order=order_message(accepted.order), replayed=accepted.replayed)

        try:
            submitted = await self._once(request, rpc.SubmitOrderResponse, effect)
        except OrderConflict as conflict:
            async with self._db.begin() as conn:
                await record_conflict(conn, self._outbox, conflict, now=now, actor=actor)
            raise
        self._wake_relay()
        return submitted

    async def GetOrder(self, request: rpc.GetOrderRequest, context: Any) -> rpc.GetOrderResponse:
        async with self._db.connect() as conn:
            return rpc.GetOrderResponse(order=order_message(await store.get_order(conn, request.order_id)))

    async def LookupOrder(self, request: rpc.LookupOrderRequest, context: Any) -> rpc.LookupOrderResponse:
        async with self._db.connect() as conn:
            order = await store.lookup_order(conn, request.channel, request.external_id)
        return rpc.LookupOrderResponse(order=order_message(order))

    async def ListOrders(self, request: rpc.ListOrdersRequest, context: Any) -> rpc.ListOrdersResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        async with self._db.connect() as conn:
            found = await store.list_orders(
                conn,
                channel=request.channel,
                statuses=[
                    OrderStatusNumber.Name(status).removeprefix("ORDER_STATUS_")
                    for status in request.statuses
                    if status
                ],
                region=request.region,
                sku=request.sku,
                after_time=moment_from(request, "after_time"),
                before_time=moment_from(request, "before_time"),
                older_than=older_than,
                limit=size + 1,
            )
        token = next_token(request, [(order.create_time, order.order_id) for order in found], size)
        return rpc.ListOrdersResponse(orders=[order_message(order) for order in found[:size]], next_page_token=token)

    async def CountOrders(self, request: rpc.CountOrdersRequest, context: Any) -> rpc.CountOrdersResponse:
        async with self._db.connect() as conn:
            rows = await store.count_orders(conn, request.channel)
        units = total(row[2] for row in rows)
        counts = [
            rpc.CountOrdersResponse.StatusCount(status=number_of(OrderStatusNumber, status), order_count=count)
            for status, count, _ in rows
        ]
        return rpc.CountOrdersResponse(counts=counts, units=units_message(units), ordered_quantity=units.total)

    async def ListUnroutedDemand(
        self, request: rpc.ListUnroutedDemandRequest, context: Any
    ) -> rpc.ListUnroutedDemandResponse:
        size, after = page_size(request.page_size, maximum=5000), name(request)
        async with self._db.connect() as conn:
            found = await store_demand.list_unrouted(conn, after=after, limit=size + 1)
        token = next_token(request, [(sku,) for sku, _ in found], size)
        demands = [rpc.UnroutedDemand(sku=sku, quantity=quantity) for sku, quantity in found[:size]]
        return rpc.ListUnroutedDemandResponse(demands=demands, next_page_token=token)

    async def WatchOrders(
        self, request: rpc.WatchOrdersRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[rpc.WatchOrdersResponse]:
        position = await self._feed.start(
            order_id=request.order_id, after_cursor=request.after_cursor, from_now=request.from_now
        )
        # A caller that has these knows that whatever happens from here on will be told.
        await context.send_initial_metadata(())
        async for event, status in self._feed.follow(position, order_id=request.order_id, channel=request.channel):
            yield rpc.WatchOrdersResponse(event=event_message(event), status=number_of(OrderStatusNumber, status))

    async def ListOrderEvents(self, request: rpc.ListOrderEventsRequest, context: Any) -> rpc.ListOrderEventsResponse:
        size, after = page_size(request.page_size), number(request)
        async with self._db.connect() as conn:
            await store.check_order(conn, request.order_id)
            found = await store_events.timeline(conn, request.order_id, after=after, limit=size + 1)
        token = next_token(request, [(event.sequence,) for event in found], size)
        events = [event_message(event) for event in found[:size]]
        return rpc.ListOrderEventsResponse(events=events, next_page_token=token)

    async def CancelOrder(self, request: rpc.CancelOrderRequest, context: Any) -> rpc.CancelOrderResponse:
        lines, order = await self._canceller.cancel(
            Request(
                request_id=request.request_id,
                order_id=request.order_id,
                lines=[(line.line_id, line.quantity) for line in request.lines],
                reason=request.reason,
                etag=request.etag,
                actor=context_caller(),
            )
        )
        return rpc.CancelOrderResponse(lines=[cancellation_message(line) for line in lines], order=order_message(order))

    async def RecordMoves(self, request: rpc.RecordMovesRequest, context: Any) -> rpc.RecordMovesResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.RecordMovesResponse:
            sequence = await move_units(
                conn,
                self._outbox,
                request.order_id,
                moves_from(request.moves),
                reason=request.reason,
                references=dict(request.references),
                promise_time=moment_from(request, "promise_time"),
                now=now,
                actor=actor,
                key=request.request_id,
            )
            status = await store.status_of(conn, request.order_id)
            return rpc.RecordMovesResponse(sequence=sequence, status=number_of(OrderStatusNumber, status))

        return await self._once(request, rpc.RecordMovesResponse, effect)
