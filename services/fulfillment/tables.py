"""The tables of fulfillment, with every rule that the database itself can keep.

Personal data: `fulfillment_orders.ship_to`, and nothing else.
"""

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.chassis.database import metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table
from services.fulfillment.domain.node_event import Type
from services.fulfillment.domain.shipment import Direction, Tracking
from services.fulfillment.domain.status import RequestStatus, Status

metadata = metadata_for("fulfillment")
idempotency_keys = idempotency_table(metadata)
outbox_events = outbox_table(metadata)

_TIME = DateTime(timezone=True)


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL of a CHECK that a column has one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


fulfillment_orders = Table(
    "fulfillment_orders",
    metadata,
    Column("fulfillment_order_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("request_status", Text, nullable=False),
    Column("ship_to", JSONB, nullable=False),
    Column("carrier_code", Text, nullable=False),
    Column("service_code", Text, nullable=False),
    Column("promise_time", _TIME),
    Column("priority", SmallInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("node_reference", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("update_time", _TIME, nullable=False),
    # Units by line that the node tries to stop and that somebody else is to ship.
    Column("rerouting", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("jsonb_typeof(rerouting) = 'object'", name="rerouting_by_line"),
    CheckConstraint(one_of("status", Status), name="status_known"),
    CheckConstraint(one_of("request_status", RequestStatus), name="request_status_known"),
    CheckConstraint("priority BETWEEN 1 AND 5", name="priority_known"),
    Index("ix_fulfillment_orders_by_age", "create_time", "fulfillment_order_id"),
    Index("ix_fulfillment_orders_by_order", "order_id", "create_time", "fulfillment_order_id"),
    Index("ix_fulfillment_orders_by_node", "node_id", "create_time", "fulfillment_order_id"),
    Index("ix_fulfillment_orders_by_status", "status", "create_time", "fulfillment_order_id"),
    Index(
        "ix_fulfillment_orders_waiting",
        "node_id",
        "promise_time",
        "fulfillment_order_id",
        postgresql_where=text("status IN ('SCHEDULED', 'OPEN', 'IN_PROGRESS', 'ON_HOLD')"),
    ),
)

fulfillment_order_lines = Table(
    "fulfillment_order_lines",
    metadata,
    Column("fulfillment_order_id", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("waiting_quantity", BigInteger, nullable=False),
    Column("shipped_quantity", BigInteger, nullable=False),
    Column("rejected_quantity", BigInteger, nullable=False),
    Column("cancelled_quantity", BigInteger, nullable=False),
    PrimaryKeyConstraint("fulfillment_order_id", "line_id"),
    ForeignKeyConstraint(["fulfillment_order_id"], ["fulfillment.fulfillment_orders.fulfillment_order_id"]),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint(
        "waiting_quantity >= 0 AND shipped_quantity >= 0 AND rejected_quantity >= 0 AND cancelled_quantity >= 0",
        name="not_negative",
    ),
    CheckConstraint(
        "quantity = waiting_quantity + shipped_quantity + rejected_quantity + cancelled_quantity", name="adds_up"
    ),
)

shipments = Table(
    "shipments",
    metadata,
    Column("shipment_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("fulfillment_order_id", Text),
    Column("return_id", Text),
    Column("direction", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("carrier_code", Text, nullable=False),
    Column("service_code", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("label_uri", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("shipped", Boolean, nullable=False),
    Column("tracking_status", Text, nullable=False),
    Column("ship_time", _TIME),
    Column("deliver_time", _TIME),
    Column("create_time", _TIME, nullable=False),
    ForeignKeyConstraint(["fulfillment_order_id"], ["fulfillment.fulfillment_orders.fulfillment_order_id"]),
    CheckConstraint(one_of("direction", Direction), name="direction_known"),
    CheckConstraint(one_of("tracking_status", Tracking), name="tracking_status_known"),
    CheckConstraint("(direction = 'OUTBOUND') = (fulfillment_order_id IS NOT NULL)", name="outbound_of_work"),
    CheckConstraint("(direction = 'RETURN') = (return_id IS NOT NULL)", name="return_of_return"),
    CheckConstraint("shipped = (ship_time IS NOT NULL)", name="shipped_at_some_time"),
    Index("uq_shipments_tracking_number_carrier_code", "tracking_number", "carrier_code", unique=True),
    Index(None, "create_time", "shipment_id"),
    Index(None, "order_id", "create_time", "shipment_id"),
    Index(None, "fulfillment_order_id"),
)

# What was said is kept even where it could not be true; so neither list of events refers to what it speaks of.
node_events = Table(
    "node_events",
    metadata,
    Column("fulfillment_order_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("units", JSONB, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("occur_time", _TIME, nullable=False),
    Column("record_time", _TIME, nullable=False),
    Column("refusal", Text),
    PrimaryKeyConstraint("fulfillment_order_id", "event_id"),
    CheckConstraint(one_of("type", Type), name="type_known"),
)

tracking_events = Table(
    "tracking_events",
    metadata,
    Column("carrier_code", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("shipment_id", Text),
    Column("status", Text, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("occur_time", _TIME, nullable=False),
    Column("raw_code", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("record_time", _TIME, nullable=False),
    Column("refusal", Text),
    Column("told", Boolean, nullable=False),
    PrimaryKeyConstraint("carrier_code", "tracking_number", "event_id"),
    CheckConstraint(one_of("status", Tracking), name="status_known"),
    CheckConstraint("(shipment_id IS NULL) = (refusal IS NOT NULL)", name="refused_or_of_a_parcel"),
    Index(None, "shipment_id", "occur_time", "rank", "event_id"),
)

# A call to a partner that was decided on: what it asks stays the same on every attempt.
intents = Table(
    "intents",
    metadata,
    Column("rpc", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("answered", Boolean, nullable=False, server_default=text("false")),
    Column("create_time", _TIME, nullable=False),
    PrimaryKeyConstraint("rpc", "request_id"),
)
