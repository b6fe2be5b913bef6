"""A store that goes off, and orders that it was to ship: each test has a store of its own in the house."""

from dataclasses import dataclass

from temporalio.client import WorkflowHandle

from deploy.local.demo.seed import network
from oms.fulfillment.v1 import fulfillment_service_pb2 as ful
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.intake.v1 import intake_service_pb2 as intake
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import Order, Payment, ServiceLevel
from oms.inventory.v1 import inventory_service_pb2 as inventory
from oms.inventory.v1.position_pb2 import MovementReason
from oms.routing.v1 import routing_service_pb2 as routing
from oms.routing.v1.outage_pb2 import Outage, OutageWork
from tests.workflow.life import ADDRESS, Life, key, usd
from workflows import contract


@dataclass
class Store:
    """A store, where it is cheapest to ship from."""

    life: Life
    node_id: str
    sku: str

    async def buy(self, level: str, quantity: int = 1) -> tuple[Order, FulfillmentOrder]:
        """Buy what the store takes and says nothing of; return the order and the store's work."""
        reference = key()
        draft = OrderDraft(
            channel="house",
            external_id=reference,
            order_number=reference,
            currency_code="USD",
            customer_reference=reference,
            email=f"{reference}@example.com",  # nobody takes it for an order that was sent twice
            ship_to=ADDRESS,
            lines=[DraftLine(sku=self.sku, quantity=quantity, unit_price=usd(10))],
            total_amount=usd(10 * quantity),
            payment=PaymentDraft(state=Payment.STATE_AUTHORIZED, reference=reference),
            service_level=ServiceLevel.Value(f"SERVICE_LEVEL_{level}"),
        )
        request = intake.SubmitOrderRequest(request_id=key(), draft=draft)
        order: Order = (await self.life.house.services.intake.SubmitOrder(request)).order
        work = await self.life.released(order)
        assert work.node_id == self.node_id
        return order, work

    async def off(self, *, request_id: str = "") -> Outage:
        request = routing.SwitchNetworkRequest(
            request_id=request_id or key(), node_id=self.node_id, off=True, reason="flooded", replan=True
        )
        outage: Outage = (await self.life.house.services.routing.SwitchNetwork(request)).outage
        return outage

    async def on(self) -> None:
        request = routing.SwitchNetworkRequest(request_id=key(), node_id=self.node_id)
        await self.life.house.services.routing.SwitchNetwork(request)

    async def works(self, outage: Outage, count: int) -> dict[str, OutageWork]:
        """Wait until so many pieces of work have been seen to; return them by order, the earliest promise first."""

        async def there() -> dict[str, OutageWork] | None:
            request = routing.GetOutageRequest(outage_id=outage.outage_id)
            found = (await self.life.house.services.routing.GetOutage(request)).outage.works
            return {work.order_id: work for work in found} if len(found) >= count else None

        found: dict[str, OutageWork] = await self.life._seen(there, f"{count} pieces of work")
        return found

    def process(self, outage: Outage) -> WorkflowHandle:  # type: ignore[type-arg]
        return self.life.house.client.get_workflow_handle(contract.outage_workflow_id(outage.outage_id))

    async def bring(self, node_id: str, units: int) -> None:
        """Bring units of the SKU to a node."""
        adjustment = inventory.Adjustment(sku=self.sku, node_id=node_id, on_hand_delta=units)
        request = inventory.AdjustStockRequest(
            request_id=key(), adjustments=[adjustment], reason=MovementReason.MOVEMENT_REASON_RECEIPT
        )
        await self.life.house.services.inventory.AdjustStock(request)

    async def newest(self, order: Order) -> FulfillmentOrder:
        request = ful.ListFulfillmentOrdersRequest(order_id=order.order_id)
        found: FulfillmentOrder = (
            await self.life.house.services.fulfillment.ListFulfillmentOrders(request)
        ).fulfillment_orders[0]
        return found

    async def deliver(self, *orders: Order) -> None:
        """Have every order arrive from wherever it is now."""
        for order in orders:
            await self.life.until(order, released=order.lines[0].quantity)
            await self.life.scan(await self.life.ship(await self.newest(order)), "DELIVERED")
            assert await self.life.ended(order) == "Delivered"


async def store(life: Life, *, units: int, elsewhere: int) -> Store:
    """Open a store with so many units of a new SKU, and so many at another node that is farther away."""
    node = next(one for one in network() if one.node_id == "dc-east")
    node.node_id = f"store-{key()}"
    node.order_cost.Clear()
    node.line_cost.Clear()
    await life.house.services.routing.CreateNode(routing.CreateNodeRequest(request_id=node.node_id, node=node))
    opened = Store(life, node.node_id, await life.stock(west=elsewhere))
    await opened.bring(node.node_id, units)
    await life.behave("wms", sku=opened.sku, behaviour="silent")
    return opened
