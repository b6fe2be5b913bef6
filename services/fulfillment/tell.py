"""What the processes are told, in the order in which it makes sense to them: a parcel arrives after it has left.

Everything told of one fulfillment order is written under the lock of its row, or of its parcel's, and has its process's
id as ordering key; ids of what is told are made from what was said, so that nothing is told twice.
"""

from collections.abc import Iterable

from services.chassis.database import Connection
from services.chassis.outbox import Outbox, SignalWorkflow
from services.fulfillment import store_events, wire
from services.fulfillment.domain.node_event import MILESTONES, NodeEvent
from services.fulfillment.domain.shipment import Shipment, TrackingEvent, worth_telling
from services.kernel import ids
from workflows import contract


async def of_node_event(conn: Connection, outbox: Outbox, event: NodeEvent, shipment_id: str = "") -> None:
    """Tell the process what a node said, if that changes the process; the event's units are filled in."""
    if event.type in MILESTONES:
        event_id = ids.derived(ids.EVENT, "node", event.fulfillment_order_id, event.event_id)
        fact = wire.node_event_recorded(event, event_id=event_id, shipment_id=shipment_id)
        await outbox.add(
            conn, _signal(event.fulfillment_order_id, contract.NODE_EVENT_RECORDED, fact, event_id=event_id)
        )


async def of_parcel(conn: Connection, outbox: Outbox, shipment: Shipment, known: Iterable[TrackingEvent]) -> None:
    """Tell the process what it has not heard yet of a parcel that it knows has left. Returns are not its business."""
    if not shipment.shipped:
        return
    everything = list(known)
    before = await store_events.told(conn, shipment.shipment_id)
    news = [event for event in everything if event.event_id not in before and worth_telling(event, everything)]
    for event in news:
        event_id = ids.derived(ids.EVENT, "tracking", shipment.shipment_id, event.event_id)
        fact = wire.tracking_event_recorded(event, event_id=event_id, shipment_id=shipment.shipment_id)
        await outbox.add(
            conn, _signal(shipment.fulfillment_order_id, contract.TRACKING_EVENT_RECORDED, fact, event_id=event_id)
        )
    await store_events.tell(conn, shipment.shipment_id, [event.event_id for event in news])


def _signal(fulfillment_order_id: str, signal: str, fact: wire.Fact, *, event_id: str) -> SignalWorkflow:
    process = contract.fulfillment_workflow_id(fulfillment_order_id)
    return SignalWorkflow(key=process, workflow_id=process, signal=signal, payload=fact, event_id=event_id)
