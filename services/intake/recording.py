"""Writing on an order's timeline: every line of it is also a CloudEvent for whoever subscribes."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Connection
from services.chassis.outbox import Outbox, Publish, SignalWorkflow, StartWorkflow
from services.intake import store_events
from services.intake.domain.events import Event, Fact
from services.intake.wire import event_message


async def record(
    conn: Connection,
    outbox: Outbox,
    order_id: str,
    facts: Sequence[Fact],
    now: datetime,
    *owed: StartWorkflow | SignalWorkflow,
) -> list[Event]:
    """Write these facts, and what is owed to the order's process because of them."""
    events = await store_events.append(conn, order_id, facts, now)
    await outbox.add(conn, *owed, *(_published(event) for event in events))
    return events


def _published(event: Event) -> Publish:
    return Publish(
        key=event.order_id,
        type=f"oms.intake.order.{event.fact.type.lower()}",
        subject=event.order_id,
        data=event_message(event),
        event_id=event.event_id,
    )
