"""What happens to some of the orders: one is cancelled, one is short, one waits for stock, one comes back, one is lost.

The rest of the world plays its part here (customers, the payment desk, a lorry); the system only hears of it through
its public API, as it would anywhere.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from deploy.local.demo.seed import OUT_OF_STOCK
from deploy.local.demo.system import System
from oms.common.v1.address_pb2 import Address
from oms.fulfillment.v1.fulfillment_service_pb2 import ListFulfillmentOrdersRequest, ListShipmentsRequest
from oms.intake.v1.hold_pb2 import HoldSpec, HoldType
from oms.intake.v1.intake_service_pb2 import (
    CancelOrderRequest,
    GetOrderRequest,
    ListHoldsRequest,
    ResolveHoldRequest,
    SubmitOrderRequest,
)
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import Order, OrderStatus, Payment
from oms.inventory.v1.inventory_service_pb2 import Adjustment, AdjustStockRequest, ListBackordersRequest
from oms.inventory.v1.position_pb2 import MovementReason
from oms.returns.v1.returns_service_pb2 import GetReturnRequest, RequestReturnRequest, ReturnLineSpec
from services.kernel.errors import OmsError, Unavailable

Say = Callable[[str], None]
_LOOK = 0.25


class Story:
    """Plays one run. `said` hears what happens, in sentences."""

    def __init__(self, system: System, seed: int, said: Say) -> None:
        self._system = system
        self._seed = seed
        self._say = said
        self.order_ids: list[str] = []
        self.return_ids: list[str] = []

    async def play(self) -> None:
        """Play every scene; they overlap, as life does."""
        async with asyncio.TaskGroup() as scenes:
            for scene in (
                self.cancelled,
                self.short_picked,
                self.waits_for_stock,
                self.comes_back,
                self.held_for_fraud,
                self.lost_on_the_way,
            ):
                scenes.create_task(scene())

    async def cancelled(self) -> None:
        """A customer changes their mind while a hold still keeps the order."""
        hold = HoldSpec(handle="call", type=HoldType.HOLD_TYPE_CUSTOMER_REQUEST, note="customer asked to wait")
        order = await self._submit("cancelled", [("HOOD-NVY-M", 2)], holds=[hold])
        request = CancelOrderRequest(
            request_id=f"demo/{self._seed}/cancel", order_id=order.order_id, reason="changed their mind"
        )
        while True:
            try:
                answer = await self._system.intake.CancelOrder(request)
                break
            except Unavailable as error:  # a busy machine: the same request_id asks for the same answer
                self._say(f"{order.order_number}: {error.message}")
        units = sum(line.cancelled_quantity for line in answer.lines)
        self._say(f"{order.order_number}: the customer cancelled; the process confirmed {units} units cancelled")

    async def short_picked(self) -> None:
        """A node does not find what it should have; another node ships it."""
        hold = HoldSpec(handle="stage", type=HoldType.HOLD_TYPE_OTHER, note="until the stage is set")
        order = await self._submit("short", [("RAIN-GRY-L", 2), ("SOCK-BLK-M", 1)], holds=[hold])
        await self._system.wms.post("/scenario", json={"order_id": order.order_id, "behaviour": "short_pick"})
        await self._resolve(order, "stage")
        self._say(f"{order.order_number}: the first node will not find all of it")
        request = ListFulfillmentOrdersRequest(order_id=order.order_id)
        while True:
            asked = (await self._system.fulfillment.ListFulfillmentOrders(request)).fulfillment_orders
            missing = [(one.node_id, line) for one in asked for line in one.lines if line.rejected_quantity]
            if missing:
                break
            await asyncio.sleep(_LOOK)
        await self._system.wms.post("/scenario", json={"order_id": order.order_id, "behaviour": "normal"})
        node_id, line = missing[0]
        self._say(f"{order.order_number}: {node_id} did not find {line.rejected_quantity} × {line.sku}: routed again")

    async def waits_for_stock(self) -> None:
        """Nobody has it: the order waits, until the lorry comes."""
        sku = OUT_OF_STOCK[0]
        order = await self._submit("backorder", [(sku, 3)])
        await self._until(order, lambda now: now.status == OrderStatus.ORDER_STATUS_BACKORDERED)
        self._say(f"{order.order_number}: nobody has {sku}: it waits")

    async def lorry(self, done: asyncio.Event) -> None:
        """A lorry that brings to a distribution centre, every few seconds, what orders have been waiting for."""
        brought: set[tuple[str, str]] = set()
        while not done.is_set():
            await asyncio.sleep(4)
            waiting = (await self._system.inventory.ListBackorders(ListBackordersRequest(page_size=500))).backorders
            new = [one for one in waiting if (one.owner_id, one.line_id) not in brought]
            if not new:
                continue
            brought |= {(one.owner_id, one.line_id) for one in new}
            await self._system.inventory.AdjustStock(
                AdjustStockRequest(
                    request_id=f"demo/{self._seed}/lorry/{len(brought)}",
                    adjustments=[Adjustment(sku=one.sku, node_id="dc-east", on_hand_delta=one.quantity) for one in new],
                    reason=MovementReason.MOVEMENT_REASON_RECEIPT,
                    reference="a lorry",
                )
            )
            units = sum(one.quantity for one in new)
            self._say(f"a lorry brought {units} units to dc-east; the {len(new)} lines that waited for them go on")

    async def held_for_fraud(self) -> None:
        """Somebody looks at a suspicious order and rejects it."""
        hold = HoldSpec(handle="risk", type=HoldType.HOLD_TYPE_HIGH_RISK_OF_FRAUD, note="four cards tried")
        order = await self._submit("fraud", [("JEAN-BLK-L", 5)], holds=[hold])
        await asyncio.sleep(3)
        await self._resolve(order, "risk", rejected=True)
        self._say(f"{order.order_number}: held for fraud, looked at, and rejected")

    async def comes_back(self) -> None:
        """Two arrive, one comes back: label, parcel, inspection, stock, money."""
        order = await self._submit("return", [("POLO-WHT-S", 2)], fast=True)
        order = await self._until(order, lambda now: now.status == OrderStatus.ORDER_STATUS_DELIVERED)
        answer = await self._system.returns.RequestReturn(
            RequestReturnRequest(
                request_id=f"demo/{self._seed}/return",
                order_id=order.order_id,
                lines=[ReturnLineSpec(line_id=order.lines[0].line_id, quantity=1, reason="too small")],
            )
        )
        return_id = answer.return_record.return_id
        self.return_ids.append(return_id)
        self._say(f"{order.order_number}: delivered; one of two comes back")
        while True:
            found = (await self._system.returns.GetReturn(GetReturnRequest(return_id=return_id))).return_record
            if found.tracking_number:
                break
            await asyncio.sleep(_LOOK)
        await self._system.carrier.post("/dropoff", json={"tracking_number": found.tracking_number})
        while not found.closed:
            await asyncio.sleep(_LOOK)
            found = (await self._system.returns.GetReturn(GetReturnRequest(return_id=return_id))).return_record
        self._say(f"{order.order_number}: the parcel came, was inspected and restocked, and the money went back")

    async def lost_on_the_way(self) -> None:
        """The carrier loses a parcel; the customer gets the money back."""
        order = await self._submit("lost", [("TEE-GRN-XL", 1)])
        while True:
            shipments = await self._system.fulfillment.ListShipments(ListShipmentsRequest(order_id=order.order_id))
            if shipments.shipments:
                break
            await asyncio.sleep(_LOOK)
        number = shipments.shipments[0].tracking_number
        await self._system.carrier.post("/scenario", json={"tracking_number": number, "behaviour": "lost"})
        self._say(f"{order.order_number}: the carrier will lose its parcel")

    async def pay(self, done: asyncio.Event) -> None:
        """The payment desk: what waits for its payment is paid after a while."""
        while not done.is_set():
            waiting = await self._system.intake.ListHolds(ListHoldsRequest(page_size=500))
            for hold in waiting.holds:
                if hold.type in (HoldType.HOLD_TYPE_AWAITING_PAYMENT, HoldType.HOLD_TYPE_INCORRECT_ADDRESS) or (
                    hold.owner_queue == "customer-service" and hold.handle not in ("call", "stage", "risk")
                ):
                    await self._resolve_hold(hold.order_id, hold.handle)
            await asyncio.sleep(2)

    async def _submit(
        self, name: str, lines: list[tuple[str, int]], *, holds: list[HoldSpec] | None = None, fast: bool = False
    ) -> Order:
        placed = Timestamp()
        placed.FromDatetime(datetime(2026, 1, 5, tzinfo=UTC))
        draft = OrderDraft(
            channel="demo-stories",
            external_id=f"{name}-{self._seed}",
            order_number=f"story {name}",
            order_time=placed,
            currency_code="USD",
            ship_to=Address(
                name="Alex Example",
                lines=["1 Example Street"],
                city="Chicago",
                administrative_area="IL",
                postal_code="60601",
                country_code="US",
                email=f"alex+{name.replace(' ', '-')}@example.com",
            ),
            lines=[
                DraftLine(sku=sku, quantity=quantity, unit_price=Money(currency_code="USD", units=25))
                for sku, quantity in lines
            ],
            total_amount=Money(currency_code="USD", units=25 * sum(quantity for _, quantity in lines)),
            payment=PaymentDraft(state=Payment.STATE_AUTHORIZED, reference=f"auth-{name}-{self._seed}"),
            priority=1 if fast else 3,
            holds=holds or [],
        )
        answer = await self._system.intake.SubmitOrder(
            SubmitOrderRequest(request_id=f"demo/{self._seed}/{name}", draft=draft)
        )
        self.order_ids.append(answer.order.order_id)
        order: Order = answer.order
        return order

    async def _resolve(self, order: Order, handle: str, *, rejected: bool = False) -> None:
        await self._resolve_hold(order.order_id, handle, rejected=rejected)

    async def _resolve_hold(self, order_id: str, handle: str, *, rejected: bool = False) -> None:
        try:
            await self._system.intake.ResolveHold(
                ResolveHoldRequest(
                    request_id=f"demo/{self._seed}/{order_id[-8:]}/{handle}"[:200],
                    order_id=order_id,
                    handle=handle,
                    rejected=rejected,
                    reason="rejected by the demonstration" if rejected else "resolved by the demonstration",
                )
            )
        except OmsError as error:
            self._say(f"{order_id}: {error}")

    async def _until(self, order: Order, condition: Callable[[Order], bool]) -> Order:
        while not condition(order):
            await asyncio.sleep(_LOOK)
            order = (await self._system.intake.GetOrder(GetOrderRequest(order_id=order.order_id))).order
        return order
