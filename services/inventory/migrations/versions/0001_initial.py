"""Positions, reservations, the ledger, snapshots, backorders, and the two rules that need triggers."""

from alembic import op

from services.chassis.migration import create_idempotency, create_outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE inventory.positions (
        sku text NOT NULL,
        node_id text NOT NULL,
        on_hand bigint NOT NULL,
        reserved bigint NOT NULL,
        safety_stock bigint NOT NULL,
        unsellable bigint NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_positions PRIMARY KEY (sku, node_id),
        CONSTRAINT ck_positions_on_hand_not_negative CHECK (on_hand >= 0),
        CONSTRAINT ck_positions_reserved_not_negative CHECK (reserved >= 0),
        CONSTRAINT ck_positions_safety_stock_not_negative CHECK (safety_stock >= 0),
        CONSTRAINT ck_positions_unsellable_is_on_hand CHECK (unsellable BETWEEN 0 AND on_hand)
    )
    """,
    """
    CREATE TABLE inventory.reservations (
        reservation_id text NOT NULL,
        owner_id text NOT NULL,
        line_id text NOT NULL,
        sku text NOT NULL,
        node_id text NOT NULL,
        quantity bigint NOT NULL,
        consumed_quantity bigint NOT NULL,
        released_quantity bigint NOT NULL,
        state text NOT NULL,
        expire_time timestamptz,
        create_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_reservations PRIMARY KEY (reservation_id),
        CONSTRAINT fk_reservations_sku FOREIGN KEY (sku, node_id) REFERENCES inventory.positions (sku, node_id),
        CONSTRAINT ck_reservations_quantity_positive CHECK (quantity > 0),
        CONSTRAINT ck_reservations_undone_not_negative CHECK (consumed_quantity >= 0 AND released_quantity >= 0),
        CONSTRAINT ck_reservations_undone_once CHECK (consumed_quantity + released_quantity <= quantity),
        CONSTRAINT ck_reservations_state_known
            CHECK (state IN ('SOFT', 'HARD', 'CONSUMED', 'RELEASED', 'EXPIRED')),
        CONSTRAINT ck_reservations_live_while_in_force
            CHECK ((state IN ('SOFT', 'HARD')) = (consumed_quantity + released_quantity < quantity)),
        CONSTRAINT ck_reservations_consumed_if_shipped
            CHECK (state IN ('SOFT', 'HARD') OR (state = 'CONSUMED') = (consumed_quantity > 0)),
        CONSTRAINT ck_reservations_soft_expires CHECK (state <> 'SOFT' OR expire_time IS NOT NULL),
        CONSTRAINT ck_reservations_hard_stays CHECK (state <> 'HARD' OR expire_time IS NULL)
    )
    """,
    """
    CREATE TABLE inventory.ledger_entries (
        sequence bigint GENERATED ALWAYS AS IDENTITY,
        sku text NOT NULL,
        node_id text NOT NULL,
        on_hand_delta bigint NOT NULL,
        reserved_delta bigint NOT NULL,
        safety_stock_delta bigint NOT NULL,
        unsellable_delta bigint NOT NULL,
        reason text NOT NULL,
        reference text NOT NULL,
        note text NOT NULL,
        actor text NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_ledger_entries PRIMARY KEY (sequence),
        CONSTRAINT fk_ledger_entries_sku FOREIGN KEY (sku, node_id) REFERENCES inventory.positions (sku, node_id),
        CONSTRAINT ck_ledger_entries_reason_known
            CHECK (reason IN ('RECEIPT', 'COUNT', 'CORRECTION', 'LOSS', 'RETURN', 'RESERVED', 'RELEASED', 'CONSUMED',
                              'SAFETY_STOCK', 'SNAPSHOT', 'SHORT_PICK')),
        CONSTRAINT ck_ledger_entries_changes_something
            CHECK (on_hand_delta <> 0 OR reserved_delta <> 0 OR safety_stock_delta <> 0 OR unsellable_delta <> 0)
    )
    """,
    """
    CREATE TABLE inventory.snapshots (
        source text NOT NULL,
        node_id text NOT NULL,
        sequence bigint NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_snapshots PRIMARY KEY (source, node_id),
        CONSTRAINT ck_snapshots_sequence_positive CHECK (sequence > 0)
    )
    """,
    """
    CREATE TABLE inventory.backorders (
        owner_id text NOT NULL,
        line_id text NOT NULL,
        sku text NOT NULL,
        quantity bigint NOT NULL,
        priority smallint NOT NULL,
        state text NOT NULL,
        passed boolean NOT NULL,
        notify_time timestamptz,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_backorders PRIMARY KEY (owner_id, line_id),
        CONSTRAINT ck_backorders_quantity_positive CHECK (quantity > 0),
        CONSTRAINT ck_backorders_priority_known CHECK (priority BETWEEN 1 AND 5),
        CONSTRAINT ck_backorders_state_known CHECK (state IN ('WAITING', 'NOTIFIED', 'CLOSED')),
        CONSTRAINT ck_backorders_notified_at_some_time CHECK (state <> 'NOTIFIED' OR notify_time IS NOT NULL)
    )
    """,
)

_QUEUE = "(sku, priority, create_time, owner_id, line_id)"
_INDEXES = (
    "ix_positions_node_id_sku ON inventory.positions (node_id, sku)",
    "ix_reservations_create_time_reservation_id ON inventory.reservations (create_time, reservation_id)",
    (
        "ix_reservations_owner_id_create_time_reservation_id"
        " ON inventory.reservations (owner_id, create_time, reservation_id)"
    ),
    (
        "ix_reservations_sku_node_id_create_time_reservation_id"
        " ON inventory.reservations (sku, node_id, create_time, reservation_id)"
    ),
    (
        "ix_reservations_node_id_create_time_reservation_id"
        " ON inventory.reservations (node_id, create_time, reservation_id)"
    ),
    "ix_reservations_live ON inventory.reservations (sku, node_id) WHERE state IN ('SOFT', 'HARD')",
    (
        "ix_reservations_live_by_age ON inventory.reservations (create_time, reservation_id)"
        " WHERE state IN ('SOFT', 'HARD')"
    ),
    "ix_reservations_soft ON inventory.reservations (expire_time) WHERE state = 'SOFT'",
    "ix_ledger_entries_sku_node_id_sequence ON inventory.ledger_entries (sku, node_id, sequence)",
    "ix_ledger_entries_node_id_sequence ON inventory.ledger_entries (node_id, sequence)",
    "ix_ledger_entries_reference_sequence ON inventory.ledger_entries (reference, sequence)",
    f"ix_backorders_queue ON inventory.backorders {_QUEUE} WHERE state = 'WAITING' AND NOT passed",
    "ix_backorders_served ON inventory.backorders (priority, create_time, owner_id, line_id) WHERE state <> 'CLOSED'",
    f"ix_backorders_served_by_sku ON inventory.backorders {_QUEUE} WHERE state <> 'CLOSED'",
    "ix_backorders_passed ON inventory.backorders (sku) WHERE passed AND state <> 'CLOSED'",
    "ix_backorders_notified ON inventory.backorders (sku, notify_time) WHERE state = 'NOTIFIED'",
)

# The second lock: whatever statement it is in, `reserved` grows only into what is free. The conditions are checked
# before the function is called, so a change that keeps the rule costs a comparison.
_NEVER_OVERSELL = (
    """
    CREATE FUNCTION inventory.refuse_overselling() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'reserving more of % at % than is free', NEW.sku, NEW.node_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_never_oversold';
    END $$
    """,
    """
    CREATE TRIGGER positions_never_oversold BEFORE UPDATE ON inventory.positions FOR EACH ROW
    WHEN (NEW.reserved > OLD.reserved AND NEW.on_hand - NEW.reserved - NEW.safety_stock - NEW.unsellable < 0)
    EXECUTE FUNCTION inventory.refuse_overselling()
    """,
    """
    CREATE TRIGGER positions_begin_not_oversold BEFORE INSERT ON inventory.positions FOR EACH ROW
    WHEN (NEW.reserved > 0 AND NEW.on_hand - NEW.reserved - NEW.safety_stock - NEW.unsellable < 0)
    EXECUTE FUNCTION inventory.refuse_overselling()
    """,
)

_APPEND_ONLY = (
    """
    CREATE FUNCTION inventory.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is append-only: write a correction' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_rewriting()
    """,
)


def upgrade() -> None:
    """Make everything."""
    create_idempotency("inventory")
    create_outbox("inventory")
    for statement in _TABLES:
        op.execute(statement)
    for index in _INDEXES:
        op.execute(f"CREATE INDEX {index}")
    for statement in (*_NEVER_OVERSELL, *_APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    """There is nothing before the first migration.

    Raises:
        NotImplementedError: always; drop the schema if that is what is wanted.
    """
    raise NotImplementedError("there is nothing before the first migration")
