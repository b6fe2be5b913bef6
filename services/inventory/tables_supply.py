"""Tables of what is expected and who waits for it, and of how stock is seen."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.chassis.database import TransactionId
from services.inventory.domain import backorder
from services.inventory.tables_schema import metadata, one_of

lots = Table(
    "lots",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("lot_id", Text, primary_key=True),
    Column("expire_time", DateTime(timezone=True)),
    Column("on_hand", BigInteger, nullable=False),
    Column("quarantined", Boolean, nullable=False, server_default=text("false")),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
    CheckConstraint("lot_id <> ''", name="named"),
    Index("ix_lots_to_expire", "expire_time", postgresql_where=text("on_hand > 0 AND NOT quarantined")),
)

supplies = Table(
    "supplies",
    metadata,
    Column("supply_id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("received_quantity", BigInteger, nullable=False),
    Column("cancelled_quantity", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("expect_time", DateTime(timezone=True)),
    Column("lead_seconds", BigInteger),
    Column("from_node_id", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        one_of("type", "IN_TRANSIT", "PURCHASE_ORDER", "TRANSFER", "SUPPLIER", "RETURN_EXPECTED"), name="type_known"
    ),
    CheckConstraint(one_of("state", "OPEN", "RECEIVED", "CANCELLED"), name="state_known"),
    CheckConstraint(
        "quantity > 0 AND received_quantity >= 0 AND cancelled_quantity >= 0", name="quantities_not_negative"
    ),
    CheckConstraint(
        "(state = 'OPEN') = (received_quantity + cancelled_quantity < quantity)", name="open_while_expected"
    ),
    CheckConstraint("expect_time IS NOT NULL OR lead_seconds IS NOT NULL", name="expected_at_some_time"),
    Index("ix_supplies_open", "sku", "node_id", postgresql_where=text("state = 'OPEN'")),
    Index(None, "create_time", "supply_id"),
    Index(None, "sku", "create_time", "supply_id"),
    Index(None, "node_id", "create_time", "supply_id"),
)

bundles = Table(
    "bundles",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("component_sku", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("sku <> component_sku", name="not_itself"),
    Index(None, "component_sku"),
)

channel_policies = Table(
    "channel_policies",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("segment", Text, nullable=False),
    Column("threshold_quantity", BigInteger, nullable=False),
    Column("excluded_node_ids", ARRAY(Text), nullable=False),
    Column("sku_thresholds", JSONB, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("threshold_quantity >= 0", name="threshold_not_negative"),
)

backorders = Table(
    "backorders",
    metadata,
    Column("owner_id", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("notify_time", DateTime(timezone=True)),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("promise_time", DateTime(timezone=True)),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("priority BETWEEN 1 AND 5", name="priority_known"),
    CheckConstraint(one_of("state", *backorder.State), name="state_known"),
    CheckConstraint("state <> 'NOTIFIED' OR notify_time IS NOT NULL", name="notified_at_some_time"),
    Index(
        "ix_backorders_queue",
        "sku",
        "priority",
        "create_time",
        "owner_id",
        "line_id",
        postgresql_where=text("state = 'WAITING' AND NOT passed"),
    ),
    Index(
        "ix_backorders_served",
        "priority",
        "create_time",
        "owner_id",
        "line_id",
        postgresql_where=text("state <> 'CLOSED'"),
    ),
    Index(
        "ix_backorders_served_by_sku",
        "sku",
        "priority",
        "create_time",
        "owner_id",
        "line_id",
        postgresql_where=text("state <> 'CLOSED'"),
    ),
    Index("ix_backorders_passed", "sku", postgresql_where=text("passed AND state <> 'CLOSED'")),
    Index("ix_backorders_notified", "sku", "notify_time", postgresql_where=text("state = 'NOTIFIED'")),
)

backorder_policies = Table(
    "backorder_policies",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("policy", Text, nullable=False),
    CheckConstraint(one_of("policy", "FIRST_COME", "PRIORITY", "SHIP_COMPLETE", "FAIR_SHARE"), name="policy_known"),
)

# SKUs of which something else than a counter changed what may be sold: a policy, a pool, a supply, a bundle.
availability_changes = Table(
    "availability_changes",
    metadata,
    Column("transaction_id", TransactionId, primary_key=True, server_default=text("pg_current_xact_id()")),
    Column("sku", Text, primary_key=True),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Index("ix_availability_changes_create_time", "create_time"),
)

# How far a follower of the availability feed that lives in the service itself has come.
feed_cursors = Table(
    "feed_cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
)
