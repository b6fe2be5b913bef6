"""What channels are told of their orders, and how their platforms are. No personal data: ids, counts and amounts."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.tables import Moment, metadata, orders

pushes = Table(
    "pushes",
    metadata,
    Column("push_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(orders.c.order_id), nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The event of the order that it tells of: its id, its key, its number.
    Column("event_id", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    # PushPayload.
    Column("payload", JSONB, nullable=False),
    Column("promise_time", Moment),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("next_attempt_time", Moment, nullable=False),
    Column("done_time", Moment),
    Column("create_time", Moment, nullable=False),
    Unique("order_id", "kind", "event_key"),
    CheckConstraint("kind IN ('ACKNOWLEDGE', 'FULFILLMENT', 'CANCEL', 'REFUND')", name="kind"),
    CheckConstraint("state IN ('WAITING', 'DONE', 'REFUSED')", name="state"),
    CheckConstraint("(state = 'WAITING') = (done_time IS NULL)", name="ended_once"),
    # What waits, in the order in which it is told; and of an order, what is before it.
    Index(
        "ix_pushes_waiting",
        "channel",
        "promise_time",
        "create_time",
        "push_id",
        postgresql_where=text("state = 'WAITING'"),
    ),
    Index("ix_pushes_waiting_of_order", "order_id", "sequence", "kind", postgresql_where=text("state = 'WAITING'")),
    Index("ix_pushes_refused", "channel", postgresql_where=text("state = 'REFUSED'")),
    Index(None, "create_time", "push_id"),
    Index(None, "channel", "create_time", "push_id"),
)

partners = Table(
    "partners",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("pause_reason", Text, nullable=False),
    Column("pause_time", Moment),
    Column("failure_count", Integer, nullable=False),
    Column("down_reason", Text, nullable=False),
    Column("down_time", Moment),
    Column("next_attempt_time", Moment),
    CheckConstraint("(failure_count > 0) = (down_time IS NOT NULL)", name="down_since"),
    CheckConstraint("paused = (pause_time IS NOT NULL)", name="paused_since"),
)
