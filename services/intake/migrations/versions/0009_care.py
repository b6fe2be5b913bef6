"""What customer care searches by, notes and tags.

Building the indexes reads all orders and events once, and writers wait meanwhile. Where that takes longer than a
migration may, build them before the upgrade with the same words and CONCURRENTLY; the migration then finds them there.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = (
    "ix_orders_group ON intake.orders (channel, (details ->> 'group_id')) WHERE details ? 'group_id'",
    "ix_orders_lower_order_number ON intake.orders (lower(order_number))",
    "ix_orders_external_id ON intake.orders (external_id)",
    "ix_orders_lower_email ON intake.orders (lower(email)) WHERE email <> ''",
    "ix_orders_customer_reference ON intake.orders (customer_reference) WHERE customer_reference <> ''",
    "ix_orders_phone_digits ON intake.orders (right(regexp_replace(phone, '\\D', '', 'g'), 9)) WHERE phone <> ''",
    """ix_orders_words ON intake.orders USING gin (jsonb_to_tsvector('simple', ship_to, '["string"]'))""",
    "ix_orders_tags ON intake.orders USING gin (tags) WHERE tags <> '{}'",
    (
        """ix_order_events_tracking_number ON intake.order_events (("references" ->> 'tracking_number'))"""
        """ WHERE "references" ? 'tracking_number'"""
    ),
)


def upgrade() -> None:
    op.execute("ALTER TABLE intake.orders ADD COLUMN tags text[] NOT NULL DEFAULT '{}'")
    for index in INDEXES:
        op.execute(f"CREATE INDEX IF NOT EXISTS {index}")
    op.execute(
        """
        CREATE TABLE intake.order_notes (
            note_id text NOT NULL,
            order_id text NOT NULL,
            body text NOT NULL,
            actor text NOT NULL,
            create_time timestamptz NOT NULL,
            CONSTRAINT pk_order_notes PRIMARY KEY (note_id),
            CONSTRAINT fk_order_notes_order_id FOREIGN KEY (order_id) REFERENCES intake.orders (order_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_order_notes_order_id ON intake.order_notes (order_id)")
    op.execute(
        """
        CREATE TABLE intake.ownership (
            channel text NOT NULL,
            entries jsonb NOT NULL,
            actor text NOT NULL,
            update_time timestamptz NOT NULL,
            CONSTRAINT pk_ownership PRIMARY KEY (channel)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE intake.ownership_drift (
            channel text NOT NULL,
            field text NOT NULL,
            kind text NOT NULL,
            count bigint NOT NULL,
            last_order_id text NOT NULL,
            last_document_id text NOT NULL,
            first_time timestamptz NOT NULL,
            last_time timestamptz NOT NULL,
            CONSTRAINT pk_ownership_drift PRIMARY KEY (channel, field, kind),
            CONSTRAINT ck_ownership_drift_kind CHECK (kind IN ('REFUSED', 'DRIFT'))
        )
        """
    )
