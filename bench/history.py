"""How many history events an order costs Temporal, from start to delivered, over all its workflows.

Starts a stack of its own, sends one order of one line that one node ships, and one order of two lines that two nodes
must ship, waits until they are delivered, and counts the events of every workflow of each. The budget is 60 for the
first.
"""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from google.type.money_pb2 import Money
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from deploy.local.demo.seed import document
from deploy.local.demo.system import System, connected
from deploy.local.stack import Stack
from oms.common.v1.address_pb2 import Address
from oms.fulfillment.v1.fulfillment_service_pb2 import ListFulfillmentOrdersRequest
from oms.intake.v1.intake_service_pb2 import GetOrderRequest, SubmitOrderRequest
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import OrderStatus, Payment
from oms.inventory.v1.inventory_service_pb2 import Adjustment, AdjustStockRequest
from oms.inventory.v1.position_pb2 import MovementReason
from oms.routing.v1.routing_service_pb2 import ImportNetworkRequest
from workflows.contract import fulfillment_workflow_id, order_workflow_id

BUDGET = 60


async def main() -> int:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(Path(folder), "auto", supervise=False) as stack, connected(stack.addresses) as system:
            await _seed(system)
            client = await Client.connect(stack.addresses["temporal"])
            worst = 0
            for name, skus in (("one line, one shipment", ["EAST"]), ("two lines, two shipments", ["EAST", "WEST"])):
                order_id = await _deliver(system, name, skus)
                counts = await _count(system, client, order_id)
                worst = worst or sum(sum(kinds.values()) for kinds in counts.values())
                _show(console, name, counts)
    console.print(f"budget for one line, one shipment: {BUDGET}; counted: {worst}")
    return 0 if worst <= BUDGET else 1


async def _seed(system: System) -> None:
    await system.routing.ImportNetwork(ImportNetworkRequest(request_id="network", network=document()))
    await system.inventory.AdjustStock(
        AdjustStockRequest(
            request_id="stock",
            adjustments=[
                Adjustment(sku="EAST", node_id="dc-east", on_hand_delta=10),
                Adjustment(sku="WEST", node_id="dc-west", on_hand_delta=10),
            ],
            reason=MovementReason.MOVEMENT_REASON_RECEIPT,
        )
    )


async def _deliver(system: System, name: str, skus: list[str]) -> str:
    draft = OrderDraft(
        channel="bench",
        external_id=name,
        currency_code="USD",
        customer_reference=name,
        ship_to=Address(name="A", lines=["1 Street"], city="Chicago", postal_code="60601", country_code="US"),
        lines=[DraftLine(sku=sku, quantity=1, unit_price=Money(currency_code="USD", units=10)) for sku in skus],
        total_amount=Money(currency_code="USD", units=10 * len(skus)),
        payment=PaymentDraft(state=Payment.STATE_AUTHORIZED, reference=name.replace(" ", "-")),
    )
    answer = await system.intake.SubmitOrder(SubmitOrderRequest(request_id=name.replace(" ", "-"), draft=draft))
    order = answer.order
    while order.status != OrderStatus.ORDER_STATUS_DELIVERED:
        await asyncio.sleep(0.2)
        order = (await system.intake.GetOrder(GetOrderRequest(order_id=order.order_id))).order
    await asyncio.sleep(1)  # the workflows close a moment after the last move
    return str(order.order_id)


async def _count(system: System, client: Client, order_id: str) -> dict[str, Counter[str]]:
    parts = await system.fulfillment.ListFulfillmentOrders(ListFulfillmentOrdersRequest(order_id=order_id))
    ids = [
        order_workflow_id(order_id),
        *(fulfillment_workflow_id(one.fulfillment_order_id) for one in parts.fulfillment_orders),
    ]
    counts = {}
    for workflow_id in ids:
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        counts[workflow_id] = Counter(_kind(event) for event in history.events)
    return counts


def _kind(event) -> str:
    return event.WhichOneof("attributes").removesuffix("_event_attributes").replace("_", " ")


def _show(console: Console, name: str, counts: dict[str, Counter[str]]) -> None:
    table = Table(title=f"{name}: {sum(sum(kinds.values()) for kinds in counts.values())} events", title_justify="left")
    table.add_column("event")
    for workflow_id in counts:
        table.add_column(workflow_id.split("/")[0], justify="right")
    for kind in sorted({kind for kinds in counts.values() for kind in kinds}):
        table.add_row(kind, *(str(kinds[kind] or "") for kinds in counts.values()))
    table.add_section()
    table.add_row("all", *(str(sum(kinds.values())) for kinds in counts.values()))
    console.print(table)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
