"""The table of changes. `edits` is personal data where it has an address or what a customer chose for a line."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.tables import Moment, metadata, orders

order_changes = Table(
    "order_changes",
    metadata,
    Column("change_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(orders.c.order_id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("request_digest", Text, nullable=False),
    # OrderEdits as JSON, as they were asked for.
    Column("edits", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    # The order was at rest when it was asked for: there was no process to decide it.
    Column("by_rooms", Boolean, nullable=False),
    # What an order was worth that it took in; NULL where it took none.
    Column("taken_in", JSONB(none_as_null=True)),
    # EditResults, LineChanges and what it was worth; NULL until it is decided.
    Column("answer", JSONB(none_as_null=True)),
    Column("refund_minor", BigInteger, nullable=False, server_default="0"),
    Column("request_time", Moment, nullable=False),
    Column("decide_time", Moment),
    UniqueConstraint("order_id", "version"),
    UniqueConstraint("order_id", "request_id"),
    CheckConstraint("state IN ('REQUESTED', 'CONFIRMED', 'DECLINED')", name="state"),
    CheckConstraint("(state = 'REQUESTED') = (decide_time IS NULL)", name="decided_once"),
    CheckConstraint("(answer IS NULL) = (decide_time IS NULL)", name="answered_once"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("refund_minor >= 0", name="refund"),
    Index("ix_order_changes_requested", "order_id", postgresql_where=text("state = 'REQUESTED'")),
)
