"""The tables of intake, each with the checks that no code can forget.

Personal data: `orders.customer_reference`, `orders.ship_to`, `orders.bill_to`, `orders.note`, `holds.note`,
`documents.content` (and `documents.problems`, which may quote it).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.chassis.database import TransactionId, metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table
from services.intake.domain.rooms import ROOM_NAMES
from services.intake.tables_status import RESTING, STATUS

SCHEMA = "intake"
metadata = metadata_for(SCHEMA)
Moment = DateTime(timezone=True)


def _rooms(*, default: str | None = None) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False, server_default=default) for name in ROOM_NAMES]


orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("document_id", Text),
    Column("region", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("customer_reference", Text, nullable=False),
    Column("ship_to", JSONB, nullable=False),
    Column("bill_to", JSONB(none_as_null=True)),
    Column("shipping_minor", BigInteger, nullable=False),
    Column("shipping_tax_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("service_level", Text, nullable=False),
    Column("ship_complete", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("email", Text, nullable=False, server_default=""),
    Column("phone", Text, nullable=False, server_default=""),
    # OrderDetails as JSON; NULL where the channel said nothing more.
    Column("details", JSONB(none_as_null=True)),
    # What people put on it.
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("promise_time", Moment),
    Column("order_time", Moment, nullable=False),
    Column("create_time", Moment, nullable=False),
    Column("update_time", Moment, nullable=False),
    # The number of the last event, and the highest transaction that wrote one: both are taken under this row's lock.
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    # How many of its events changed it.
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("transaction_id", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    # Kept by triggers on order_lines and holds, never written by hand.
    *_rooms(default="0"),
    Column("open_hold_count", BigInteger, nullable=False, server_default="0"),
    Column("status", Text, Computed(STATUS, persisted=True), nullable=False),
    Column("resting", Boolean, Computed(RESTING, persisted=True), nullable=False),
    UniqueConstraint("channel", "external_id"),
    CheckConstraint("priority BETWEEN 1 AND 5", name="priority"),
    CheckConstraint("region IN ('US', 'EU', 'UK', 'ROW')", name="region"),
    CheckConstraint("shipping_minor >= 0 AND shipping_tax_minor >= 0 AND total_minor >= 0", name="amounts"),
    CheckConstraint(" AND ".join(f"{name} >= 0" for name in (*ROOM_NAMES, "open_hold_count")), name="rooms"),
    Index(None, "create_time", "order_id"),
    Index(None, "status", "create_time", "order_id"),
    Index(None, "channel", "create_time", "order_id"),
    Index(
        "ix_orders_group", "channel", text("(details ->> 'group_id')"), postgresql_where=text("details ? 'group_id'")
    ),
    # What people search by; see store_care.py.
    Index("ix_orders_lower_order_number", text("lower(order_number)")),
    Index(None, "external_id"),
    Index("ix_orders_lower_email", text("lower(email)"), postgresql_where=text("email <> ''")),
    Index("ix_orders_customer_reference", "customer_reference", postgresql_where=text("customer_reference <> ''")),
    Index(
        "ix_orders_phone_digits",
        text("right(regexp_replace(phone, '\\D', '', 'g'), 9)"),
        postgresql_where=text("phone <> ''"),
    ),
    Index("ix_orders_words", text("jsonb_to_tsvector('simple', ship_to, '[\"string\"]')"), postgresql_using="gin"),
    Index("ix_orders_tags", "tags", postgresql_using="gin", postgresql_where=text("tags <> '{}'")),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("line_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(orders.c.order_id), nullable=False),
    Column("position", Integer, nullable=False),
    Column("external_line_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("prices_include_tax", Boolean, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    # Units whose share of the money was taken, or is being taken.
    Column("captured", BigInteger, nullable=False, server_default="0"),
    # What it is due of the order's total, where a change has fixed it.
    Column("due_minor", BigInteger),
    # LineDetails as JSON; NULL where the channel said nothing more.
    Column("details", JSONB(none_as_null=True)),
    *_rooms(),
    UniqueConstraint("order_id", "position"),
    UniqueConstraint("order_id", "external_line_id"),
    # None where all units went into another order.
    CheckConstraint("quantity >= 0", name="quantity"),
    CheckConstraint(" AND ".join(f"{name} >= 0" for name in ROOM_NAMES), name="rooms"),
    CheckConstraint(f"{' + '.join(ROOM_NAMES)} = quantity", name="every_unit_in_one_room"),
    CheckConstraint("captured BETWEEN 0 AND quantity", name="captured"),
    CheckConstraint(
        "unit_price_minor >= 0 AND discount_minor >= 0 AND tax_minor >= 0 AND total_minor >= 0", name="amounts"
    ),
    Index(None, "sku", "order_id"),
    Index("ix_order_lines_unrouted", "sku", postgresql_include=["open"], postgresql_where=text("open > 0")),
)

holds = Table(
    "holds",
    metadata,
    Column("hold_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(orders.c.order_id), nullable=False),
    Column("line_id", Text, ForeignKey(order_lines.c.line_id)),
    Column("handle", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner_queue", Text, nullable=False),
    Column("deadline_time", Moment, nullable=False),
    Column("deadline_action", Text, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("create_time", Moment, nullable=False),
    Column("resolve_time", Moment),
    Column("resolved_by", Text, nullable=False),
    # Handles that go first, queues that must agree, and [queue, actor, time] of who has; NULL where there are none.
    Column("after", JSONB(none_as_null=True)),
    Column("approvals", JSONB(none_as_null=True)),
    Column("approved", JSONB(none_as_null=True)),
    UniqueConstraint("order_id", "handle"),
    CheckConstraint("state IN ('CREATED', 'RELEASED', 'REJECTED', 'EXPIRED')", name="state"),
    CheckConstraint("(state = 'CREATED') = (resolve_time IS NULL)", name="resolved_once"),
    Index(None, "state", "deadline_time", "hold_id"),
    Index(None, "owner_queue", "state", "deadline_time", "hold_id"),
)

order_events = Table(
    "order_events",
    metadata,
    Column("order_id", Text, ForeignKey(orders.c.order_id), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("moves", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("references", JSONB, nullable=False),
    Column("create_time", Moment, nullable=False),
    # The highest transaction that wrote an event of this order up to this one: where the event stands in the feed.
    Column("transaction_id", TransactionId, nullable=False),
    # The same key may name a capture and the moves of the same shipment.
    UniqueConstraint("order_id", "type", "key"),
    CheckConstraint("sequence >= 1", name="sequence"),
    Index(None, "transaction_id", "order_id", "sequence"),
    Index(
        "ix_order_events_tracking_number",
        text("(\"references\" ->> 'tracking_number')"),
        postgresql_where=text("\"references\" ? 'tracking_number'"),
    ),
)

payments = Table(
    "payments",
    metadata,
    Column("order_id", Text, ForeignKey(orders.c.order_id), primary_key=True),
    Column("state", Text, nullable=False),
    Column("reference", Text, nullable=False),
    # What will be authorized once the payment hold is released.
    Column("offered_minor", BigInteger, nullable=False),
    Column("authorized_minor", BigInteger, nullable=False),
    Column("captured_minor", BigInteger, nullable=False),
    Column("voided_minor", BigInteger, nullable=False),
    # What other orders that were split off have of the same authorization.
    Column("shared_minor", BigInteger, nullable=False, server_default="0"),
    # Of what was captured, as the payment service says.
    Column("refunded_minor", BigInteger, nullable=False, server_default="0"),
    # Until when what is authorized is set aside; NULL where nobody said.
    Column("expire_time", Moment),
    # When somebody last asked for longer.
    Column("renew_time", Moment),
    CheckConstraint("refunded_minor BETWEEN 0 AND captured_minor", name="refunded"),
    Index(None, "reference"),
    # Without what was taken or given back: most of what ever had a time is done with.
    Index(
        "ix_payments_expiring",
        "expire_time",
        postgresql_where=text("expire_time IS NOT NULL AND authorized_minor - captured_minor - voided_minor > 0"),
    ),
    CheckConstraint(
        "captured_minor >= 0 AND voided_minor >= 0 AND captured_minor + voided_minor <= authorized_minor",
        name="never_more_than_authorized",
    ),
)

captures = Table(
    "captures",
    metadata,
    Column("order_id", Text, ForeignKey(orders.c.order_id), primary_key=True),
    Column("shipment_id", Text, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("units", JSONB, nullable=False),
    Column("create_time", Moment, nullable=False),
    Column("resolve_time", Moment),
    CheckConstraint("amount_minor >= 0", name="amount"),
    CheckConstraint("state IN ('INTENDED', 'CAPTURED', 'DECLINED', 'NOTHING_DUE')", name="state"),
    CheckConstraint("(state = 'INTENDED') = (resolve_time IS NULL)", name="resolved_once"),
)

cancellations = Table(
    "cancellations",
    metadata,
    Column("order_id", Text, ForeignKey(orders.c.order_id), primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("request_digest", Text, nullable=False),
    Column("answer", JSONB(none_as_null=True)),
    Column("create_time", Moment, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    # What it came with, names in lower case; nothing secret.
    Column("headers", JSONB, nullable=False, server_default="{}"),
    Column("problems", JSONB, nullable=False),
    # When it was last read to its end; not set while nobody has.
    Column("read_time", Moment),
    Column("create_time", Moment, nullable=False),
    Column("update_time", Moment, nullable=False),
    UniqueConstraint("channel", "digest"),
    CheckConstraint("state IN ('ACCEPTED', 'QUARANTINED')", name="state"),
    Index(None, "create_time", "document_id"),
    Index(None, "channel", "create_time", "document_id"),
    Index(None, "state", "create_time", "document_id"),
)

document_orders = Table(
    "document_orders",
    metadata,
    Column("document_id", Text, ForeignKey(documents.c.document_id), primary_key=True),
    Column("order_id", Text, ForeignKey(orders.c.order_id), primary_key=True),
    Column("position", Integer, nullable=False),
)

idempotency_keys = idempotency_table(metadata)
outbox_events = outbox_table(metadata)
