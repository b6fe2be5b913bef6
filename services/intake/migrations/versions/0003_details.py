"""What channels say beside the order itself, how the customer is reached, and the headers of documents.

New columns have constant defaults: no table is rewritten.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE intake.orders ADD COLUMN email text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE intake.orders ADD COLUMN phone text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE intake.orders ADD COLUMN details jsonb")
    op.execute("ALTER TABLE intake.orders ADD COLUMN version bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE intake.order_lines ADD COLUMN details jsonb")
    op.execute("ALTER TABLE intake.documents ADD COLUMN headers jsonb NOT NULL DEFAULT '{}'")
