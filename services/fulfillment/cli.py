"""`oms fulfillment` and `oms shipment`: what nodes and carriers are doing."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

import typer

from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.fulfillment.v1.node_event_pb2 import NodeEventLine
from services.cli_output import AsJson, call, emit, request_id, run
from services.fulfillment import cli_render as render

if TYPE_CHECKING:
    # Exists in the stubs only: at run time an asyncio channel makes the plain one answer with awaitables.
    from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceAsyncStub

Answer = TypeVar("Answer")

fulfillment = typer.Typer(help="Fulfillment orders: what nodes were asked to ship.", no_args_is_help=True)
shipment = typer.Typer(help="Shipments: parcels and what carriers say of them.", no_args_is_help=True)
GROUPS = {"fulfillment": fulfillment, "shipment": shipment}

Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many rows.")]
WorkId = Annotated[str, typer.Argument(help="The fulfillment order's id (ful_…).")]
Parcel = Annotated[str, typer.Argument(help="The shipment's id (shp_…), or its tracking number.")]


def ask(use: "Callable[[FulfillmentServiceAsyncStub], Awaitable[Answer]]") -> Answer:
    """Ask the service."""
    stub = cast("Callable[..., FulfillmentServiceAsyncStub]", FulfillmentServiceStub)
    return run(call(stub, lambda settings: settings.fulfillment_address, use))


@fulfillment.command("list", epilog="Examples: oms fulfillment list --node dc-east --status open   ·   … --order ord_…")
def list_fulfillment_orders(
    *,
    order: Annotated[str, typer.Option(help="Only of this order.")] = "",
    node: Annotated[str, typer.Option(help="Only at this node.")] = "",
    status: Annotated[str, typer.Option(help="Only in this status: open, in_progress, closed …")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List fulfillment orders, newest first."""
    wanted = FulfillmentOrder.STATUS_UNSPECIFIED
    if status:
        try:
            wanted = FulfillmentOrder.Status.Value(f"STATUS_{status.upper()}")
        except ValueError:
            raise typer.BadParameter(f"there is no status {status}", param_hint="--status") from None
    request = rpc.ListFulfillmentOrdersRequest(order_id=order, node_id=node, status=wanted, page_size=limit)
    found = ask(lambda stub: stub.ListFulfillmentOrders(request))
    emit(found, as_json=as_json, render=lambda: render.fulfillment_orders(*found.fulfillment_orders))


@fulfillment.command("show", epilog="Example: oms fulfillment show ful_01KB3XJ8W6Q2V9T0R5M7N4C1ZD")
def show_fulfillment_order(*, fulfillment_order_id: WorkId, as_json: AsJson = False) -> None:
    """Show one fulfillment order, unit by unit."""
    request = rpc.GetFulfillmentOrderRequest(fulfillment_order_id=fulfillment_order_id)
    found = ask(lambda stub: stub.GetFulfillmentOrder(request))
    emit(found, as_json=as_json, render=lambda: render.fulfillment_order(found.fulfillment_order))


@fulfillment.command("cancel", epilog="Example: oms fulfillment cancel ful_… --line lin_…=1 --reason 'wrong size'")
def cancel_fulfillment_order(
    *,
    fulfillment_order_id: WorkId,
    line: Annotated[list[str] | None, typer.Option(help="LINE=UNITS; all that wait where not given.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    key: Annotated[str, typer.Option("--request-id", help="The same key is done once.")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask a node to stop. This is for nodes that must be told by hand; to cancel an order, use `oms order cancel`."""
    request = rpc.CancelFulfillmentOrderRequest(
        request_id=key or request_id(),
        fulfillment_order_id=fulfillment_order_id,
        lines=[_units(one) for one in line or []],
        reason=reason,
    )
    answer = ask(lambda stub: stub.CancelFulfillmentOrder(request))
    emit(answer, as_json=as_json, render=lambda: render.cancelled_lines(*answer.lines))


@shipment.command("list", epilog="Example: oms shipment list --order ord_01KB3XJ8W6Q2V9T0R5M7N4C1ZD")
def list_shipments(
    *,
    order: Annotated[str, typer.Option(help="Only of this order.")] = "",
    tracking_number: Annotated[str, typer.Option("--tracking", help="Only with this tracking number.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List shipments, newest first."""
    request = rpc.ListShipmentsRequest(order_id=order, tracking_number=tracking_number, page_size=limit)
    found = ask(lambda stub: stub.ListShipments(request))
    emit(found, as_json=as_json, render=lambda: render.shipments(*found.shipments))


@shipment.command("show", epilog="Example: oms shipment show OMS004711000815042")
def show_shipment(*, parcel: Parcel, as_json: AsJson = False) -> None:
    """Show one shipment and what is in it."""

    async def find(stub: "FulfillmentServiceAsyncStub") -> rpc.GetShipmentResponse:
        shipment_id = await _shipment_id(stub, parcel)
        answer: rpc.GetShipmentResponse = await stub.GetShipment(rpc.GetShipmentRequest(shipment_id=shipment_id))
        return answer

    found = ask(find)
    emit(found, as_json=as_json, render=lambda: render.shipment(found.shipment))


@shipment.command("track", epilog="Example: oms shipment track OMS004711000815042")
def track_shipment(*, parcel: Parcel, limit: Limit = 100, as_json: AsJson = False) -> None:
    """Show what the carrier said of a parcel, in the order in which it happened."""

    async def find(stub: "FulfillmentServiceAsyncStub") -> rpc.ListTrackingEventsResponse:
        shipment_id = await _shipment_id(stub, parcel)
        await stub.GetShipment(rpc.GetShipmentRequest(shipment_id=shipment_id))  # says so where there is none
        request = rpc.ListTrackingEventsRequest(shipment_id=shipment_id, page_size=limit)
        answer: rpc.ListTrackingEventsResponse = await stub.ListTrackingEvents(request)
        return answer

    found = ask(find)
    emit(found, as_json=as_json, render=lambda: render.tracking_events(*found.events))


async def _shipment_id(stub: "FulfillmentServiceAsyncStub", parcel: str) -> str:
    """Return the id for an id or a tracking number; what is neither is left to the service to refuse."""
    if parcel.startswith("shp_"):
        return parcel
    found = await stub.ListShipments(rpc.ListShipmentsRequest(tracking_number=parcel, page_size=1))
    return found.shipments[0].shipment_id if found.shipments else parcel


def _units(text: str) -> NodeEventLine:
    line_id, _, quantity = text.partition("=")
    if not line_id or not quantity.isdecimal() or int(quantity) < 1:
        raise typer.BadParameter(f"{text} is not LINE=UNITS, such as lin_01…=2", param_hint="--line")
    return NodeEventLine(line_id=line_id, quantity=int(quantity))
