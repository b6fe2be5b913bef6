"""The outbox: what a service owes to the outside, written in the transaction that made it true.

The relay delivers it afterwards, at least once, in order for each key. Whoever writes two events of one key from two
transactions must hold a lock that orders them (the row of the order, say), as their order is the order of writing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from google.protobuf.message import Message
from opentelemetry import propagate
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.database import after_commit
from services.kernel import clock, ids

TEMPORAL = "temporal"
WEBHOOK = "webhook"

PENDING = "PENDING"
DELIVERED = "DELIVERED"
DEAD = "DEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWorkflow:
    """A process that must run: started once, however often it is delivered."""

    key: str
    workflow: str
    workflow_id: str
    task_queue: str
    input: Message
    search_attributes: Mapping[str, str | int | datetime] = field(default_factory=dict)
    summary: str = ""
    details: str = ""
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalWorkflow:
    """A fact that a process must hear."""

    key: str
    workflow_id: str
    signal: str
    payload: Message
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A fact for whoever subscribes: a CloudEvent about `subject`."""

    key: str
    type: str
    subject: str
    data: Message
    event_id: str = ""


Event = StartWorkflow | SignalWorkflow | Publish


def outbox_table(metadata: MetaData) -> Table:
    """Return the outbox of the service that this metadata belongs to."""
    return Table(
        "outbox_events",
        metadata,
        Column("sequence", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Text, nullable=False, unique=True),
        Column("sink", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("attributes", JSONB, nullable=False),
        Column("message_type", Text, nullable=False),
        Column("message", LargeBinary, nullable=False),
        Column("trace", JSONB, nullable=False),
        Column("state", Text, nullable=False, server_default=text("'PENDING'")),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        Column("last_error", Text, nullable=False, server_default=text("''")),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("next_attempt_time", DateTime(timezone=True), nullable=False),
        Column("deliver_time", DateTime(timezone=True), nullable=True),
        CheckConstraint("state IN ('PENDING', 'DELIVERED', 'DEAD')", name="state"),
        # The relay looks for the first undelivered event of each key; delivered ones are out of its way.
        Index("ix_outbox_events_undelivered", "sink", "key", "sequence", postgresql_where=text("state <> 'DELIVERED'")),
        Index("ix_outbox_events_delivered", "deliver_time", postgresql_where=text("state = 'DELIVERED'")),
    )


class Outbox:
    """The outbox of one service."""

    def __init__(
        self,
        table: Table,
        clock_: clock.Clock,
        *,
        publishes: bool = True,
        written: Callable[[], None] | None = None,
    ) -> None:
        """`publishes` is False where nobody subscribes: CloudEvents are then not kept.

        `written` is called whenever events were committed through `Database.begin`, so that the relay need not wait.
        """
        self._table = table
        self._clock = clock_
        self._publishes = publishes
        self._written = written

    @property
    def publishes(self) -> bool:
        """Whether anybody subscribes to CloudEvents."""
        return self._publishes

    async def add(self, connection: AsyncConnection, *events: Event) -> None:
        """Write events in the caller's transaction. An event_id that is there already is left alone."""
        if rows := self.rows(*events):
            await connection.execute(insert(self._table).on_conflict_do_nothing(index_elements=["event_id"]), rows)
            if self._written is not None:
                after_commit(connection, self._written)

    def rows(self, *events: Event) -> list[dict[str, object]]:
        """Return the rows of these events, for whoever writes them in a statement of their own and wakes the relay."""
        now = self._clock.now()
        trace: dict[str, str] = {}
        propagate.inject(trace)
        return [
            {
                "event_id": event.event_id or ids.new(ids.EVENT, clock.milliseconds(now)),
                "sink": WEBHOOK if isinstance(event, Publish) else TEMPORAL,
                "key": event.key,
                "trace": trace,
                "create_time": now,
                "next_attempt_time": now,
                **_columns(event),
            }
            for event in events
            if self._publishes or not isinstance(event, Publish)
        ]


def _columns(event: Event) -> dict[str, object]:
    match event:
        case StartWorkflow():
            message = event.input
            kind = f"start {event.workflow}"
            attributes: dict[str, object] = {
                "workflow": event.workflow,
                "workflow_id": event.workflow_id,
                "task_queue": event.task_queue,
                "summary": event.summary,
                "details": event.details,
                "search_attributes": {
                    name: value.isoformat() if isinstance(value, datetime) else value
                    for name, value in event.search_attributes.items()
                },
            }
        case SignalWorkflow():
            message = event.payload
            kind = f"signal {event.signal}"
            attributes = {"workflow_id": event.workflow_id, "signal": event.signal}
        case Publish():
            message = event.data
            kind = event.type
            attributes = {"subject": event.subject}
    return {
        "type": kind,
        "attributes": attributes,
        "message_type": message.DESCRIPTOR.full_name,
        "message": message.SerializeToString(deterministic=True),
    }
