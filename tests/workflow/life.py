"""Life in a house in few words: buy, hold, cancel, ship, carry, send back; and looking at what became of it."""

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from oms.common.v1.address_pb2 import Address
from oms.fulfillment.v1 import fulfillment_service_pb2 as ful
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.node_event_pb2 import NodeEvent, NodeEventLine
from oms.fulfillment.v1.shipment_pb2 import Shipment
from oms.fulfillment.v1.tracking_event_pb2 import TrackingEvent
from oms.intake.v1 import intake_service_pb2 as intake
from oms.intake.v1.cancellation_pb2 import LineCancellation, LineQuantity
from oms.intake.v1.hold_pb2 import HoldDeadlineAction, HoldSpec, HoldType
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import Order, Payment
from oms.inventory.v1 import inventory_service_pb2 as inventory
from oms.inventory.v1.position_pb2 import MovementReason
from oms.inventory.v1.supply_pb2 import SupplyType
from oms.returns.v1 import returns_service_pb2 as returns
from oms.returns.v1.return_pb2 import Disposition, Return
from tests.workflow.looking import Looking

_numbers = itertools.count(1)

# Who the orders go to. No process may know of them; tests/replay holds the processes to it.
ADDRESS = Address(
    name="Philippa Featherstonehaugh",
    lines=["17 Tannery Wharf"],
    city="Chicago",
    administrative_area="IL",
    postal_code="60601",
    country_code="US",
    email="philippa@featherstonehaugh.example",
    phone="+1 312 555 0142",
)


class Life(Looking):
    """What people, nodes and carriers do in a house."""

    # What people do

    async def stock(self, *, east: int = 0, west: int = 0, sku: str = "") -> str:
        """Bring units of a SKU, a new one where none is named, to the nodes; return the SKU."""
        sku = sku or f"SKU-{next(_numbers)}"
        units = {"dc-east": east, "dc-west": west}
        request = inventory.AdjustStockRequest(
            request_id=key(),
            adjustments=[
                inventory.Adjustment(sku=sku, node_id=node, on_hand_delta=number)
                for node, number in units.items()
                if number
            ],
            reason=MovementReason.MOVEMENT_REASON_RECEIPT,
        )
        if request.adjustments:
            await self.house.services.inventory.AdjustStock(request)
        return sku

    async def announce(self, sku: str, units: int, *, days: float) -> tuple[str, datetime]:
        """Announce units that come to a node in so many days; return their supply's id, and when they are expected."""
        expected = (self.house.clock.now() + timedelta(days=days)).replace(microsecond=0)
        request = inventory.CreateSupplyRequest(
            request_id=key(),
            type=SupplyType.SUPPLY_TYPE_PURCHASE_ORDER,
            sku=sku,
            node_id="dc-east",
            quantity=units,
        )
        request.expect_time.FromDatetime(expected)
        answer = await self.house.services.inventory.CreateSupply(request)
        return answer.supply.supply_id, expected

    async def take_in(self, supply_id: str, units: int) -> None:
        request = inventory.ReceiveSupplyRequest(request_id=key(), supply_id=supply_id, quantity=units)
        await self.house.services.inventory.ReceiveSupply(request)

    async def buy(
        self,
        *lines: tuple[str, int],
        paid: "Payment.State.ValueType" = Payment.STATE_AUTHORIZED,
        reference: str = "",
        holds: Sequence[HoldSpec] = (),
        channel: str = "house",
        priority: int = 3,
    ) -> Order:
        """Submit an order of lines (SKU, quantity), each unit at ten dollars."""
        external_id = reference or f"order-{next(_numbers)}"
        draft = OrderDraft(
            channel=channel,
            external_id=external_id,
            order_number=external_id,
            currency_code="USD",
            customer_reference="philippa@featherstonehaugh.example",
            # Somebody else each time: nobody is to think that an order is there twice.
            email=f"{external_id}@featherstonehaugh.example",
            ship_to=ADDRESS,
            lines=[DraftLine(sku=sku, quantity=quantity, unit_price=usd(10)) for sku, quantity in lines],
            total_amount=usd(10 * sum(quantity for _, quantity in lines)),
            payment=PaymentDraft(state=paid, reference=external_id),
            holds=holds,
            priority=priority,
            note="leave it with Philippa Featherstonehaugh's neighbour",
        )
        answer = await self.house.services.intake.SubmitOrder(intake.SubmitOrderRequest(request_id=key(), draft=draft))
        order: Order = answer.order
        return order

    async def silently(self, *lines: tuple[str, int], **how: Any) -> Order:
        """Buy what a node takes and then says nothing of: the test speaks for it."""
        for sku, _ in lines:
            await self.behave("wms", sku=sku, behaviour="silent")
        return await self.buy(*lines, **how)

    def hold(
        self, handle: str, *, days: float = 3, then: str = "ESCALATE", kind: str = "OTHER", line_id: str = ""
    ) -> HoldSpec:
        """Return a hold whose deadline is in so many days."""
        deadline = Timestamp()
        deadline.FromDatetime(self.house.clock.now() + timedelta(days=days))
        return HoldSpec(
            handle=handle,
            type=HoldType.Value(f"HOLD_TYPE_{kind}"),
            line_id=line_id,
            deadline_time=deadline,
            deadline_action=HoldDeadlineAction.Value(f"HOLD_DEADLINE_ACTION_{then}"),
        )

    async def place(self, order: Order, hold: HoldSpec) -> None:
        request = intake.PlaceHoldRequest(request_id=key(), order_id=order.order_id, hold=hold)
        await self.house.services.intake.PlaceHold(request)

    async def resolve(self, order: Order, handle: str, *, rejected: bool = False) -> None:
        await self.house.services.intake.ResolveHold(
            intake.ResolveHoldRequest(request_id=key(), order_id=order.order_id, handle=handle, rejected=rejected)
        )

    async def cancel(
        self, order: Order, units: Mapping[str, int] | None = None, *, request_id: str = ""
    ) -> list[LineCancellation]:
        """Ask intake to cancel these units of lines, all of them where none is named."""
        answer = await self.house.services.intake.CancelOrder(
            intake.CancelOrderRequest(
                request_id=request_id or key(),
                order_id=order.order_id,
                lines=[LineQuantity(line_id=line_id, quantity=number) for line_id, number in (units or {}).items()],
                reason="changed their mind",
            )
        )
        return list(answer.lines)

    async def ask_back(self, order: Order, *units: int) -> Return:
        """Ask to send back so many of each line."""
        request = returns.RequestReturnRequest(
            request_id=key(),
            order_id=order.order_id,
            lines=[
                returns.ReturnLineSpec(line_id=line.line_id, quantity=number, reason="too small for Philippa")
                for line, number in zip(order.lines, units, strict=False)
                if number
            ],
        )
        record: Return = (await self.house.services.returns.RequestReturn(request)).return_record
        return record

    async def receive(self, record: Return, *units: int) -> None:
        lines = _received(record, units)
        await self.house.services.returns.RecordReceipt(
            returns.RecordReceiptRequest(request_id=key(), return_id=record.return_id, lines=lines)
        )

    async def inspect(self, record: Return, disposition: str, *units: int) -> None:
        lines = [
            returns.InspectedLine(
                line_id=one.line_id,
                quantity=one.quantity,
                disposition=Disposition.Value(f"DISPOSITION_{disposition}"),
            )
            for one in _received(record, units)
        ]
        await self.house.services.returns.RecordInspection(
            returns.RecordInspectionRequest(request_id=key(), return_id=record.return_id, lines=lines)
        )

    async def decide(self, record: Return, decision: str) -> None:
        """Authorize, Decline or Cancel a return."""
        request = getattr(returns, f"{decision}ReturnRequest")(request_id=key(), return_id=record.return_id)
        await getattr(self.house.services.returns, f"{decision}Return")(request)

    # What nodes and carriers do

    async def behave(self, partner: str, **scenario: object) -> None:
        """Tell a sandbox how to behave."""
        (await self.house.http[partner].post("/scenario", json=scenario)).raise_for_status()

    async def says(
        self, work: FulfillmentOrder, kind: str, units: Mapping[str, int] | None = None, *, event: str = "", **more: str
    ) -> str:
        """Have the node say something, and return what became of it."""
        node_event = NodeEvent(
            event_id=event or key(),
            fulfillment_order_id=work.fulfillment_order_id,
            type=NodeEvent.Type.Value(f"TYPE_{kind}"),
            lines=_node_lines(units),
            occur_time=self._now(),
            **more,
        )
        request = ful.RecordNodeEventsRequest(events=[node_event])
        answer = await self.house.services.fulfillment.RecordNodeEvents(request)
        return ful.RecordedEvent.Outcome.Name(answer.results[0].outcome).removeprefix("OUTCOME_")

    async def label(self, work: FulfillmentOrder, units: Mapping[str, int] | None = None) -> Shipment:
        """Have the node pack a parcel."""
        parcel = ful.OutboundParcel(fulfillment_order_id=work.fulfillment_order_id, lines=_node_lines(units))
        request = ful.PurchaseLabelRequest(request_id=key(), outbound=parcel)
        shipment: Shipment = (await self.house.services.fulfillment.PurchaseLabel(request)).shipment
        return shipment

    async def ship(self, work: FulfillmentOrder, units: Mapping[str, int] | None = None) -> Shipment:
        """Have the node pack a parcel and hand it over."""
        shipment = await self.label(work, units)
        assert await self.says(work, "SHIPPED", tracking_number=shipment.tracking_number) == "RECORDED"
        return shipment

    async def scan(self, shipment: Shipment, *statuses: str, event: str = "") -> list[str]:
        """Have the carrier say something of a parcel, and return what became of it."""
        events = [
            TrackingEvent(
                event_id=event or key(),
                tracking_number=shipment.tracking_number,
                status=TrackingEvent.Status.Value(f"STATUS_{status}"),
                occur_time=self._now(),
            )
            for status in statuses
        ]
        answer = await self.house.services.fulfillment.RecordTrackingEvents(
            ful.RecordTrackingEventsRequest(carrier_code=shipment.carrier_code, events=events)
        )
        return [ful.RecordedEvent.Outcome.Name(one.outcome).removeprefix("OUTCOME_") for one in answer.results]

    # What may befall the house

    @asynccontextmanager
    async def nothing_reserved(self) -> AsyncIterator[None]:
        """Have whoever reserves stock wait for a while."""
        connection = await asyncpg.connect(self.house.database_url)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE inventory.reservations IN EXCLUSIVE MODE")
                yield
        finally:
            await connection.close()

    @asynccontextmanager
    async def nobody_working(self) -> AsyncIterator[None]:
        """Have no worker for a while."""
        await self.house.rest()
        try:
            yield
        finally:
            await self.house.work()

    def _now(self) -> Timestamp:
        now = Timestamp()
        now.FromDatetime(self.house.clock.now())
        return now


def key() -> str:
    """Return a key that nobody used before."""
    return f"key-{next(_numbers)}"


def outcomes(lines: Sequence[LineCancellation]) -> list[tuple[str, int, int, int]]:
    """Return the answers to a cancellation: outcome, units cancelled, intercepting, too late."""
    return [
        (
            LineCancellation.Outcome.Name(line.outcome).removeprefix("OUTCOME_"),
            line.cancelled_quantity,
            line.intercepting_quantity,
            line.too_late_quantity,
        )
        for line in lines
    ]


def usd(dollars: int) -> Money:
    return Money(currency_code="USD", units=dollars)


def _node_lines(units: Mapping[str, int] | None) -> list[NodeEventLine]:
    return [NodeEventLine(line_id=line_id, quantity=number) for line_id, number in (units or {}).items()]


def _received(record: Return, units: Sequence[int]) -> list[returns.ReceivedLine]:
    return [
        returns.ReceivedLine(line_id=line.line_id, quantity=number)
        for line, number in zip(record.lines, units, strict=False)
        if number
    ]
