"""Who is told of what happens to orders, and how far each is in the feed. A new table: nothing waits for it."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE intake.subscriptions (
            name text NOT NULL,
            url text NOT NULL,
            switch text NOT NULL,
            event_types jsonb NOT NULL,
            channels jsonb NOT NULL,
            regions jsonb NOT NULL,
            order_ids jsonb NOT NULL,
            secret text NOT NULL,
            old_secret text NOT NULL,
            old_secret_expire_time timestamptz,
            transaction_id bigint NOT NULL,
            order_id text NOT NULL,
            sequence bigint NOT NULL,
            turn bigint NOT NULL,
            lease_end_time timestamptz,
            delivered_count bigint NOT NULL,
            deliver_time timestamptz,
            failing_since_time timestamptz,
            attempts integer NOT NULL,
            last_error text NOT NULL,
            failing_event_id text NOT NULL,
            failing_cursor text NOT NULL,
            next_attempt_time timestamptz,
            create_time timestamptz NOT NULL,
            update_time timestamptz NOT NULL,
            CONSTRAINT pk_subscriptions PRIMARY KEY (name),
            CONSTRAINT ck_subscriptions_switch CHECK (switch IN ('ACTIVE', 'PAUSED', 'OFF')),
            CONSTRAINT ck_subscriptions_failing CHECK ((attempts > 0) = (failing_since_time IS NOT NULL))
        )
    """)
