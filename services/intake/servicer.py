"""IntakeService: every method decodes, has it done in one transaction, and encodes."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.document_pb2 import Document as DocumentMessage
from oms.intake.v1.hold_pb2 import Hold as HoldMessage
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from oms.intake.v1.order_pb2 import OrderStatus as OrderStatusNumber
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.chassis.service import Parts
from services.intake import holding, store, store_demand, store_documents, store_events, store_holds
from services.intake.accepting import OrderConflict, accept, record_conflict
from services.intake.cancelling import Canceller, Request
from services.intake.channels import FORMATS
from services.intake.domain.charges import merged
from services.intake.domain.holds import HoldState
from services.intake.domain.rooms import total
from services.intake.ingesting import Ingested, Reader
from services.intake.moving import move_units
from services.intake.pages import moment_and_id, name, next_token, number
from services.intake.paying import Till
from services.intake.payments import PaymentPort
from services.intake.process import Process
from services.intake.watching import Feed
from services.intake.wire import (
    cancellation_message,
    document_message,
    event_message,
    hold_message,
    ingested_message,
    moves_from,
    order_message,
    payment_message,
    units_message,
)
from services.intake.wire_draft import draft_from, hold_spec_from
from services.intake.wire_values import moment_from, money_message, number_of


class IntakeServicer(IntakeServiceServicer):
    """What the customer ordered, and where each unit of it stands."""

    def __init__(self, parts: Parts, payments: PaymentPort) -> None:
        self._db = parts.database
        self._outbox = parts.outbox
        self._once = parts.idempotency.once
        self._clock = parts.clock
        self._wake_relay = parts.relay.wake
        self._reader = Reader(database=parts.database, outbox=parts.outbox, clock=parts.clock, formats=FORMATS)
        self._till = Till(database=parts.database, outbox=parts.outbox, payments=payments, clock=parts.clock)
        self._feed = Feed(parts.database)
        self._canceller = Canceller(
            database=parts.database,
            outbox=parts.outbox,
            process=Process(parts.temporal),
            clock=parts.clock,
            limit_seconds=parts.settings.call_timeout_seconds,
        )

    async def SubmitOrder(self, request: rpc.SubmitOrderRequest, context: Any) -> rpc.SubmitOrderResponse:
        draft = draft_from(request.draft)
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.SubmitOrderResponse:
            accepted = await accept(conn, self._outbox, draft, now=now, actor=actor, key=request.request_id)
            return rpc.SubmitOrderResponse(order=order_message(accepted.order), replayed=accepted.replayed)

        try:
            submitted = await self._once(request, rpc.SubmitOrderResponse, effect)
        except OrderConflict as conflict:
            async with self._db.begin() as conn:
                await record_conflict(conn, self._outbox, conflict, now=now, actor=actor)
            raise
        self._wake_relay()
        return submitted

    async def IngestDocument(self, request: rpc.IngestDocumentRequest, context: Any) -> rpc.IngestDocumentResponse:
        form = self._reader.format_of(request.channel, request.format)
        received = self._reader.received(channel=request.channel, form=form, name=request.name, content=request.content)

        async def keep(conn: store.Connection) -> rpc.IngestDocumentResponse:
            kept = await store_documents.insert_document(conn, received, request.content)
            return rpc.IngestDocumentResponse(document=DocumentMessage(document_id=kept.document_id))

        # Only the receipt is kept under the request's id: what became of the document is asked of the document.
        receipt = await self._once(request, rpc.IngestDocumentResponse, keep)
        ingested = await self._reader.ingest(receipt.document.document_id, form, actor=context_caller())
        self._wake_relay()
        return rpc.IngestDocumentResponse(
            document=document_message(ingested.document),
            orders=[ingested_message(order) for order in ingested.orders],
            replayed=ingested.replayed,
        )

    async def ReplayDocument(self, request: rpc.ReplayDocumentRequest, context: Any) -> rpc.ReplayDocumentResponse:
        async with self._db.connect() as conn:
            document, content = await store_documents.get_document(conn, request.document_id)
        ingested: Ingested = await self._reader.read(document, content, actor=context_caller())
        return rpc.ReplayDocumentResponse(
            document=document_message(ingested.document), orders=[ingested_message(order) for order in ingested.orders]
        )

    async def GetDocument(self, request: rpc.GetDocumentRequest, context: Any) -> rpc.GetDocumentResponse:
        async with self._db.connect() as conn:
            document, content = await store_documents.get_document(conn, request.document_id)
        return rpc.GetDocumentResponse(document=document_message(document, content))

    async def ListDocuments(self, request: rpc.ListDocumentsRequest, context: Any) -> rpc.ListDocumentsResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        state = DocumentMessage.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        async with self._db.connect() as conn:
            found = await store_documents.list_documents(
                conn, channel=request.channel, state=state, older_than=older_than, limit=size + 1
            )
        token = next_token(request, [(row.create_time, row.document_id) for row in found], size)
        documents = [document_message(document) for document in found[:size]]
        return rpc.ListDocumentsResponse(documents=documents, next_page_token=token)

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

    async def PlaceHold(self, request: rpc.PlaceHoldRequest, context: Any) -> rpc.PlaceHoldResponse:
        spec, now, actor = hold_spec_from(request.hold), self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.PlaceHoldResponse:
            hold = await holding.place_hold(
                conn, self._outbox, request.order_id, spec, now=now, actor=actor, key=request.request_id
            )
            return rpc.PlaceHoldResponse(hold=hold_message(hold))

        answer = await self._once(request, rpc.PlaceHoldResponse, effect)
        self._wake_relay()
        return answer

    async def ResolveHold(self, request: rpc.ResolveHoldRequest, context: Any) -> rpc.ResolveHoldResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.ResolveHoldResponse:
            hold = await holding.resolve_hold(
                conn,
                self._outbox,
                request.order_id,
                request.handle,
                rejected=request.rejected,
                reason=request.reason,
                now=now,
                actor=actor,
                key=request.request_id,
            )
            return rpc.ResolveHoldResponse(hold=hold_message(hold))

        answer = await self._once(request, rpc.ResolveHoldResponse, effect)
        self._wake_relay()
        return answer

    async def ListHolds(self, request: rpc.ListHoldsRequest, context: Any) -> rpc.ListHoldsResponse:
        size, after = page_size(request.page_size), moment_and_id(request)
        state = HoldMessage.State.Name(request.state).removeprefix("STATE_") if request.state else HoldState.CREATED
        async with self._db.connect() as conn:
            found = await store_holds.list_holds(
                conn, owner_queue=request.owner_queue, state=state, after=after, limit=size + 1
            )
        token = next_token(request, [(hold.deadline_time, hold.hold_id) for hold in found], size)
        return rpc.ListHoldsResponse(holds=[hold_message(hold) for hold in found[:size]], next_page_token=token)

    async def ExpireHold(self, request: rpc.ExpireHoldRequest, context: Any) -> rpc.ExpireHoldResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.ExpireHoldResponse:
            hold = await holding.expire_hold(
                conn, self._outbox, request.order_id, request.hold_id, now=now, actor=actor, key=request.request_id
            )
            return rpc.ExpireHoldResponse(hold=hold_message(hold))

        return await self._once(request, rpc.ExpireHoldResponse, effect)

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

    async def CapturePayment(self, request: rpc.CapturePaymentRequest, context: Any) -> rpc.CapturePaymentResponse:
        outcome, amount = await self._till.capture(
            request.order_id,
            request.shipment_id,
            merged((line.line_id, line.quantity) for line in request.lines),
            actor=context_caller(),
            key=request.request_id,
        )
        return rpc.CapturePaymentResponse(
            outcome=rpc.CapturePaymentResponse.Outcome.Value(f"OUTCOME_{outcome}"),
            amount=money_message(amount.minor, amount.currency_code),
        )

    async def VoidPayment(self, request: rpc.VoidPaymentRequest, context: Any) -> rpc.VoidPaymentResponse:
        order = await self._till.void(request.order_id, actor=context_caller(), key=request.request_id)
        return rpc.VoidPaymentResponse(payment=payment_message(order.payment, order.currency_code))
