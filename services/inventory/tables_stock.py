"""Tables of what there is and who has a right to it: positions, reservations, the ledger."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from services.chassis.database import TransactionId
from services.inventory.domain import reservation
from services.inventory.domain.position import Reason
from services.inventory.tables_schema import metadata, one_of

positions = Table(
    "positions",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("safety_stock", BigInteger, nullable=False),
    Column("unsellable", BigInteger, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    Column("quality_control", BigInteger, nullable=False, server_default=text("0")),
    Column("quarantine", BigInteger, nullable=False, server_default=text("0")),
    Column("pools", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
    CheckConstraint("reserved >= 0", name="reserved_not_negative"),
    CheckConstraint("safety_stock >= 0", name="safety_stock_not_negative"),
    CheckConstraint("unsellable BETWEEN 0 AND on_hand", name="unsellable_is_on_hand"),
    CheckConstraint(
        "quality_control >= 0 AND quarantine >= 0 AND quality_control + quarantine <= unsellable",
        name="unsellable_has_reasons",
    ),
    CheckConstraint("jsonb_typeof(pools) = 'object'", name="pools_by_segment"),
    Index(None, "node_id", "sku"),
)

reservations = Table(
    "reservations",
    metadata,
    Column("reservation_id", Text, primary_key=True),
    Column("owner_id", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("consumed_quantity", BigInteger, nullable=False),
    Column("released_quantity", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("expire_time", DateTime(timezone=True)),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    Column("segment", Text, nullable=False, server_default=text("''")),
    Column("pool_quantity", BigInteger, nullable=False, server_default=text("0")),
    Column("components", JSONB, nullable=False, server_default=text("'{}'")),
    Column("backorder", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint(
        "pool_quantity BETWEEN 0 AND quantity - consumed_quantity - released_quantity", name="pool_is_live"
    ),
    CheckConstraint("consumed_quantity >= 0 AND released_quantity >= 0", name="undone_not_negative"),
    CheckConstraint("consumed_quantity + released_quantity <= quantity", name="undone_once"),
    CheckConstraint(one_of("state", *reservation.State), name="state_known"),
    CheckConstraint(
        "(state IN ('SOFT', 'HARD')) = (consumed_quantity + released_quantity < quantity)", name="live_while_in_force"
    ),
    CheckConstraint(
        "state IN ('SOFT', 'HARD') OR (state = 'CONSUMED') = (consumed_quantity > 0)", name="consumed_if_shipped"
    ),
    CheckConstraint("state <> 'SOFT' OR expire_time IS NOT NULL", name="soft_expires"),
    CheckConstraint("state <> 'HARD' OR expire_time IS NULL", name="hard_stays"),
    Index(None, "create_time", "reservation_id"),
    Index(None, "owner_id", "create_time", "reservation_id"),
    Index(None, "sku", "node_id", "create_time", "reservation_id"),
    Index(None, "node_id", "create_time", "reservation_id"),
    Index(
        "ix_reservations_live",
        "sku",
        "node_id",
        postgresql_where=text("state IN ('SOFT', 'HARD')"),
    ),
    Index(
        "ix_reservations_live_by_age",
        "create_time",
        "reservation_id",
        postgresql_where=text("state IN ('SOFT', 'HARD')"),
    ),
    Index(
        "ix_reservations_bundles",
        "components",
        postgresql_using="gin",
        postgresql_where=text("state IN ('SOFT', 'HARD') AND components <> '{}'"),
    ),
    Index("ix_reservations_kept", "owner_id", "line_id", postgresql_where=text("backorder AND state = 'SOFT'")),
    Index("ix_reservations_soft", "expire_time", postgresql_where=text("state = 'SOFT'")),
)

# In monthly partitions of create_time (the migrations make them, and the service those of the months to come).
ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column(
        "sequence",
        BigInteger,
        server_default=text("nextval('inventory.ledger_sequence')"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("sku", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("on_hand_delta", BigInteger, nullable=False),
    Column("reserved_delta", BigInteger, nullable=False),
    Column("safety_stock_delta", BigInteger, nullable=False),
    Column("unsellable_delta", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), primary_key=True),
    Column("quality_control_delta", BigInteger, nullable=False, server_default=text("0")),
    Column("quarantine_delta", BigInteger, nullable=False, server_default=text("0")),
    Column("lot_id", Text, nullable=False, server_default=text("''")),
    Column("transaction_id", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    CheckConstraint(one_of("reason", *Reason), name="reason_known"),
    CheckConstraint(
        "on_hand_delta <> 0 OR reserved_delta <> 0 OR safety_stock_delta <> 0 OR unsellable_delta <> 0"
        " OR quality_control_delta <> 0 OR quarantine_delta <> 0",
        name="changes_something",
    ),
    Index(None, "sku", "node_id", "sequence"),
    Index(None, "node_id", "sequence"),
    Index(None, "reference", "sequence"),
    Index(None, "transaction_id"),
    postgresql_partition_by="RANGE (create_time)",
)

# Sums of a position's ledger up to an entry, that an audit has proved: the next one adds up from there.
ledger_checkpoints = Table(
    "ledger_checkpoints",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("safety_stock", BigInteger, nullable=False),
    Column("unsellable", BigInteger, nullable=False),
    Column("quality_control", BigInteger, nullable=False),
    Column("quarantine", BigInteger, nullable=False),
)
