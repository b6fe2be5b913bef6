"""The tables of routing, in the schema `routing`. No personal data: of a destination only its area is kept.

Nodes and decisions are here; the rest of the network is in `tables_network`, rules and promises in `tables_rules`.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.chassis.database import metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table

metadata = metadata_for("routing")

nodes = Table(
    "nodes",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("country_code", Text, nullable=False),
    Column("administrative_area", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("processing_minutes", Integer, nullable=False),
    Column("order_cost_minor", BigInteger, nullable=False),
    Column("line_cost_minor", BigInteger, nullable=False),
    Column("cost_currency_code", Text, nullable=False),
    Column("serves_country_codes", ARRAY(Text), nullable=False),
    Column("capabilities", ARRAY(Text), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("disabled_reason", Text, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    # Grows with every change; what a caller knows as the etag.
    Column("revision", BigInteger, nullable=False),
    Column("address_lines", ARRAY(Text), nullable=False, server_default="{}"),
    Column("calendar_id", Text, nullable=False, server_default=""),
    Column("daily_capacity", Integer, nullable=False, server_default="0"),
    Column("hourly_capacity", Integer, nullable=False, server_default="0"),
    # [{"carrier_code", "service_code", "time", "never"}], as in the message.
    Column("cutoffs", JSONB, nullable=False, server_default="[]"),
    Column("programs", ARRAY(Text), nullable=False, server_default="{}"),
    CheckConstraint("node_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="node_id"),
    CheckConstraint("type IN ('DC', 'STORE', 'THIRD_PARTY', 'DROP_SHIP', 'PICKUP_POINT')", name="type"),
    CheckConstraint("country_code ~ '^[A-Z]{2}$'", name="country_code"),
    CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="point"),
    CheckConstraint("processing_minutes BETWEEN 0 AND 43200", name="processing_minutes"),
    CheckConstraint("order_cost_minor >= 0 AND line_cost_minor >= 0", name="costs"),
    CheckConstraint("cost_currency_code ~ '^[A-Z]{3}$'", name="cost_currency_code"),
    CheckConstraint("disabled OR disabled_reason = ''", name="disabled_reason"),
    CheckConstraint("revision > 0", name="revision"),
    CheckConstraint("daily_capacity >= 0 AND hourly_capacity >= 0", name="capacity"),
    CheckConstraint("jsonb_typeof(cutoffs) = 'array'", name="cutoffs"),
    # ListNodes(enabled_only): in the order of the list.
    Index("ix_nodes_enabled", "node_id", postgresql_where="NOT disabled"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("inputs_digest", Text, nullable=False),
    # The whole of it, as it was answered: append-only, read back and never filtered on.
    Column("decision", JSONB, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("inputs_digest ~ '^[0-9a-f]{64}$'", name="inputs_digest"),
    Index("ix_decisions_create_time", "create_time", "decision_id"),
    Index("ix_decisions_order_id", "order_id", "create_time", "decision_id"),
)

idempotency_keys = idempotency_table(metadata)
outbox_events = outbox_table(metadata)
