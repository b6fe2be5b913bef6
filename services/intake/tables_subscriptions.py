"""Who is told of what happens to orders, and how far each is in the feed."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.tables import Moment, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("switch", Text, nullable=False),
    Column("event_types", JSONB, nullable=False),
    Column("channels", JSONB, nullable=False),
    Column("regions", JSONB, nullable=False),
    Column("order_ids", JSONB, nullable=False),
    # Secret: what events are signed with. The old one is empty where there is none.
    Column("secret", Text, nullable=False),
    Column("old_secret", Text, nullable=False),
    Column("old_secret_expire_time", Moment),
    # The position in the feed that it is past.
    Column("transaction_id", BigInteger, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    # The number of the last turn; who has an older one lost the lease.
    Column("turn", BigInteger, nullable=False),
    Column("lease_end_time", Moment),
    Column("delivered_count", BigInteger, nullable=False),
    Column("deliver_time", Moment),
    Column("failing_since_time", Moment),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("failing_event_id", Text, nullable=False),
    Column("failing_cursor", Text, nullable=False),
    Column("next_attempt_time", Moment),
    Column("create_time", Moment, nullable=False),
    Column("update_time", Moment, nullable=False),
    CheckConstraint("switch IN ('ACTIVE', 'PAUSED', 'OFF')", name="switch"),
    CheckConstraint("(attempts > 0) = (failing_since_time IS NOT NULL)", name="failing"),
)
