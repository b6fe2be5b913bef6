"""What the payment service said."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text

from services.intake.tables import Moment, metadata, orders

payment_events = Table(
    "payment_events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("reference", Text, nullable=False),
    # NULL where no order has the reference yet.
    Column("order_id", Text, ForeignKey(orders.c.order_id)),
    Column("kind", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("expire_time", Moment),
    Column("occur_time", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("create_time", Moment, nullable=False),
    CheckConstraint("state IN ('WAITING', 'APPLIED', 'REFUSED')", name="state"),
    CheckConstraint("amount_minor >= 0", name="amount"),
    Index(None, "order_id", "create_time"),
    Index(None, "state", "create_time"),
    Index(None, "create_time", "event_id"),
)
