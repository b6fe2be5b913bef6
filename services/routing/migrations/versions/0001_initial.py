"""Nodes and decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.chassis.migration import create_idempotency, create_outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "routing"


def upgrade() -> None:
    create_idempotency(SCHEMA)
    create_outbox(SCHEMA)
    op.create_table(
        "nodes",
        sa.Column("node_id", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("country_code", sa.Text, nullable=False),
        sa.Column("administrative_area", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("postal_code", sa.Text, nullable=False),
        sa.Column("latitude", sa.Double, nullable=False),
        sa.Column("longitude", sa.Double, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("processing_minutes", sa.Integer, nullable=False),
        sa.Column("order_cost_minor", sa.BigInteger, nullable=False),
        sa.Column("line_cost_minor", sa.BigInteger, nullable=False),
        sa.Column("cost_currency_code", sa.Text, nullable=False),
        sa.Column("serves_country_codes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("capabilities", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("disabled_reason", sa.Text, nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("node_id", name="pk_nodes"),
        sa.CheckConstraint("node_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f("ck_nodes_node_id")),
        sa.CheckConstraint(
            "type IN ('DC', 'STORE', 'THIRD_PARTY', 'DROP_SHIP', 'PICKUP_POINT')", name=op.f("ck_nodes_type")
        ),
        sa.CheckConstraint("country_code ~ '^[A-Z]{2}$'", name=op.f("ck_nodes_country_code")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_nodes_point")
        ),
        sa.CheckConstraint("processing_minutes BETWEEN 0 AND 43200", name=op.f("ck_nodes_processing_minutes")),
        sa.CheckConstraint("order_cost_minor >= 0 AND line_cost_minor >= 0", name=op.f("ck_nodes_costs")),
        sa.CheckConstraint("cost_currency_code ~ '^[A-Z]{3}$'", name=op.f("ck_nodes_cost_currency_code")),
        sa.CheckConstraint("disabled OR disabled_reason = ''", name=op.f("ck_nodes_disabled_reason")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_nodes_revision")),
        schema=SCHEMA,
    )
    op.create_index("ix_nodes_enabled", "nodes", ["node_id"], schema=SCHEMA, postgresql_where=sa.text("NOT disabled"))
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("rule_version", sa.Text, nullable=False),
        sa.Column("inputs_digest", sa.Text, nullable=False),
        sa.Column("decision", postgresql.JSONB, nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
        sa.CheckConstraint("inputs_digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_decisions_inputs_digest")),
        schema=SCHEMA,
    )
    op.create_index("ix_decisions_create_time", "decisions", ["create_time", "decision_id"], schema=SCHEMA)
    op.create_index("ix_decisions_order_id", "decisions", ["order_id", "create_time", "decision_id"], schema=SCHEMA)
