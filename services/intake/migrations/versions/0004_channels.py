# ruff: noqa: E501 - the frozen words of the schema
"""Channels as they are set up, deliveries and cursors of the doors, acknowledgements, drafts and customers' credit."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


STATEMENTS = (
    """
    CREATE TABLE intake.channels (
        channel TEXT NOT NULL,
        format TEXT NOT NULL,
        paused BOOLEAN NOT NULL,
        pause_reason TEXT NOT NULL,
        brand TEXT NOT NULL,
        program TEXT NOT NULL,
        locale TEXT NOT NULL,
        service_level TEXT,
        secret_name TEXT NOT NULL,
        pull_connector TEXT NOT NULL,
        pull_url TEXT NOT NULL,
        pull_interval_seconds BIGINT NOT NULL,
        pull_page_size INTEGER NOT NULL,
        pull_account TEXT NOT NULL,
        acknowledge_within_seconds BIGINT,
        signature_scheme TEXT NOT NULL,
        signature_header TEXT NOT NULL,
        timestamp_header TEXT NOT NULL,
        id_header TEXT NOT NULL,
        country_code TEXT NOT NULL,
        currency_code TEXT NOT NULL,
        version BIGINT NOT NULL,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        update_time TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_channels PRIMARY KEY (channel),
        CONSTRAINT ck_channels_version CHECK (version >= 1)
    )
    """,
    """
    CREATE TABLE intake.pull_cursors (
        channel TEXT NOT NULL,
        cursor TEXT NOT NULL,
        failure_count INTEGER NOT NULL,
        last_error TEXT NOT NULL,
        next_time TIMESTAMP WITH TIME ZONE NOT NULL,
        success_time TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_pull_cursors PRIMARY KEY (channel)
    )
    """,
    """
    CREATE TABLE intake.deliveries (
        channel TEXT NOT NULL,
        delivery_id TEXT NOT NULL,
        document_id TEXT NOT NULL,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_deliveries PRIMARY KEY (channel, delivery_id),
        CONSTRAINT fk_deliveries_document_id FOREIGN KEY(document_id) REFERENCES intake.documents (document_id)
    )
    """,
    """
    CREATE TABLE intake.acknowledgements (
        acknowledgement_id TEXT NOT NULL,
        document_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        late BOOLEAN NOT NULL,
        partner TEXT NOT NULL,
        control_number TEXT NOT NULL,
        own_control_number BIGINT NOT NULL,
        content BYTEA NOT NULL,
        due_time TIMESTAMP WITH TIME ZONE NOT NULL,
        send_time TIMESTAMP WITH TIME ZONE,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_acknowledgements PRIMARY KEY (acknowledgement_id),
        CONSTRAINT uq_acknowledgements_document_id UNIQUE (document_id),
        CONSTRAINT ck_acknowledgements_kind CHECK (kind IN ('997', 'CONTRL')),
        CONSTRAINT ck_acknowledgements_state CHECK (state IN ('OWED', 'MADE', 'SENT')),
        CONSTRAINT ck_acknowledgements_sent_once CHECK ((state = 'SENT') = (send_time IS NOT NULL)),
        CONSTRAINT ck_acknowledgements_numbered_when_made CHECK ((state = 'OWED') = (own_control_number = 0)),
        CONSTRAINT fk_acknowledgements_document_id FOREIGN KEY(document_id) REFERENCES intake.documents (document_id)
    )
    """,
    "CREATE INDEX ix_acknowledgements_due_time_acknowledgement_id ON intake.acknowledgements (due_time, acknowledgement_id)",
    "CREATE INDEX ix_acknowledgements_channel ON intake.acknowledgements (channel, due_time, acknowledgement_id)",
    "CREATE INDEX ix_acknowledgements_unsent ON intake.acknowledgements (due_time, acknowledgement_id) WHERE state <> 'SENT'",
    """
    CREATE TABLE intake.control_numbers (
        channel TEXT NOT NULL,
        last BIGINT NOT NULL,
        CONSTRAINT pk_control_numbers PRIMARY KEY (channel),
        CONSTRAINT ck_control_numbers_last CHECK (last BETWEEN 1 AND 999999999)
    )
    """,
    """
    CREATE TABLE intake.order_drafts (
        draft_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        customer_reference TEXT NOT NULL,
        state TEXT NOT NULL,
        content BYTEA NOT NULL,
        order_id TEXT NOT NULL,
        actor TEXT NOT NULL,
        version BIGINT NOT NULL,
        valid_until_time TIMESTAMP WITH TIME ZONE NOT NULL,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        update_time TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_order_drafts PRIMARY KEY (draft_id),
        CONSTRAINT ck_order_drafts_state CHECK (state IN ('OPEN', 'CONFIRMED', 'ABANDONED')),
        CONSTRAINT ck_order_drafts_confirmed_is_an_order CHECK ((state = 'CONFIRMED') = (order_id <> ''))
    )
    """,
    "CREATE INDEX ix_order_drafts_create_time_draft_id ON intake.order_drafts (create_time, draft_id)",
    "CREATE INDEX ix_order_drafts_open ON intake.order_drafts (valid_until_time) WHERE state = 'OPEN'",
    "CREATE INDEX ix_order_drafts_confirmed ON intake.order_drafts (order_id) WHERE order_id <> ''",
    """
    CREATE TABLE intake.customer_credits (
        customer_reference TEXT NOT NULL,
        currency_code TEXT NOT NULL,
        limit_minor BIGINT NOT NULL,
        update_time TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_customer_credits PRIMARY KEY (customer_reference, currency_code),
        CONSTRAINT ck_customer_credits_limit CHECK (limit_minor >= 0)
    )
    """,
    "CREATE INDEX ix_documents_unread ON intake.documents (update_time, document_id) WHERE read_time IS NULL",
    "CREATE INDEX ix_orders_open_of_customer ON intake.orders (customer_reference) WHERE NOT resting AND customer_reference <> ''",
)
