"""The tables of rule sets, rehearsals, promises, and outages."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.tables import decisions, metadata
from services.routing.tables_network import network_snapshots

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("rule_set_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    # Never changed: a change is a new version.
    Column("document", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("version > 0", name="version"),
    CheckConstraint("state IN ('DRAFT', 'VALIDATED', 'SHADOW', 'ACTIVE', 'RETIRED')", name="state"),
    CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
    Index("uq_rule_sets_active", "rule_set_id", unique=True, postgresql_where="state = 'ACTIVE'"),
    Index("uq_rule_sets_shadow", "rule_set_id", unique=True, postgresql_where="state = 'SHADOW'"),
)

_VERSION = (["rule_set_id", "version"], [rule_sets.c.rule_set_id, rule_sets.c.version])

rule_set_events = Table(
    "rule_set_events",
    metadata,
    Column("rule_set_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sequence", BigInteger, Identity(always=True), primary_key=True),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(*_VERSION, name="fk_rule_set_events_version"),
)

simulations = Table(
    "simulations",
    metadata,
    Column("simulation_id", Text, primary_key=True),
    # Of a document that is not saved: its id and version 0.
    Column("rule_set_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("actor", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
)

rule_set_reviews = Table(
    "rule_set_reviews",
    metadata,
    Column("rule_set_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("simulation_id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("item IN ('SPLITS', 'EXCEPTIONS', 'UNCOVERED_ORDERS')", name="item"),
    ForeignKeyConstraint(*_VERSION, name="fk_rule_set_reviews_version"),
    ForeignKeyConstraint(["simulation_id"], [simulations.c.simulation_id], name="fk_rule_set_reviews_simulation"),
)

# What a decision was made from, so that it can be made again.
decision_inputs = Table(
    "decision_inputs",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("network_digest", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["decision_id"], [decisions.c.decision_id], name="fk_decision_inputs_decision"),
    ForeignKeyConstraint(["network_digest"], [network_snapshots.c.digest], name="fk_decision_inputs_network"),
    Index("ix_decision_inputs_create_time", "create_time", "decision_id"),
)

shadow_results = Table(
    "shadow_results",
    metadata,
    Column("rule_set_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("decision_id", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
)

promises = Table(
    "promises",
    metadata,
    Column("promise_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    # The oms.routing.v1.Promise, as it was answered. Append-only.
    Column("promise", LargeBinary, nullable=False),
    Column("latest_delivery_time", DateTime(timezone=True)),
    Column("create_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("version > 0", name="version"),
    Index("ix_promises_order_id", "order_id", "version", postgresql_where="order_id <> ''"),
)

outages = Table(
    "outages",
    metadata,
    Column("outage_id", Text, primary_key=True),
    Column("node_id", Text, nullable=False),
    Column("carrier_code", Text, nullable=False),
    Column("service_code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("replans", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("start_time", DateTime(timezone=True), nullable=False),
    Column("end_time", DateTime(timezone=True)),
    CheckConstraint("(node_id = '') <> (carrier_code = '')", name="of_something"),
    CheckConstraint("end_time >= start_time", name="ends_after_it_starts"),
    Index(
        "uq_outages_open", "node_id", "carrier_code", "service_code", unique=True, postgresql_where="end_time IS NULL"
    ),
    Index("ix_outages_start_time", "start_time", "outage_id"),
)

outage_works = Table(
    "outage_works",
    metadata,
    Column("outage_id", Text, primary_key=True),
    Column("fulfillment_order_id", Text, primary_key=True),
    Column("promise_time", DateTime(timezone=True)),
    Column("document", JSONB, nullable=False),
    ForeignKeyConstraint(["outage_id"], [outages.c.outage_id], name="fk_outage_works_outage"),
)
