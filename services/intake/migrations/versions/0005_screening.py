"""Screening rules, what channels call goods and places, prints of orders that look alike, and holds in chains.

`intake.look` is one call for all that acceptance must know: whether the order is there already, whether another looks
like it, and how many orders its customer had. Two orders with one fingerprint go through it one after the other, and
each of its statements sees what was committed before it began: so of two that come at once, the second finds the first.
`intake.looks_like_none` asks the same of an order that is written with others, in one statement.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LOOK = """
CREATE FUNCTION intake.look(
    write boolean, this_order text, this_channel text, this_external_id text, this_time timestamptz,
    this_print bigint, this_customer bigint, this_address bigint, around interval, want_history boolean,
    OUT existing boolean, OUT other_order text, OUT other_channel text, OUT other_external_id text,
    OUT other_time timestamptz, OUT customer_day bigint, OUT customer_month bigint, OUT address_day bigint,
    OUT address_month bigint
) LANGUAGE plpgsql AS $$
BEGIN
    existing := false;
    IF write THEN
        IF this_print IS NOT NULL THEN
            PERFORM pg_advisory_xact_lock(this_print);
        END IF;
        existing := EXISTS (
            SELECT FROM intake.orders o WHERE o.channel = this_channel AND o.external_id = this_external_id
        );
        IF existing THEN
            RETURN;
        END IF;
    END IF;
    IF this_print IS NOT NULL AND around > interval '0' THEN
        SELECT o.order_id, o.channel, o.external_id, p.order_time
        INTO other_order, other_channel, other_external_id, other_time
        FROM intake.order_prints p JOIN intake.orders o ON o.order_id = p.order_id
        WHERE p.order_print = this_print AND p.order_time BETWEEN this_time - around AND this_time + around
            AND p.order_id <> this_order AND o.status <> 'CANCELLED'
        ORDER BY p.order_time, p.order_id LIMIT 1;
    END IF;
    IF want_history THEN
        SELECT count(*) FILTER (WHERE p.order_time > this_time - interval '24 hours'), count(*)
        INTO customer_day, customer_month
        FROM intake.order_prints p
        WHERE p.customer_print = this_customer AND p.order_id <> this_order
            AND p.order_time > this_time - interval '30 days' AND p.order_time <= this_time;
        SELECT count(*) FILTER (WHERE p.order_time > this_time - interval '24 hours'), count(*)
        INTO address_day, address_month
        FROM intake.order_prints p
        WHERE p.address_print = this_address AND p.order_id <> this_order
            AND p.order_time > this_time - interval '30 days' AND p.order_time <= this_time;
    END IF;
    IF write THEN
        INSERT INTO intake.order_prints (order_id, order_time, order_print, customer_print, address_print)
        VALUES (this_order, this_time, this_print, this_customer, this_address);
    END IF;
END
$$
"""


_LOOKS_LIKE_NONE = """
CREATE FUNCTION intake.looks_like_none(this_print bigint, this_time timestamptz, around interval)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF this_print IS NULL OR around = interval '0' THEN
        RETURN true;
    END IF;
    PERFORM pg_advisory_xact_lock(this_print);
    RETURN NOT EXISTS (
        SELECT FROM intake.order_prints p JOIN intake.orders o ON o.order_id = p.order_id
        WHERE p.order_print = this_print AND p.order_time BETWEEN this_time - around AND this_time + around
            AND o.status <> 'CANCELLED'
    );
END
$$
"""


def upgrade() -> None:
    op.execute("ALTER TABLE intake.holds ADD COLUMN after jsonb")
    op.execute("ALTER TABLE intake.holds ADD COLUMN approvals jsonb")
    op.execute("ALTER TABLE intake.holds ADD COLUMN approved jsonb")
    op.execute("""
        CREATE TABLE intake.channel_skus (
            channel text NOT NULL,
            channel_sku text NOT NULL,
            sku text NOT NULL,
            units_each bigint NOT NULL,
            active boolean NOT NULL,
            update_time timestamptz NOT NULL,
            updated_by text NOT NULL,
            CONSTRAINT pk_channel_skus PRIMARY KEY (channel, channel_sku),
            CONSTRAINT ck_channel_skus_units_each CHECK (units_each >= 1)
        )
    """)
    op.execute("""
        CREATE TABLE intake.channel_locations (
            channel text NOT NULL,
            location_code text NOT NULL,
            address jsonb NOT NULL,
            update_time timestamptz NOT NULL,
            updated_by text NOT NULL,
            CONSTRAINT pk_channel_locations PRIMARY KEY (channel, location_code)
        )
    """)
    op.execute("""
        CREATE TABLE intake.screening_state (
            "only" boolean NOT NULL,
            version bigint NOT NULL,
            CONSTRAINT pk_screening_state PRIMARY KEY ("only"),
            CONSTRAINT ck_screening_state_only CHECK ("only")
        )
    """)
    op.execute("INSERT INTO intake.screening_state VALUES (true, 1)")
    op.execute("""
        CREATE TABLE intake.screening_rules (
            name text NOT NULL,
            version integer NOT NULL,
            state text NOT NULL,
            document jsonb NOT NULL,
            create_actor text NOT NULL,
            create_time timestamptz NOT NULL,
            activate_actor text NOT NULL DEFAULT '',
            activate_time timestamptz,
            retire_actor text NOT NULL DEFAULT '',
            retire_time timestamptz,
            CONSTRAINT pk_screening_rules PRIMARY KEY (name, version),
            CONSTRAINT ck_screening_rules_state CHECK (state IN ('DRAFT', 'ACTIVE', 'RETIRED'))
        )
    """)
    op.execute("CREATE UNIQUE INDEX ix_screening_rules_active ON intake.screening_rules (name) WHERE state = 'ACTIVE'")
    op.execute("""
        CREATE TABLE intake.order_prints (
            order_id text NOT NULL,
            order_time timestamptz NOT NULL,
            order_print bigint,
            customer_print bigint,
            address_print bigint,
            CONSTRAINT pk_order_prints PRIMARY KEY (order_id)
        )
    """)
    op.execute("CREATE INDEX ix_order_prints_order ON intake.order_prints (order_print, order_time)")
    op.execute("CREATE INDEX ix_order_prints_customer ON intake.order_prints (customer_print, order_time)")
    op.execute("CREATE INDEX ix_order_prints_address ON intake.order_prints (address_print, order_time)")
    op.execute(_LOOK)
    op.execute(_LOOKS_LIKE_NONE)
