"""The tables of inventory, with every rule that the database itself can keep.

Two rules need triggers, which live in the first migration: `reserved` never grows beyond what is free (the second lock
behind the conditional UPDATE; a CHECK cannot say it, because a count may rightly leave less than is reserved), and the
ledger is append-only.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    Table,
    Text,
    text,
)

from services.chassis.database import metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table
from services.inventory.domain import backorder, reservation
from services.inventory.domain.position import Reason

metadata = metadata_for("inventory")
idempotency_keys = idempotency_table(metadata)
outbox_events = outbox_table(metadata)


def one_of(column: str, *values: str) -> str:
    """Return the SQL of a CHECK that a column has one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


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
    CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
    CheckConstraint("reserved >= 0", name="reserved_not_negative"),
    CheckConstraint("safety_stock >= 0", name="safety_stock_not_negative"),
    CheckConstraint("unsellable BETWEEN 0 AND on_hand", name="unsellable_is_on_hand"),
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
    ForeignKeyConstraint(["sku", "node_id"], ["inventory.positions.sku", "inventory.positions.node_id"]),
    CheckConstraint("quantity > 0", name="quantity_positive"),
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
    Index("ix_reservations_soft", "expire_time", postgresql_where=text("state = 'SOFT'")),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("sequence", BigInteger, Identity(always=True), primary_key=True),
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
    Column("create_time", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["sku", "node_id"], ["inventory.positions.sku", "inventory.positions.node_id"]),
    CheckConstraint(one_of("reason", *Reason), name="reason_known"),
    CheckConstraint(
        "on_hand_delta <> 0 OR reserved_delta <> 0 OR safety_stock_delta <> 0 OR unsellable_delta <> 0",
        name="changes_something",
    ),
    Index(None, "sku", "node_id", "sequence"),
    Index(None, "node_id", "sequence"),
    Index(None, "reference", "sequence"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("source", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("sequence > 0", name="sequence_positive"),
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
