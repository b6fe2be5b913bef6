"""The order's money: captured and voided."""

from typing import Any

from oms.intake.v1 import intake_service_pb2 as rpc
from services.chassis.context import context_caller
from services.intake.domain.charges import merged
from services.intake.rpcs import Rpcs
from services.intake.wire import (
    payment_message,
)
from services.intake.wire_values import money_message


class PaymentRpcs(Rpcs):
    """The order's money: captured and voided."""

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
