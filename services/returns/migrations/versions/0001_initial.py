"""Returns, what is paid back for them, and the balances that bound both."""

import sqlalchemy as sa
from alembic import op

from services.chassis.migration import create_idempotency, create_outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "returns"


def upgrade() -> None:
    create_idempotency(SCHEMA)
    create_outbox(SCHEMA)
    _balances()
    _returns()
    _events()
    _reimbursements()


def _balances() -> None:
    op.create_table(
        "balances",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("captured_minor", sa.BigInteger, nullable=False),
        sa.Column("reimbursed_minor", sa.BigInteger, nullable=False),
        sa.Column("shipping_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_balances"),
        sa.CheckConstraint("shipping_minor >= 0 AND shipping_minor <= reimbursed_minor", name="ck_balances_shipping"),
        sa.CheckConstraint("reimbursed_minor <= captured_minor", name="ck_balances_never_more_than_captured"),
        schema=SCHEMA,
    )
    op.create_table(
        "balance_lines",
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("delivered", sa.BigInteger, nullable=False),
        sa.Column("claimed", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=False),
        sa.Column("settled_for_return", sa.BigInteger, nullable=False),
        sa.Column("settled_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_id", name="pk_balance_lines"),
        sa.ForeignKeyConstraint(["order_id"], [f"{SCHEMA}.balances.order_id"], name="fk_balance_lines_order_id"),
        sa.CheckConstraint("claimed >= 0 AND claimed <= delivered", name="ck_balance_lines_never_more_than_delivered"),
        sa.CheckConstraint("delivered <= quantity", name="ck_balance_lines_delivered"),
        sa.CheckConstraint(
            "settled_for_return >= 0 AND settled_for_return <= settled", name="ck_balance_lines_settled_for_return"
        ),
        sa.CheckConstraint("settled <= quantity AND settled_minor >= 0", name="ck_balance_lines_settled"),
        schema=SCHEMA,
    )


def _returns() -> None:
    op.create_table(
        "returns",
        sa.Column("return_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("authorization", sa.Text, nullable=False),
        sa.Column("decision_reason", sa.Text, nullable=False),
        sa.Column("node_id", sa.Text, nullable=False),
        sa.Column("shipment_id", sa.Text, nullable=False),
        sa.Column("tracking_number", sa.Text, nullable=False),
        sa.Column("label_uri", sa.Text, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("return_id", name="pk_returns"),
        sa.ForeignKeyConstraint(["order_id"], [f"{SCHEMA}.balances.order_id"], name="fk_returns_order_id"),
        sa.CheckConstraint(
            "\"authorization\" IN ('PENDING', 'AUTHORIZED', 'DECLINED', 'CANCELLED')", name="ck_returns_authorization"
        ),
        schema=SCHEMA,
    )
    op.create_index("ix_returns_order_id_return_id", "returns", ["order_id", "return_id"], schema=SCHEMA)
    op.create_index("ix_returns_authorization_return_id", "returns", ["authorization", "return_id"], schema=SCHEMA)
    op.create_table(
        "return_lines",
        sa.Column("return_id", sa.Text, nullable=False),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("restock", sa.BigInteger, nullable=False),
        sa.Column("refurbish", sa.BigInteger, nullable=False),
        sa.Column("scrap", sa.BigInteger, nullable=False),
        sa.Column("return_to_vendor", sa.BigInteger, nullable=False),
        sa.Column("inspect_again", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("return_id", "line_id", name="pk_return_lines"),
        sa.ForeignKeyConstraint(["return_id"], [f"{SCHEMA}.returns.return_id"], name="fk_return_lines_return_id"),
        sa.CheckConstraint("quantity >= 1", name="ck_return_lines_quantity"),
        sa.CheckConstraint("received BETWEEN 0 AND quantity", name="ck_return_lines_never_more_than_asked_for"),
        sa.CheckConstraint(
            "restock >= 0 AND refurbish >= 0 AND scrap >= 0 AND return_to_vendor >= 0 AND inspect_again >= 0",
            name="ck_return_lines_dispositions",
        ),
        sa.CheckConstraint(
            "restock + refurbish + scrap + return_to_vendor + inspect_again <= received",
            name="ck_return_lines_never_more_than_received",
        ),
        schema=SCHEMA,
    )


def _events() -> None:
    op.create_table(
        "return_events",
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("return_id", sa.Text, nullable=False),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("disposition", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "position", name="pk_return_events"),
        sa.ForeignKeyConstraint(["return_id"], [f"{SCHEMA}.returns.return_id"], name="fk_return_events_return_id"),
        sa.CheckConstraint("quantity >= 1", name="ck_return_events_quantity"),
        sa.CheckConstraint(
            "disposition IN ('', 'RESTOCK', 'REFURBISH', 'SCRAP', 'RETURN_TO_VENDOR', 'INSPECT_AGAIN')",
            name="ck_return_events_disposition",
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_return_events_return_id_create_time", "return_events", ["return_id", "create_time"], schema=SCHEMA
    )


def _reimbursements() -> None:
    op.create_table(
        "reimbursements",
        sa.Column("reimbursement_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("return_id", sa.Text, nullable=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("currency_code", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("shipping_minor", sa.BigInteger, nullable=False),
        sa.Column("captured_minor", sa.BigInteger, nullable=False),
        sa.Column("payment_reference", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolve_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("reimbursement_id", name="pk_reimbursements"),
        sa.ForeignKeyConstraint(["order_id"], [f"{SCHEMA}.balances.order_id"], name="fk_reimbursements_order_id"),
        sa.ForeignKeyConstraint(["return_id"], [f"{SCHEMA}.returns.return_id"], name="fk_reimbursements_return_id"),
        sa.CheckConstraint("cause IN ('RETURN', 'CANCELLATION', 'LOSS')", name="ck_reimbursements_cause"),
        sa.CheckConstraint(
            "state IN ('PENDING', 'REIMBURSED', 'NOTHING_DUE', 'REFUSED')", name="ck_reimbursements_state"
        ),
        sa.CheckConstraint("shipping_minor >= 0 AND shipping_minor <= amount_minor", name="ck_reimbursements_amounts"),
        sa.CheckConstraint("(state = 'NOTHING_DUE') = (amount_minor = 0)", name="ck_reimbursements_nothing_due"),
        sa.CheckConstraint("(state = 'PENDING') = (resolve_time IS NULL)", name="ck_reimbursements_resolved_once"),
        schema=SCHEMA,
    )
    for columns in (["order_id", "reimbursement_id"], ["state", "reimbursement_id"], ["return_id"]):
        op.create_index(f"ix_reimbursements_{'_'.join(columns)}", "reimbursements", columns, schema=SCHEMA)
    op.create_table(
        "reimbursement_lines",
        sa.Column("reimbursement_id", sa.Text, nullable=False),
        sa.Column("line_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=False),
        sa.Column("share_minor", sa.BigInteger, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("reimbursement_id", "line_id", name="pk_reimbursement_lines"),
        sa.ForeignKeyConstraint(
            ["reimbursement_id"],
            [f"{SCHEMA}.reimbursements.reimbursement_id"],
            name="fk_reimbursement_lines_reimbursement_id",
        ),
        sa.CheckConstraint(
            "quantity >= 1 AND settled BETWEEN 0 AND quantity", name="ck_reimbursement_lines_quantities"
        ),
        sa.CheckConstraint("amount_minor >= 0 AND amount_minor <= share_minor", name="ck_reimbursement_lines_amounts"),
        schema=SCHEMA,
    )
