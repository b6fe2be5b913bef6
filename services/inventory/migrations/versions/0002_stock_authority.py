"""Supply, lots, pools, bundles, channels, sources, and a ledger in monthly partitions.

Everything is added; code of the version before runs on beside it. The foreign keys from reservations and the ledger to
positions go: a bundle is reserved without a position of its own, and each of these rows is written in the transaction
that locked its position (what they would prove, the audit proves).
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_POSITIONS = (
    """
    ALTER TABLE inventory.positions
        ADD COLUMN quality_control bigint NOT NULL DEFAULT 0,
        ADD COLUMN quarantine bigint NOT NULL DEFAULT 0,
        ADD COLUMN pools jsonb NOT NULL DEFAULT '{}',
        ADD CONSTRAINT ck_positions_unsellable_has_reasons
            CHECK (quality_control >= 0 AND quarantine >= 0 AND quality_control + quarantine <= unsellable),
        ADD CONSTRAINT ck_positions_pools_by_segment CHECK (jsonb_typeof(pools) = 'object')
    """,
    # Room on each page for the next version of a row: counters change all the time, and no index is on them.
    "ALTER TABLE inventory.positions SET (fillfactor = 70)",
    """
    ALTER TABLE inventory.reservations
        ADD COLUMN segment text NOT NULL DEFAULT '',
        ADD COLUMN pool_quantity bigint NOT NULL DEFAULT 0,
        ADD COLUMN components jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN backorder boolean NOT NULL DEFAULT false,
        ADD CONSTRAINT ck_reservations_pool_is_live
            CHECK (pool_quantity BETWEEN 0 AND quantity - consumed_quantity - released_quantity),
        DROP CONSTRAINT fk_reservations_sku
    """,
    """
    CREATE INDEX ix_reservations_bundles ON inventory.reservations USING gin (components)
    WHERE state IN ('SOFT', 'HARD') AND components <> '{}'
    """,
    """
    CREATE INDEX ix_reservations_kept ON inventory.reservations (owner_id, line_id) WHERE backorder AND state = 'SOFT'
    """,
    # What a statement of many parts ends with: where its parts did not do what was decided, none of it is done.
    """
    CREATE FUNCTION inventory.must_agree(agreed boolean) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        IF agreed THEN
            RETURN true;
        END IF;
        RAISE EXCEPTION 'something changed since it was looked at' USING ERRCODE = 'serialization_failure';
    END $$
    """,
    # A repair may find that more is reserved than is there: what is true is true.
    """
    CREATE OR REPLACE FUNCTION inventory.refuse_overselling() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('inventory.rebuilding', true) = 'yes' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'reserving more of % at % than is free', NEW.sku, NEW.node_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'positions_never_oversold';
    END $$
    """,
)

# The ledger as it was becomes the first partition. Its sequence goes on.
_LEDGER = (
    "DROP TRIGGER ledger_entries_append_only ON inventory.ledger_entries",
    "ALTER TABLE inventory.ledger_entries RENAME TO ledger_entries_first",
    """
    ALTER TABLE inventory.ledger_entries_first
        ALTER COLUMN sequence DROP IDENTITY,
        DROP CONSTRAINT pk_ledger_entries,
        DROP CONSTRAINT fk_ledger_entries_sku,
        DROP CONSTRAINT ck_ledger_entries_reason_known,
        DROP CONSTRAINT ck_ledger_entries_changes_something
    """,
    "DROP INDEX inventory.ix_ledger_entries_sku_node_id_sequence",
    "DROP INDEX inventory.ix_ledger_entries_node_id_sequence",
    "DROP INDEX inventory.ix_ledger_entries_reference_sequence",
    "CREATE SEQUENCE inventory.ledger_sequence CACHE 1",
    """
    SELECT setval('inventory.ledger_sequence', coalesce(max(sequence), 0) + 1, false)
    FROM inventory.ledger_entries_first
    """,
    """
    ALTER TABLE inventory.ledger_entries_first
        ADD COLUMN quality_control_delta bigint NOT NULL DEFAULT 0,
        ADD COLUMN quarantine_delta bigint NOT NULL DEFAULT 0,
        ADD COLUMN lot_id text NOT NULL DEFAULT '',
        ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
        ALTER COLUMN sequence SET DEFAULT nextval('inventory.ledger_sequence')
    """,
    """
    CREATE TABLE inventory.ledger_entries (
        sequence bigint NOT NULL DEFAULT nextval('inventory.ledger_sequence'),
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
        quality_control_delta bigint NOT NULL DEFAULT 0,
        quarantine_delta bigint NOT NULL DEFAULT 0,
        lot_id text NOT NULL DEFAULT '',
        transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
        CONSTRAINT pk_ledger_entries PRIMARY KEY (sequence, create_time),
        CONSTRAINT ck_ledger_entries_reason_known
            CHECK (reason IN ('RECEIPT', 'COUNT', 'CORRECTION', 'LOSS', 'RETURN', 'RESERVED', 'RELEASED', 'CONSUMED',
                              'SAFETY_STOCK', 'SNAPSHOT', 'SHORT_PICK', 'TRANSFER', 'EXPIRED', 'DRIFT', 'REBUILD')),
        CONSTRAINT ck_ledger_entries_changes_something
            CHECK (on_hand_delta <> 0 OR reserved_delta <> 0 OR safety_stock_delta <> 0 OR unsellable_delta <> 0
                   OR quality_control_delta <> 0 OR quarantine_delta <> 0)
    ) PARTITION BY RANGE (create_time)
    """,
    """
    CREATE INDEX ix_ledger_entries_sku_node_id_sequence ON inventory.ledger_entries (sku, node_id, sequence)
    """,
    "CREATE INDEX ix_ledger_entries_node_id_sequence ON inventory.ledger_entries (node_id, sequence)",
    "CREATE INDEX ix_ledger_entries_reference_sequence ON inventory.ledger_entries (reference, sequence)",
    "CREATE INDEX ix_ledger_entries_transaction_id ON inventory.ledger_entries (transaction_id)",
    """
    CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_rewriting()
    """,
    # Cloned to every partition: whoever writes to one directly meets it too.
    """
    CREATE TRIGGER ledger_entries_rows_stay BEFORE UPDATE OR DELETE ON inventory.ledger_entries
    FOR EACH ROW EXECUTE FUNCTION inventory.refuse_rewriting()
    """,
    """
    ALTER TABLE inventory.ledger_entries_first
        ADD CONSTRAINT ck_ledger_entries_reason_known
            CHECK (reason IN ('RECEIPT', 'COUNT', 'CORRECTION', 'LOSS', 'RETURN', 'RESERVED', 'RELEASED', 'CONSUMED',
                              'SAFETY_STOCK', 'SNAPSHOT', 'SHORT_PICK', 'TRANSFER', 'EXPIRED', 'DRIFT', 'REBUILD')),
        ADD CONSTRAINT ck_ledger_entries_changes_something
            CHECK (on_hand_delta <> 0 OR reserved_delta <> 0 OR safety_stock_delta <> 0 OR unsellable_delta <> 0
                   OR quality_control_delta <> 0 OR quarantine_delta <> 0)
    """,
    """
    DO $$
    DECLARE
        until timestamptz := (date_trunc('month', (
            SELECT greatest(max(create_time), now()) FROM inventory.ledger_entries_first
        ) AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
    BEGIN
        EXECUTE format('ALTER TABLE inventory.ledger_entries ATTACH PARTITION inventory.ledger_entries_first '
                       'FOR VALUES FROM (MINVALUE) TO (%L)', until);
    END $$
    """,
    # A net: no movement is ever refused because its month has no partition yet.
    "CREATE TABLE inventory.ledger_entries_default PARTITION OF inventory.ledger_entries DEFAULT",
    # The service may call this without the right to create tables. A month that the net has rows of stays in the net.
    # The table is made first and attached then, which lets everybody read and write the ledger meanwhile; PARTITION OF
    # would lock all of it. Whether the month has its partition is asked before: even a vain attempt locks the net.
    """
    CREATE FUNCTION inventory.create_ledger_partition(month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
    AS $$
    DECLARE
        start timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
        finish timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
        partition text := 'ledger_entries_' || to_char(month, 'YYYY_MM');
    BEGIN
        PERFORM pg_advisory_xact_lock(1330467153, 0);
        IF to_regclass('inventory.' || partition) IS NOT NULL
            OR start < (
                SELECT substring(pg_get_expr(relpartbound, oid) FROM $bound$TO \\('([^']+)'\\)$bound$)::timestamptz
                FROM pg_class WHERE oid = to_regclass('inventory.ledger_entries_first')
            )
            OR EXISTS (SELECT FROM inventory.ledger_entries_default WHERE create_time >= start AND create_time < finish)
        THEN
            RETURN false;
        END IF;
        EXECUTE format('CREATE TABLE inventory.%I (LIKE inventory.ledger_entries INCLUDING ALL)', partition);
        EXECUTE format('CREATE TRIGGER ledger_entries_append_only BEFORE TRUNCATE ON inventory.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_rewriting()', partition);
        EXECUTE format('ALTER TABLE inventory.ledger_entries ATTACH PARTITION inventory.%I '
                       'FOR VALUES FROM (%L) TO (%L)', partition, start, finish);
        RETURN true;
    EXCEPTION
        WHEN check_violation THEN
            RETURN false;  -- the net got rows of the month meanwhile
    END $$
    """,
    """
    CREATE TRIGGER ledger_entries_append_only BEFORE TRUNCATE ON inventory.ledger_entries_first
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_rewriting()
    """,
    """
    CREATE TRIGGER ledger_entries_append_only BEFORE TRUNCATE ON inventory.ledger_entries_default
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_rewriting()
    """,
)

_TABLES = (
    """
    CREATE TABLE inventory.ledger_checkpoints (
        sku text NOT NULL,
        node_id text NOT NULL,
        sequence bigint NOT NULL,
        create_time timestamptz NOT NULL,
        on_hand bigint NOT NULL,
        reserved bigint NOT NULL,
        safety_stock bigint NOT NULL,
        unsellable bigint NOT NULL,
        quality_control bigint NOT NULL,
        quarantine bigint NOT NULL,
        CONSTRAINT pk_ledger_checkpoints PRIMARY KEY (sku, node_id, sequence)
    )
    """,
    """
    CREATE TABLE inventory.lots (
        sku text NOT NULL,
        node_id text NOT NULL,
        lot_id text NOT NULL,
        expire_time timestamptz,
        on_hand bigint NOT NULL,
        quarantined boolean NOT NULL DEFAULT false,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_lots PRIMARY KEY (sku, node_id, lot_id),
        CONSTRAINT ck_lots_on_hand_not_negative CHECK (on_hand >= 0),
        CONSTRAINT ck_lots_named CHECK (lot_id <> '')
    )
    """,
    """
    CREATE TABLE inventory.supplies (
        supply_id text NOT NULL,
        type text NOT NULL,
        sku text NOT NULL,
        node_id text NOT NULL,
        quantity bigint NOT NULL,
        received_quantity bigint NOT NULL,
        cancelled_quantity bigint NOT NULL,
        state text NOT NULL,
        expect_time timestamptz,
        lead_seconds bigint,
        from_node_id text NOT NULL,
        reference text NOT NULL,
        create_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_supplies PRIMARY KEY (supply_id),
        CONSTRAINT ck_supplies_type_known
            CHECK (type IN ('IN_TRANSIT', 'PURCHASE_ORDER', 'TRANSFER', 'SUPPLIER', 'RETURN_EXPECTED')),
        CONSTRAINT ck_supplies_state_known CHECK (state IN ('OPEN', 'RECEIVED', 'CANCELLED')),
        CONSTRAINT ck_supplies_quantities_not_negative
            CHECK (quantity > 0 AND received_quantity >= 0 AND cancelled_quantity >= 0),
        CONSTRAINT ck_supplies_open_while_expected
            CHECK ((state = 'OPEN') = (received_quantity + cancelled_quantity < quantity)),
        CONSTRAINT ck_supplies_expected_at_some_time CHECK (expect_time IS NOT NULL OR lead_seconds IS NOT NULL)
    )
    """,
    """
    CREATE TABLE inventory.bundles (
        sku text NOT NULL,
        component_sku text NOT NULL,
        quantity bigint NOT NULL,
        CONSTRAINT pk_bundles PRIMARY KEY (sku, component_sku),
        CONSTRAINT ck_bundles_quantity_positive CHECK (quantity > 0),
        CONSTRAINT ck_bundles_not_itself CHECK (sku <> component_sku)
    )
    """,
    """
    CREATE TABLE inventory.channel_policies (
        channel text NOT NULL,
        segment text NOT NULL,
        threshold_quantity bigint NOT NULL,
        excluded_node_ids text[] NOT NULL,
        sku_thresholds jsonb NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_channel_policies PRIMARY KEY (channel),
        CONSTRAINT ck_channel_policies_threshold_not_negative CHECK (threshold_quantity >= 0)
    )
    """,
    """
    CREATE TABLE inventory.unrouted_demand (
        source text NOT NULL,
        sku text NOT NULL,
        quantity bigint NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_unrouted_demand PRIMARY KEY (source, sku),
        CONSTRAINT ck_unrouted_demand_quantity_positive CHECK (quantity > 0)
    )
    """,
    """
    CREATE TABLE inventory.backorder_policies (
        sku text NOT NULL,
        policy text NOT NULL,
        CONSTRAINT pk_backorder_policies PRIMARY KEY (sku),
        CONSTRAINT ck_backorder_policies_policy_known
            CHECK (policy IN ('FIRST_COME', 'PRIORITY', 'SHIP_COMPLETE', 'FAIR_SHARE'))
    )
    """,
    """
    CREATE TABLE inventory.source_counts (
        source text NOT NULL,
        node_id text NOT NULL,
        sku text NOT NULL,
        sequence bigint NOT NULL,
        on_hand bigint NOT NULL,
        CONSTRAINT pk_source_counts PRIMARY KEY (source, node_id, sku)
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE inventory.source_messages (
        source text NOT NULL,
        node_id text NOT NULL,
        sequence bigint NOT NULL,
        part integer NOT NULL,
        kind text NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_source_messages PRIMARY KEY (source, node_id, sequence, part),
        CONSTRAINT ck_source_messages_kind_known CHECK (kind IN ('SNAPSHOT', 'DELTA'))
    )
    """,
    """
    CREATE TABLE inventory.source_deltas (
        source text NOT NULL,
        node_id text NOT NULL,
        sequence bigint NOT NULL,
        sku text NOT NULL,
        on_hand_delta bigint NOT NULL,
        CONSTRAINT pk_source_deltas PRIMARY KEY (source, node_id, sequence, sku)
    )
    """,
    """
    CREATE TABLE inventory.drift_limits (
        source text NOT NULL,
        units bigint NOT NULL,
        percent integer NOT NULL,
        CONSTRAINT pk_drift_limits PRIMARY KEY (source),
        CONSTRAINT ck_drift_limits_not_negative CHECK (units >= 0 AND percent >= 0)
    )
    """,
    """
    CREATE TABLE inventory.drift_exceptions (
        drift_exception_id text NOT NULL,
        source text NOT NULL,
        sku text NOT NULL,
        node_id text NOT NULL,
        sequence bigint NOT NULL,
        was_on_hand bigint NOT NULL,
        on_hand bigint NOT NULL,
        proposed_delta bigint NOT NULL,
        state text NOT NULL,
        create_time timestamptz NOT NULL,
        decide_actor text NOT NULL,
        decide_time timestamptz,
        note text NOT NULL,
        CONSTRAINT pk_drift_exceptions PRIMARY KEY (drift_exception_id),
        CONSTRAINT ck_drift_exceptions_state_known CHECK (state IN ('OPEN', 'ACCEPTED', 'REJECTED', 'SUPERSEDED')),
        CONSTRAINT ck_drift_exceptions_decided_at_some_time CHECK ((state = 'OPEN') = (decide_time IS NULL))
    )
    """,
    """
    CREATE TABLE inventory.availability_changes (
        transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
        sku text NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_availability_changes PRIMARY KEY (transaction_id, sku)
    )
    """,
    """
    CREATE TABLE inventory.feed_cursors (
        name text NOT NULL,
        cursor text NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_feed_cursors PRIMARY KEY (name)
    )
    """,
    """
    ALTER TABLE inventory.snapshots
        ADD COLUMN counted_sku_count bigint NOT NULL DEFAULT 0,
        ADD COLUMN drifted_sku_count bigint NOT NULL DEFAULT 0,
        ADD COLUMN surplus_quantity bigint NOT NULL DEFAULT 0,
        ADD COLUMN deficit_quantity bigint NOT NULL DEFAULT 0
    """,
    "ALTER TABLE inventory.backorders ADD COLUMN promise_time timestamptz",
)

_INDEXES = (
    "ix_lots_to_expire ON inventory.lots (expire_time) WHERE on_hand > 0 AND NOT quarantined",
    "ix_supplies_open ON inventory.supplies (sku, node_id) WHERE state = 'OPEN'",
    "ix_supplies_create_time_supply_id ON inventory.supplies (create_time, supply_id)",
    "ix_supplies_sku_create_time_supply_id ON inventory.supplies (sku, create_time, supply_id)",
    "ix_supplies_node_id_create_time_supply_id ON inventory.supplies (node_id, create_time, supply_id)",
    "ix_bundles_component_sku ON inventory.bundles (component_sku)",
    "ix_unrouted_demand_sku ON inventory.unrouted_demand (sku)",
    ("uq_drift_exceptions_open ON inventory.drift_exceptions (source, node_id, sku) WHERE state = 'OPEN'"),
    "ix_drift_exceptions_create_time ON inventory.drift_exceptions (create_time, drift_exception_id)",
    "ix_availability_changes_create_time ON inventory.availability_changes (create_time)",
)


def upgrade() -> None:
    """Add everything."""
    for statement in (*_POSITIONS, *_LEDGER, *_TABLES):
        op.execute(statement)
    for index in _INDEXES:
        unique = "UNIQUE " if index.startswith("uq_") else ""
        op.execute(f"CREATE {unique}INDEX {index}")


def downgrade() -> None:
    """There is no way back: what was written since would be lost.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("supplies, lots and the partitioned ledger cannot be taken back without losing rows")
