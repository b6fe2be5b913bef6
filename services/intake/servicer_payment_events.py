"""What the payment service says of an order's money, and money set aside for longer."""

from typing import Any

from oms.intake.v1 import payment_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import payment_news, store, store_payment_events
from services.intake.pages import moment_and_id, next_token
from services.intake.rpcs import Rpcs
from services.intake.wire import payment_message
from services.intake.wire_payments import event_from, event_message


class PaymentEventRpcs(Rpcs):
    """The RPCs of PaymentService."""

    async def RecordPaymentEvent(
        self, request: rpc.RecordPaymentEventRequest, context: Any
    ) -> rpc.RecordPaymentEventResponse:
        now, actor = self._clock.now(), context_caller()
        event = event_from(request.event, now)

        async def effect(conn: store.Connection) -> rpc.RecordPaymentEventResponse:
            after = await payment_news.take_note(conn, self._outbox, event, now=now, actor=actor)
            return rpc.RecordPaymentEventResponse(event=event_message(after))

        answer = await self._once(request, rpc.RecordPaymentEventResponse, effect)
        self._wake_relay()
        return answer

    async def RenewAuthorization(
        self, request: rpc.RenewAuthorizationRequest, context: Any
    ) -> rpc.RenewAuthorizationResponse:
        # The payment service is asked with a key of the period: asked twice, it gives once.
        renewed = await self._renewer.renew(request.order_id)
        async with self._db.connect() as conn:
            order = await store.get_order(conn, request.order_id)
        return rpc.RenewAuthorizationResponse(
            renewed=renewed, payment=payment_message(order.payment, order.currency_code)
        )

    async def ListPaymentEvents(
        self, request: rpc.ListPaymentEventsRequest, context: Any
    ) -> rpc.ListPaymentEventsResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        state = rpc.PaymentEvent.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        async with self._db.connect() as conn:
            found = await store_payment_events.list_events(
                conn, order_id=request.order_id, state=state, older_than=older_than, limit=size + 1
            )
        token = next_token(request, [(event.create_time, event.event_id) for event in found], size)
        return rpc.ListPaymentEventsResponse(
            events=[event_message(event) for event in found[:size]], next_page_token=token
        )
