"""What channels are told of their orders. New tables, and columns with defaults: the code before them goes on."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE intake.channels
            ADD COLUMN push_url text NOT NULL DEFAULT '',
            ADD COLUMN push_secret_name text NOT NULL DEFAULT '',
            ADD COLUMN push_rate_per_second double precision NOT NULL DEFAULT 2,
            ADD COLUMN push_format text NOT NULL DEFAULT ''
    """)
    op.execute("""
        CREATE TABLE intake.pushes (
            push_id text NOT NULL,
            order_id text NOT NULL,
            channel text NOT NULL,
            kind text NOT NULL,
            event_id text NOT NULL,
            event_key text NOT NULL,
            sequence bigint NOT NULL,
            payload jsonb NOT NULL,
            promise_time timestamptz,
            state text NOT NULL,
            attempts integer NOT NULL,
            last_error text NOT NULL,
            next_attempt_time timestamptz NOT NULL,
            done_time timestamptz,
            create_time timestamptz NOT NULL,
            CONSTRAINT pk_pushes PRIMARY KEY (push_id),
            CONSTRAINT fk_pushes_order_id FOREIGN KEY (order_id) REFERENCES intake.orders (order_id),
            CONSTRAINT uq_pushes_order_id_kind_event_key UNIQUE (order_id, kind, event_key),
            CONSTRAINT ck_pushes_kind CHECK (kind IN ('ACKNOWLEDGE', 'FULFILLMENT', 'CANCEL', 'REFUND')),
            CONSTRAINT ck_pushes_state CHECK (state IN ('WAITING', 'DONE', 'REFUSED')),
            CONSTRAINT ck_pushes_ended_once CHECK ((state = 'WAITING') = (done_time IS NULL))
        )
    """)
    op.execute("""
        CREATE INDEX ix_pushes_waiting ON intake.pushes (channel, promise_time, create_time, push_id)
            WHERE state = 'WAITING'
    """)
    op.execute(
        "CREATE INDEX ix_pushes_waiting_of_order ON intake.pushes (order_id, sequence, kind) WHERE state = 'WAITING'"
    )
    op.execute("CREATE INDEX ix_pushes_refused ON intake.pushes (channel) WHERE state = 'REFUSED'")
    op.execute("CREATE INDEX ix_pushes_create_time_push_id ON intake.pushes (create_time, push_id)")
    op.execute("CREATE INDEX ix_pushes_channel_create_time_push_id ON intake.pushes (channel, create_time, push_id)")
    op.execute("""
        CREATE TABLE intake.partners (
            channel text NOT NULL,
            paused boolean NOT NULL,
            pause_reason text NOT NULL,
            pause_time timestamptz,
            failure_count integer NOT NULL,
            down_reason text NOT NULL,
            down_time timestamptz,
            next_attempt_time timestamptz,
            CONSTRAINT pk_partners PRIMARY KEY (channel),
            CONSTRAINT ck_partners_down_since CHECK ((failure_count > 0) = (down_time IS NOT NULL)),
            CONSTRAINT ck_partners_paused_since CHECK (paused = (pause_time IS NOT NULL))
        )
    """)
