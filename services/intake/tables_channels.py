"""The tables of channels and of the doors by which they come in.

Personal data: `order_drafts.content` and `.customer_reference`, `customer_credits.customer_reference`;
`acknowledgements.content` may quote control numbers and segments, never names. No table has a secret.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.intake.tables import Moment, documents, metadata, orders

channels = Table(
    "channels",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("format", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("pause_reason", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("program", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("service_level", Text),
    # Where the secret is looked up; never the secret.
    Column("secret_name", Text, nullable=False),
    Column("pull_connector", Text, nullable=False),
    Column("pull_url", Text, nullable=False),
    Column("pull_interval_seconds", BigInteger, nullable=False),
    Column("pull_page_size", Integer, nullable=False),
    Column("pull_account", Text, nullable=False),
    Column("acknowledge_within_seconds", BigInteger),
    Column("signature_scheme", Text, nullable=False),
    Column("signature_header", Text, nullable=False),
    Column("timestamp_header", Text, nullable=False),
    Column("id_header", Text, nullable=False),
    Column("country_code", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    # Where the platform is told; the code before these columns knows nothing of them.
    Column("push_url", Text, nullable=False, server_default=text("''")),
    Column("push_secret_name", Text, nullable=False, server_default=text("''")),
    Column("push_rate_per_second", Double, nullable=False, server_default=text("2")),
    Column("push_format", Text, nullable=False, server_default=text("''")),
    Column("version", BigInteger, nullable=False),
    Column("create_time", Moment, nullable=False),
    Column("update_time", Moment, nullable=False),
    CheckConstraint("version >= 1", name="version"),
)

pull_cursors = Table(
    "pull_cursors",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("failure_count", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("next_time", Moment, nullable=False),
    Column("success_time", Moment),
)

# What a platform calls a delivery, so that one that is repeated is answered with what was kept first.
deliveries = Table(
    "deliveries",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("document_id", Text, ForeignKey(documents.c.document_id), nullable=False),
    Column("create_time", Moment, nullable=False),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("acknowledgement_id", Text, primary_key=True),
    Column("document_id", Text, ForeignKey(documents.c.document_id), nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("partner", Text, nullable=False),
    Column("control_number", Text, nullable=False),
    Column("own_control_number", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("due_time", Moment, nullable=False),
    Column("send_time", Moment),
    Column("create_time", Moment, nullable=False),
    UniqueConstraint("document_id"),
    CheckConstraint("kind IN ('997', 'CONTRL')", name="kind"),
    CheckConstraint("state IN ('OWED', 'MADE', 'SENT')", name="state"),
    CheckConstraint("(state = 'SENT') = (send_time IS NOT NULL)", name="sent_once"),
    CheckConstraint("(state = 'OWED') = (own_control_number = 0)", name="numbered_when_made"),
    Index(None, "due_time", "acknowledgement_id"),
    Index("ix_acknowledgements_channel", "channel", "due_time", "acknowledgement_id"),
    Index("ix_acknowledgements_unsent", "due_time", "acknowledgement_id", postgresql_where=text("state <> 'SENT'")),
)

control_numbers = Table(
    "control_numbers",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
    CheckConstraint("last BETWEEN 1 AND 999999999", name="last"),
)

order_drafts = Table(
    "order_drafts",
    metadata,
    Column("draft_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("customer_reference", Text, nullable=False),
    Column("state", Text, nullable=False),
    # OrderDraft as protobuf.
    Column("content", LargeBinary, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("valid_until_time", Moment, nullable=False),
    Column("create_time", Moment, nullable=False),
    Column("update_time", Moment, nullable=False),
    CheckConstraint("state IN ('OPEN', 'CONFIRMED', 'ABANDONED')", name="state"),
    CheckConstraint("(state = 'CONFIRMED') = (order_id <> '')", name="confirmed_is_an_order"),
    Index(None, "create_time", "draft_id"),
    Index("ix_order_drafts_open", "valid_until_time", postgresql_where=text("state = 'OPEN'")),
    Index("ix_order_drafts_confirmed", "order_id", postgresql_where=text("order_id <> ''")),
)

customer_credits = Table(
    "customer_credits",
    metadata,
    Column("customer_reference", Text, primary_key=True),
    Column("currency_code", Text, primary_key=True),
    Column("limit_minor", BigInteger, nullable=False),
    Column("update_time", Moment, nullable=False),
    CheckConstraint("limit_minor >= 0", name="limit"),
)

# Documents that nobody has read to the end: few, and looked for again and again.
Index(
    "ix_documents_unread",
    documents.c.update_time,
    documents.c.document_id,
    postgresql_where=text("read_time IS NULL"),
)
# A customer's open orders, for what they owe.
Index(
    "ix_orders_open_of_customer",
    orders.c.customer_reference,
    postgresql_where=text("NOT resting AND customer_reference <> ''"),
)
