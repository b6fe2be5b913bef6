"""What the payment service says, refunds, and until when money is set aside.

Building the index on references reads all payments once, and writers of payments wait meanwhile. Where that takes
longer than a migration may, build it before the upgrade with the same words and CONCURRENTLY.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE intake.payments ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE intake.payments ADD COLUMN expire_time timestamptz")
    op.execute("ALTER TABLE intake.payments ADD COLUMN renew_time timestamptz")
    op.execute(
        "ALTER TABLE intake.payments ADD CONSTRAINT ck_payments_refunded"
        " CHECK (refunded_minor BETWEEN 0 AND captured_minor) NOT VALID"
    )
    op.execute("ALTER TABLE intake.payments VALIDATE CONSTRAINT ck_payments_refunded")
    op.execute("CREATE INDEX IF NOT EXISTS ix_payments_reference ON intake.payments (reference)")
    op.execute(
        "CREATE INDEX ix_payments_expiring ON intake.payments (expire_time)"
        " WHERE expire_time IS NOT NULL AND authorized_minor - captured_minor - voided_minor > 0"
    )
    op.execute(
        """
        CREATE TABLE intake.payment_events (
            event_id text NOT NULL,
            reference text NOT NULL,
            order_id text,
            kind text NOT NULL,
            amount_minor bigint NOT NULL,
            currency_code text NOT NULL,
            key text NOT NULL,
            expire_time timestamptz,
            occur_time timestamptz NOT NULL,
            state text NOT NULL,
            message text NOT NULL,
            create_time timestamptz NOT NULL,
            CONSTRAINT pk_payment_events PRIMARY KEY (event_id),
            CONSTRAINT fk_payment_events_order_id FOREIGN KEY (order_id) REFERENCES intake.orders (order_id),
            CONSTRAINT ck_payment_events_state CHECK (state IN ('WAITING', 'APPLIED', 'REFUSED')),
            CONSTRAINT ck_payment_events_amount CHECK (amount_minor >= 0)
        )
        """
    )
    op.execute("CREATE INDEX ix_payment_events_order_id_create_time ON intake.payment_events (order_id, create_time)")
    op.execute("CREATE INDEX ix_payment_events_state_create_time ON intake.payment_events (state, create_time)")
    op.execute("CREATE INDEX ix_payment_events_create_time_event_id ON intake.payment_events (create_time, event_id)")
