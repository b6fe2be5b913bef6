"""Units that are taken back to be shipped by somebody else, and what waits at a node by its promise.

Everything is added; code of the version before runs on beside it.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE fulfillment.fulfillment_orders
            ADD COLUMN rerouting jsonb NOT NULL DEFAULT '{}',
            ADD CONSTRAINT ck_fulfillment_orders_rerouting_by_line CHECK (jsonb_typeof(rerouting) = 'object')
    """)
    op.execute("""
        CREATE INDEX ix_fulfillment_orders_waiting
        ON fulfillment.fulfillment_orders (node_id, promise_time, fulfillment_order_id)
        WHERE status IN ('SCHEDULED', 'OPEN', 'IN_PROGRESS', 'ON_HOLD')
    """)


def downgrade() -> None:
    op.execute("DROP INDEX fulfillment.ix_fulfillment_orders_waiting")
    op.execute("ALTER TABLE fulfillment.fulfillment_orders DROP COLUMN rerouting")
