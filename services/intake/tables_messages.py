"""What customers are told, in which words, and who does not want it.

Personal data: `messages.address`, `subject`, `text` and `html`. `message_consents` keeps digests of addresses only.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique

from services.intake.tables import Moment, metadata, orders

messages = Table(
    "messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(orders.c.order_id), nullable=False),
    Column("kind", Text, nullable=False),
    Column("medium", Text, nullable=False),
    # What it tells of: a shipment, a hold, a return; empty for what happens once to an order.
    Column("event_key", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("country_code", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("next_attempt_time", Moment, nullable=False),
    Column("send_time", Moment),
    Column("create_time", Moment, nullable=False),
    Unique("order_id", "kind", "event_key", "medium"),
    CheckConstraint("state IN ('PENDING', 'SENDING', 'SENT', 'FAILED', 'SUPPRESSED', 'UNCERTAIN')", name="state"),
    CheckConstraint("medium IN ('EMAIL', 'SMS')", name="medium"),
    Index("ix_messages_due", "next_attempt_time", postgresql_where=text("state IN ('PENDING', 'SENDING')")),
    Index(None, "create_time", "message_id"),
    Index(None, "state", "create_time", "message_id"),
)

# How far the feed was read: a row for each that reads it in the background.
message_cursors = Table(
    "message_cursors",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("transaction_id", BigInteger, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

message_templates = Table(
    "message_templates",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("brand", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("sms", Text, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("update_time", Moment, nullable=False),
)

message_consents = Table(
    "message_consents",
    metadata,
    Column("address_digest", Text, primary_key=True),
    # Empty for all kinds.
    Column("kind", Text, primary_key=True),
    Column("opted_out", Boolean, nullable=False),
    Column("update_time", Moment, nullable=False),
)
