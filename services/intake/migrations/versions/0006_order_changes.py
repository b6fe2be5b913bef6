"""Changes of orders, what a line is due of the total once a change has fixed it, and authorizations that are shared.

New columns have constant defaults: no table is rewritten. A line whose units all went into another order has none left.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE intake.order_lines ADD COLUMN due_minor bigint")
    op.execute("ALTER TABLE intake.payments ADD COLUMN shared_minor bigint NOT NULL DEFAULT 0")
    # The new check is weaker: it need not be looked at for the rows that are there.
    op.execute("ALTER TABLE intake.order_lines DROP CONSTRAINT ck_order_lines_quantity")
    op.execute("ALTER TABLE intake.order_lines ADD CONSTRAINT ck_order_lines_quantity CHECK (quantity >= 0) NOT VALID")
    op.execute("ALTER TABLE intake.order_lines VALIDATE CONSTRAINT ck_order_lines_quantity")
    op.execute(
        """
        CREATE TABLE intake.order_changes (
            change_id TEXT NOT NULL,
            order_id TEXT NOT NULL,
            version INTEGER NOT NULL,
            state TEXT NOT NULL,
            request_id TEXT NOT NULL,
            request_digest TEXT NOT NULL,
            edits JSONB NOT NULL,
            reason TEXT NOT NULL,
            actor TEXT NOT NULL,
            etag TEXT NOT NULL,
            currency_code TEXT NOT NULL,
            by_rooms BOOLEAN NOT NULL,
            taken_in JSONB,
            answer JSONB,
            refund_minor BIGINT NOT NULL DEFAULT 0,
            request_time TIMESTAMP WITH TIME ZONE NOT NULL,
            decide_time TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_order_changes PRIMARY KEY (change_id),
            CONSTRAINT uq_order_changes_order_id_version UNIQUE (order_id, version),
            CONSTRAINT uq_order_changes_order_id_request_id UNIQUE (order_id, request_id),
            CONSTRAINT ck_order_changes_state CHECK (state IN ('REQUESTED', 'CONFIRMED', 'DECLINED')),
            CONSTRAINT ck_order_changes_decided_once CHECK ((state = 'REQUESTED') = (decide_time IS NULL)),
            CONSTRAINT ck_order_changes_answered_once CHECK ((answer IS NULL) = (decide_time IS NULL)),
            CONSTRAINT ck_order_changes_version CHECK (version >= 1),
            CONSTRAINT ck_order_changes_refund CHECK (refund_minor >= 0),
            CONSTRAINT fk_order_changes_order_id FOREIGN KEY (order_id) REFERENCES intake.orders (order_id)
        )
        """
    )
    op.execute("CREATE INDEX ix_order_changes_requested ON intake.order_changes (order_id) WHERE state = 'REQUESTED'")
