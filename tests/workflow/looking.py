"""Looking at what became of things in a house, through public APIs, and waiting until they are so."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from google.type.money_pb2 import Money
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from oms.fulfillment.v1 import fulfillment_service_pb2 as ful
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.fulfillment.v1.shipment_pb2 import Shipment
from oms.intake.v1 import intake_service_pb2 as intake
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.order_pb2 import Order, OrderStatus
from oms.inventory.v1 import inventory_service_pb2 as inventory
from oms.inventory.v1.position_pb2 import Position
from oms.inventory.v1.reservation_pb2 import Reservation
from oms.returns.v1 import returns_service_pb2 as returns
from oms.returns.v1.return_pb2 import Reimbursement, Return
from tests.workflow.house import House
from workflows import contract

Seen = TypeVar("Seen")
_LOOK = 0.03
_LONGEST = 40.0


class Looking:
    """What can be seen in a house. Whoever waits is told, in vain, what there is instead."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def look(self, order: Order) -> Order:
        found: Order = (
            await self.house.services.intake.GetOrder(intake.GetOrderRequest(order_id=order.order_id))
        ).order
        return found

    async def until(self, order: Order, status: str = "", **rooms: int) -> Order:
        """Wait until the order has this status, and so many units in each of these rooms."""

        async def there() -> Order | None:
            found = await self.look(order)
            named = OrderStatus.Name(found.status).removeprefix("ORDER_STATUS_")
            fits = all(getattr(found.units, room) == number for room, number in rooms.items())
            return found if status in ("", named) and fits else None

        return await self._seen(there, f"{status} {rooms}", lambda: self._everything(order))

    async def work_of(self, order: Order, count: int = 1, *, known: Sequence[FulfillmentOrder] = ()) -> Any:
        """Wait until nodes have taken work that is not known, and return it, a list where it is more than one."""
        before = {one.fulfillment_order_id for one in known}

        async def there() -> list[FulfillmentOrder] | None:
            request = ful.ListFulfillmentOrdersRequest(order_id=order.order_id)
            answer = await self.house.services.fulfillment.ListFulfillmentOrders(request)
            taken = [
                one
                for one in answer.fulfillment_orders
                if one.request_status != FulfillmentOrder.REQUEST_STATUS_UNSUBMITTED
                and one.fulfillment_order_id not in before
            ]
            return sorted(taken, key=lambda one: one.node_id) if len(taken) >= count else None

        # The process has heard of it when the units are in the room "released".
        found = await self._seen(there, f"work {count}", lambda: self._everything(order))
        return found[0] if count == 1 else found

    async def released(self, order: Order) -> FulfillmentOrder:
        """Wait until one node has all the units, and the process knows it."""
        await self.until(order, "RELEASED")
        work: FulfillmentOrder = await self.work_of(order)
        return work

    async def ended(self, order: Order) -> str:
        """Wait until the order's process has ended, and return how, in its own words."""
        return await self.finished(self.process(order), lambda: self._everything(order))

    async def finished(self, process: WorkflowHandle[Any, Any], tell: Any = None) -> str:
        """Wait until a process has ended well, and return how, in its own words where it has any."""

        async def there() -> WorkflowExecutionStatus | None:
            try:
                status = (await process.describe()).status
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise
            return status if status is not WorkflowExecutionStatus.RUNNING else None

        status = await self._seen(there, f"end of {process.id}", tell)
        assert status is WorkflowExecutionStatus.COMPLETED, f"{process.id} {status}"
        payload = (await process.fetch_history()).events[-1].workflow_execution_completed_event_attributes.result
        values = await self.house.client.data_converter.decode(payload.payloads)
        return str(getattr(values[0], "summary", "ended"))

    def process(self, what: Order | FulfillmentOrder | Return) -> WorkflowHandle[Any, Any]:
        """Return the process of an order, of a node's work, or of a return."""
        match what:
            case Order():
                identity = contract.order_workflow_id(what.order_id)
            case FulfillmentOrder():
                identity = contract.fulfillment_workflow_id(what.fulfillment_order_id)
            case Return():
                identity = contract.return_workflow_id(what.return_id)
        return self.house.client.get_workflow_handle(identity)

    async def shown(self, what: Order | FulfillmentOrder | Return, **attributes: object) -> dict[str, Any]:
        """Wait until an operator finds the process by these attributes (`Status="On hold"`), and return all of them."""

        async def there() -> dict[str, Any] | None:
            found = await self.attributes(what)
            fits = all(found.get(f"Oms{name}", "") == value for name, value in attributes.items())
            return found if fits else None

        return await self._seen(there, f"shown {attributes}", lambda: self.attributes(what))

    async def attributes(self, what: Order | FulfillmentOrder | Return) -> dict[str, Any]:
        try:
            found = (await self.process(what).describe()).typed_search_attributes
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return {}  # the relay has not started it yet
            raise
        return {pair.key.name: pair.value for pair in found.search_attributes}

    async def details(self, what: Order | FulfillmentOrder | Return) -> str:
        """Return what an operator reads of a process in the Web UI."""
        metadata = await self.process(what).query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(metadata.current_details)

    async def listed(self, query: str, count: int) -> set[str]:
        """Wait until an operator's query finds so many processes, and return their ids."""

        async def there() -> set[str]:
            found = {one.id async for one in self.house.client.list_workflows(query)}
            return found if len(found) >= count else set()

        found: set[str] = await self._seen(there, query)
        return found

    async def works(self, order: Order) -> list[FulfillmentOrder]:
        """Return what nodes were asked to ship of the order."""
        request = ful.ListFulfillmentOrdersRequest(order_id=order.order_id, page_size=500)
        return list((await self.house.services.fulfillment.ListFulfillmentOrders(request)).fulfillment_orders)

    async def waiting(self, work: FulfillmentOrder) -> int:
        """Return how many units the node still has to ship."""
        request = ful.GetFulfillmentOrderRequest(fulfillment_order_id=work.fulfillment_order_id)
        found = (await self.house.services.fulfillment.GetFulfillmentOrder(request)).fulfillment_order
        return sum(line.waiting_quantity for line in found.lines)

    async def wms_is(self, work: FulfillmentOrder, state: str) -> None:
        """Wait until the warehouse is so far with the work."""

        async def there() -> bool:
            answer = await self.house.http["wms"].get(f"/fulfillment-orders/{work.fulfillment_order_id}")
            return bool(answer.is_success and answer.json()["state"] == state)

        await self._seen(there, f"the warehouse {state}")

    async def happened(self, order: Order, kind: str) -> None:
        """Wait until the timeline says so."""

        async def there() -> bool:
            return kind in await self.kinds(order)

        await self._seen(there, kind, lambda: self._everything(order))

    async def events(self, order: Order) -> list[OrderEvent]:
        answer = await self.house.services.intake.ListOrderEvents(
            intake.ListOrderEventsRequest(order_id=order.order_id, page_size=500)
        )
        return list(answer.events)

    async def kinds(self, order: Order) -> list[str]:
        """Return what the timeline says happened besides moves."""
        names = [OrderEvent.Type.Name(one.type).removeprefix("TYPE_") for one in await self.events(order)]
        return [name for name in names if name not in ("UNITS_MOVED", "PROMISED")]

    async def reservations(self, order: Order) -> list[Reservation]:
        answer = await self.house.services.inventory.ListReservations(
            inventory.ListReservationsRequest(owner_id=order.order_id, page_size=500)
        )
        return list(answer.reservations)

    async def position(self, sku: str, node: str = "dc-east") -> Position:
        request = inventory.GetPositionRequest(sku=sku, node_id=node)
        position: Position = (await self.house.services.inventory.GetPosition(request)).position
        return position

    async def shipments(self, order: Order, count: int = 1) -> list[Shipment]:
        async def there() -> list[Shipment] | None:
            request = ful.ListShipmentsRequest(order_id=order.order_id)
            found = list((await self.house.services.fulfillment.ListShipments(request)).shipments)
            return found if len(found) >= count else None

        return await self._seen(there, f"{count} shipments", lambda: self._everything(order))

    async def back(self, record: Return, what: str, condition: Callable[[Return], object]) -> Return:
        """Wait until a return is so."""

        async def there() -> Return | None:
            request = returns.GetReturnRequest(return_id=record.return_id)
            found: Return = (await self.house.services.returns.GetReturn(request)).return_record
            return found if condition(found) else None

        return await self._seen(there, what, lambda: self.attributes(record))

    async def paid_back(self, order: Order) -> list[tuple[str, int]]:
        """Return what was paid back: cause and cents."""
        request = returns.ListReimbursementsRequest(order_id=order.order_id)
        found = (await self.house.services.returns.ListReimbursements(request)).reimbursements
        return [
            (Reimbursement.Cause.Name(one.cause).removeprefix("CAUSE_"), cents(one.amount))
            for one in found
            if one.state == Reimbursement.STATE_REIMBURSED
        ]

    async def account(self, order: Order) -> dict[str, int]:
        """Return what the payment service has in its books for the order."""
        answer = await self.house.http["payment"].get(f"/ledger/{order.external_id}")
        books = answer.json() if answer.is_success else {}
        return {name: books.get(f"{name}_minor", 0) for name in ("captured", "voided", "refunded")}

    async def captured(self, order: Order, amount: int) -> None:
        """Wait until so many cents have been taken: a moment after the units are known to have left."""

        async def there() -> bool:
            return (await self.account(order))["captured"] == amount

        await self._seen(there, f"{amount} cents", lambda: self.account(order))

    async def told(self, what: Order | FulfillmentOrder | Return, signal: str) -> None:
        """Wait until the process has been told."""

        async def there() -> bool:
            try:
                history = await self.process(what).fetch_history()
            except RPCError as error:
                if error.status != RPCStatusCode.NOT_FOUND:
                    raise
                return False  # the relay has not started it yet
            names = [one.workflow_execution_signaled_event_attributes.signal_name for one in history.events]
            return signal in names

        await self._seen(there, signal)

    async def _everything(self, order: Order) -> object:
        found = await self.look(order)
        return OrderStatus.Name(found.status), found.units, found.holds, await self.attributes(order)

    async def _seen(
        self, look: Callable[[], Awaitable[Seen | None]], what: str, tell: Callable[[], Awaitable[object]] | None = None
    ) -> Seen:
        """Look again and again until there is something."""
        try:
            async with asyncio.timeout(_LONGEST):
                while not (seen := await look()):  # noqa: ASYNC110 - what changes is in other processes
                    await asyncio.sleep(_LOOK)
                return seen
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}: {await tell() if tell else ''}") from None


def cents(money: Money) -> int:
    whole: int = money.units * 100 + money.nanos // 10_000_000
    return whole
