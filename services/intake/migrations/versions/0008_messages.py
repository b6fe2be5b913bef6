"""What customers are told, in which words, and who does not want it. New tables: nothing waits for them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE intake.messages (
            message_id text NOT NULL,
            order_id text NOT NULL,
            kind text NOT NULL,
            medium text NOT NULL,
            event_key text NOT NULL,
            event_id text NOT NULL,
            state text NOT NULL,
            address text NOT NULL,
            country_code text NOT NULL,
            brand text NOT NULL,
            language text NOT NULL,
            subject text NOT NULL,
            text text NOT NULL,
            html text NOT NULL,
            attempts integer NOT NULL,
            reason text NOT NULL,
            next_attempt_time timestamptz NOT NULL,
            send_time timestamptz,
            create_time timestamptz NOT NULL,
            CONSTRAINT pk_messages PRIMARY KEY (message_id),
            CONSTRAINT fk_messages_order_id FOREIGN KEY (order_id) REFERENCES intake.orders (order_id),
            CONSTRAINT uq_messages_order_id_kind_event_key_medium UNIQUE (order_id, kind, event_key, medium),
            CONSTRAINT ck_messages_state
                CHECK (state IN ('PENDING', 'SENDING', 'SENT', 'FAILED', 'SUPPRESSED', 'UNCERTAIN')),
            CONSTRAINT ck_messages_medium CHECK (medium IN ('EMAIL', 'SMS'))
        )
    """)
    op.execute(
        "CREATE INDEX ix_messages_due ON intake.messages (next_attempt_time) WHERE state IN ('PENDING', 'SENDING')"
    )
    op.execute("CREATE INDEX ix_messages_create_time_message_id ON intake.messages (create_time, message_id)")
    op.execute(
        "CREATE INDEX ix_messages_state_create_time_message_id ON intake.messages (state, create_time, message_id)"
    )
    op.execute("""
        CREATE TABLE intake.message_cursors (
            reader text NOT NULL,
            transaction_id bigint NOT NULL,
            order_id text NOT NULL,
            sequence bigint NOT NULL,
            CONSTRAINT pk_message_cursors PRIMARY KEY (reader)
        )
    """)
    op.execute("""
        CREATE TABLE intake.message_templates (
            kind text NOT NULL,
            brand text NOT NULL,
            language text NOT NULL,
            subject text NOT NULL,
            text text NOT NULL,
            html text NOT NULL,
            sms text NOT NULL,
            updated_by text NOT NULL,
            update_time timestamptz NOT NULL,
            CONSTRAINT pk_message_templates PRIMARY KEY (kind, brand, language)
        )
    """)
    op.execute("""
        CREATE TABLE intake.message_consents (
            address_digest text NOT NULL,
            kind text NOT NULL,
            opted_out boolean NOT NULL,
            update_time timestamptz NOT NULL,
            CONSTRAINT pk_message_consents PRIMARY KEY (address_digest, kind)
        )
    """)
