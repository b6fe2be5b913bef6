"""Tables of what outside systems say, and how far they are from what we say."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Integer, Table, Text, text

from services.inventory.tables_schema import metadata, one_of

# The last complete snapshot of each source for each node, and how far it was from our figures.
snapshots = Table(
    "snapshots",
    metadata,
    Column("source", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    Column("counted_sku_count", BigInteger, nullable=False, server_default=text("0")),
    Column("drifted_sku_count", BigInteger, nullable=False, server_default=text("0")),
    Column("surplus_quantity", BigInteger, nullable=False, server_default=text("0")),
    Column("deficit_quantity", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("sequence > 0", name="sequence_positive"),
)

# What each source said last of each SKU.
source_counts = Table(
    "source_counts",
    metadata,
    Column("source", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("on_hand", BigInteger, nullable=False),
)

# Messages of a source that no complete snapshot has made obsolete, so that each counts once.
source_messages = Table(
    "source_messages",
    metadata,
    Column("source", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    CheckConstraint(one_of("kind", "SNAPSHOT", "DELTA"), name="kind_known"),
)

# What the deltas among them said: a snapshot that was taken before one of them does not know it.
source_deltas = Table(
    "source_deltas",
    metadata,
    Column("source", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("sku", Text, primary_key=True),
    Column("on_hand_delta", BigInteger, nullable=False),
)

drift_limits = Table(
    "drift_limits",
    metadata,
    Column("source", Text, primary_key=True),
    Column("units", BigInteger, nullable=False),
    Column("percent", Integer, nullable=False),
    CheckConstraint("units >= 0 AND percent >= 0", name="not_negative"),
)

drift_exceptions = Table(
    "drift_exceptions",
    metadata,
    Column("drift_exception_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("was_on_hand", BigInteger, nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("proposed_delta", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("decide_actor", Text, nullable=False),
    Column("decide_time", DateTime(timezone=True)),
    Column("note", Text, nullable=False),
    CheckConstraint(one_of("state", "OPEN", "ACCEPTED", "REJECTED", "SUPERSEDED"), name="state_known"),
    CheckConstraint("(state = 'OPEN') = (decide_time IS NULL)", name="decided_at_some_time"),
    Index("uq_drift_exceptions_open", "source", "node_id", "sku", unique=True, postgresql_where=text("state = 'OPEN'")),
    Index("ix_drift_exceptions_create_time", "create_time", "drift_exception_id"),
)

# Demand that is accepted and not routed yet, as each source said it last.
unrouted_demand = Table(
    "unrouted_demand",
    metadata,
    Column("source", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    Index(None, "sku"),
)
