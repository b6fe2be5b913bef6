"""Notes of people, and who owns what. Personal data: `order_notes.body`."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.tables import Moment, metadata, orders

order_notes = Table(
    "order_notes",
    metadata,
    Column("note_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(orders.c.order_id), nullable=False),
    Column("body", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("create_time", Moment, nullable=False),
    Index(None, "order_id"),
)

ownership = Table(
    "ownership",
    metadata,
    # Empty for all channels that have none of their own.
    Column("channel", Text, primary_key=True),
    Column("entries", JSONB, nullable=False),
    Column("actor", Text, nullable=False),
    Column("update_time", Moment, nullable=False),
)

ownership_drift = Table(
    "ownership_drift",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    # REFUSED: somebody who does not own the field wanted to write it. DRIFT: the channel says something else than we.
    Column("kind", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_order_id", Text, nullable=False),
    Column("last_document_id", Text, nullable=False),
    Column("first_time", Moment, nullable=False),
    Column("last_time", Moment, nullable=False),
    CheckConstraint("kind IN ('REFUSED', 'DRIFT')", name="kind"),
)
