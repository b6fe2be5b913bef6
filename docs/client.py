"""Submit docs/order.json through the generated client, and follow it to the customer's door."""

import asyncio
from pathlib import Path

import grpc
from google.protobuf.json_format import Parse

from oms.intake.v1 import intake_service_pb2 as intake
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_draft_pb2 import OrderDraft
from oms.intake.v1.order_pb2 import OrderStatus


async def main() -> None:
    draft = Parse(Path(__file__).with_name("order.json").read_text(), OrderDraft())
    async with grpc.aio.insecure_channel("127.0.0.1:7701") as channel:
        service = IntakeServiceStub(channel)
        answer = await service.SubmitOrder(intake.SubmitOrderRequest(request_id="my-shop/1001", draft=draft))
        print(answer.order.order_id, "submitted before" if answer.replayed else "accepted")
        async for one in service.WatchOrders(intake.WatchOrdersRequest(order_id=answer.order.order_id)):
            print(one.event.sequence, one.event.reason or "submitted", "→", OrderStatus.Name(one.status))
            if one.status == OrderStatus.ORDER_STATUS_DELIVERED:
                return


asyncio.run(main())
