"""An index of the lines that still have open units: what was accepted and is not routed yet.

Writers of lines wait while it is built: the whole table is read once. Where that takes longer than a migration may,
build it before the upgrade with the same words and CONCURRENTLY; the migration then finds it there.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX IF NOT EXISTS ix_order_lines_unrouted ON intake.order_lines (sku) INCLUDE (open) WHERE open > 0"
    )
