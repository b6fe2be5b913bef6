"""The RPCs of returns: decode, decide, write, encode."""

from dataclasses import replace
from typing import TypeVar

from google.protobuf.message import Message
from grpc.aio import ServicerContext

from oms.returns.v1 import returns_service_pb2 as rpc
from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceServicer
from services.chassis import paging
from services.chassis.context import context_caller
from services.chassis.database import Connection
from services.chassis.service import Parts
from services.kernel import ids
from services.returns import process, recording, store, store_reimbursements, wire
from services.returns.domain.authorization import Authorization, decide
from services.returns.domain.return_record import ReturnRecord, inspect, receive, require_authorized
from services.returns.orders import Orders
from services.returns.payments import PaymentPort
from services.returns.reimbursing import Cashier
from services.returns.settings import ReturnsSettings

Response = TypeVar("Response", bound=Message)


class ReturnsServicer(ReturnsServiceServicer):
    """Owns returns and reimbursements."""

    def __init__(self, parts: Parts, *, orders: Orders, payments: PaymentPort, settings: ReturnsSettings) -> None:
        self._database = parts.database
        self._once = parts.idempotency.once
        self._outbox = parts.outbox
        self._clock = parts.clock
        self._orders = orders
        self._window = settings.return_window
        self._cashier = Cashier(
            database=parts.database,
            idempotency=parts.idempotency,
            clock=parts.clock,
            orders=orders,
            payments=payments,
        )

    async def RequestReturn(
        self, request: rpc.RequestReturnRequest, context: ServicerContext
    ) -> rpc.RequestReturnResponse:
        # Intake is asked before the transaction begins, which so never waits for another service.
        order = await self._orders.read(request.order_id)

        async def effect(conn: Connection) -> rpc.RequestReturnResponse:
            record = await recording.record_request(conn, request, order, now=self._clock.now(), window=self._window)
            await self._outbox.add(conn, process.start(record, order))
            return rpc.RequestReturnResponse(return_record=wire.return_message(record))

        return await self._once(request, rpc.RequestReturnResponse, effect)

    async def GetReturn(self, request: rpc.GetReturnRequest, context: ServicerContext) -> rpc.GetReturnResponse:
        async with self._database.connect() as conn:
            record = await store.get_return(conn, request.return_id)
            paid = await store_reimbursements.reimbursements_of(conn, record.return_id)
        return rpc.GetReturnResponse(return_record=wire.return_message(record, paid[record.return_id]))

    async def ListReturns(self, request: rpc.ListReturnsRequest, context: ServicerContext) -> rpc.ListReturnsResponse:
        size = paging.page_size(request.page_size)
        async with self._database.connect() as conn:
            found = await store.list_returns(
                conn,
                order_id=request.order_id,
                authorization=wire.authorization_from(request.authorization),
                after=wire.position_from(paging.decode_token(request)),
                limit=size + 1,
            )
            paid = await store_reimbursements.reimbursements_of(conn, *(record.return_id for record in found))
        page = wire.fitting([wire.return_message(one, paid[one.return_id]) for one in found[:size]])
        token = paging.encode_token(request, page[-1].return_id) if len(found) > len(page) else ""
        return rpc.ListReturnsResponse(return_records=page, next_page_token=token)

    async def AuthorizeReturn(
        self, request: rpc.AuthorizeReturnRequest, context: ServicerContext
    ) -> rpc.AuthorizeReturnResponse:
        return await self._decide(request, rpc.AuthorizeReturnResponse, Authorization.AUTHORIZED)

    async def DeclineReturn(
        self, request: rpc.DeclineReturnRequest, context: ServicerContext
    ) -> rpc.DeclineReturnResponse:
        return await self._decide(request, rpc.DeclineReturnResponse, Authorization.DECLINED)

    async def CancelReturn(
        self, request: rpc.CancelReturnRequest, context: ServicerContext
    ) -> rpc.CancelReturnResponse:
        return await self._decide(request, rpc.CancelReturnResponse, Authorization.CANCELLED)

    async def RecordReturnLabel(
        self, request: rpc.RecordReturnLabelRequest, context: ServicerContext
    ) -> rpc.RecordReturnLabelResponse:
        async def effect(conn: Connection) -> rpc.RecordReturnLabelResponse:
            before = await store.get_return(conn, request.return_id, lock=True)
            require_authorized(before)
            after = replace(
                before,
                node_id=request.node_id,
                shipment_id=request.shipment_id,
                tracking_number=request.tracking_number,
                label_uri=request.label_uri,
            )
            return await self._changed(conn, before, after, rpc.RecordReturnLabelResponse)

        return await self._once(request, rpc.RecordReturnLabelResponse, effect)

    async def RecordReceipt(
        self, request: rpc.RecordReceiptRequest, context: ServicerContext
    ) -> rpc.RecordReceiptResponse:
        async def effect(conn: Connection) -> rpc.RecordReceiptResponse:
            before = await store.get_return(conn, request.return_id, lock=True)
            after, came = receive(before, wire.quantities(request.lines))
            event_id = ids.derived(ids.EVENT, "receipt", request.return_id, request.request_id)
            await store.insert_receipt(
                conn, event_id, before.return_id, came, actor=context_caller(), now=self._clock.now()
            )
            await self._outbox.add(conn, process.receipt_recorded(after, event_id, came))
            return await self._changed(conn, before, after, rpc.RecordReceiptResponse)

        return await self._once(request, rpc.RecordReceiptResponse, effect)

    async def RecordInspection(
        self, request: rpc.RecordInspectionRequest, context: ServicerContext
    ) -> rpc.RecordInspectionResponse:
        async def effect(conn: Connection) -> rpc.RecordInspectionResponse:
            before = await store.get_return(conn, request.return_id, lock=True)
            seen = wire.inspections(request.lines)
            after = inspect(before, seen)
            event_id = ids.derived(ids.EVENT, "inspection", request.return_id, request.request_id)
            await store.insert_inspections(
                conn, event_id, before.return_id, seen, actor=context_caller(), now=self._clock.now()
            )
            await self._outbox.add(conn, process.inspection_recorded(after, event_id, seen))
            return await self._changed(conn, before, after, rpc.RecordInspectionResponse)

        return await self._once(request, rpc.RecordInspectionResponse, effect)

    async def CloseReturn(self, request: rpc.CloseReturnRequest, context: ServicerContext) -> rpc.CloseReturnResponse:
        async def effect(conn: Connection) -> rpc.CloseReturnResponse:
            before = await store.get_return(conn, request.return_id, lock=True)
            return await self._changed(conn, before, replace(before, closed=True), rpc.CloseReturnResponse)

        return await self._once(request, rpc.CloseReturnResponse, effect)

    async def IssueReimbursement(
        self, request: rpc.IssueReimbursementRequest, context: ServicerContext
    ) -> rpc.IssueReimbursementResponse:
        reimbursement = await self._cashier.reimburse(request)
        return rpc.IssueReimbursementResponse(reimbursement=wire.reimbursement_message(reimbursement))

    async def ListReimbursements(
        self, request: rpc.ListReimbursementsRequest, context: ServicerContext
    ) -> rpc.ListReimbursementsResponse:
        size = paging.page_size(request.page_size)
        async with self._database.connect() as conn:
            found = await store_reimbursements.list_reimbursements(
                conn,
                order_id=request.order_id,
                state=wire.state_from(request.state),
                after=wire.position_from(paging.decode_token(request)),
                limit=size + 1,
            )
        page = wire.fitting([wire.reimbursement_message(one) for one in found[:size]])
        token = paging.encode_token(request, page[-1].reimbursement_id) if len(found) > len(page) else ""
        return rpc.ListReimbursementsResponse(reimbursements=page, next_page_token=token)

    async def _decide(
        self,
        request: rpc.AuthorizeReturnRequest | rpc.DeclineReturnRequest | rpc.CancelReturnRequest,
        response: type[Response],
        to: Authorization,
    ) -> Response:
        async def effect(conn: Connection) -> Response:
            before = await store.get_return(conn, request.return_id, lock=True)
            if not decide(before.authorization, to, received=before.received, closed=before.closed):
                return await self._answer(conn, before, response)
            after = replace(before, authorization=to, decision_reason=request.reason)
            await self._outbox.add(conn, process.decided(after))
            return await self._changed(conn, before, after, response)

        return await self._once(request, response, effect)

    async def _changed(
        self, conn: Connection, before: ReturnRecord, after: ReturnRecord, response: type[Response]
    ) -> Response:
        changed = await recording.record_change(conn, before, after, now=self._clock.now())
        return await self._answer(conn, changed, response)

    async def _answer(self, conn: Connection, record: ReturnRecord, response: type[Response]) -> Response:
        paid = await store_reimbursements.reimbursements_of(conn, record.return_id)
        return response(return_record=wire.return_message(record, paid[record.return_id]))
