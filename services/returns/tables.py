"""The tables of returns, each with the checks that no code can forget.

Personal data: `return_lines.reason` and `return_events.note` may hold a customer's or an inspector's own words.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from services.chassis.database import metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table

SCHEMA = "returns"
metadata = metadata_for(SCHEMA)

# What of an order may still come back and be paid back: one row per order, which is also the order's lock.
balances = Table(
    "balances",
    metadata,
    Column("order_id", Text, primary_key=True),
    # The most that intake ever said was captured.
    Column("captured_minor", BigInteger, nullable=False),
    Column("reimbursed_minor", BigInteger, nullable=False),
    Column("shipping_minor", BigInteger, nullable=False),
    CheckConstraint("shipping_minor >= 0 AND shipping_minor <= reimbursed_minor", name="shipping"),
    CheckConstraint("reimbursed_minor <= captured_minor", name="never_more_than_captured"),
)

balance_lines = Table(
    "balance_lines",
    metadata,
    Column("order_id", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    # The most that intake ever said was delivered, whether it came back or not.
    Column("delivered", BigInteger, nullable=False),
    Column("claimed", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("settled_for_return", BigInteger, nullable=False),
    Column("settled_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("order_id", "line_id"),
    ForeignKeyConstraint(["order_id"], [balances.c.order_id]),
    CheckConstraint("claimed >= 0 AND claimed <= delivered", name="never_more_than_delivered"),
    CheckConstraint("delivered <= quantity", name="delivered"),
    CheckConstraint("settled_for_return >= 0 AND settled_for_return <= settled", name="settled_for_return"),
    CheckConstraint("settled <= quantity AND settled_minor >= 0", name="settled"),
)

returns = Table(
    "returns",
    metadata,
    Column("return_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(balances.c.order_id), nullable=False),
    Column("authorization", Text, nullable=False),
    Column("decision_reason", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("shipment_id", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("label_uri", Text, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("\"authorization\" IN ('PENDING', 'AUTHORIZED', 'DECLINED', 'CANCELLED')", name="authorization"),
    Index(None, "order_id", "return_id"),
    Index(None, "authorization", "return_id"),
)

DISPOSITIONS = ("restock", "refurbish", "scrap", "return_to_vendor", "inspect_again")

return_lines = Table(
    "return_lines",
    metadata,
    Column("return_id", Text, ForeignKey(returns.c.return_id), nullable=False),
    Column("line_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received", BigInteger, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in DISPOSITIONS),
    PrimaryKeyConstraint("return_id", "line_id"),
    CheckConstraint("quantity >= 1", name="quantity"),
    CheckConstraint("received BETWEEN 0 AND quantity", name="never_more_than_asked_for"),
    CheckConstraint(" AND ".join(f"{name} >= 0" for name in DISPOSITIONS), name="dispositions"),
    CheckConstraint(f"{' + '.join(DISPOSITIONS)} <= received", name="never_more_than_received"),
)

# What came and what was seen, by whom: append-only. The counts above are its sums.
return_events = Table(
    "return_events",
    metadata,
    Column("event_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("return_id", Text, ForeignKey(returns.c.return_id), nullable=False),
    Column("line_id", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    # Empty for units that came; what they become for units that were looked at.
    Column("disposition", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("event_id", "position"),
    CheckConstraint("quantity >= 1", name="quantity"),
    CheckConstraint(
        "disposition IN ('', 'RESTOCK', 'REFURBISH', 'SCRAP', 'RETURN_TO_VENDOR', 'INSPECT_AGAIN')", name="disposition"
    ),
    Index(None, "return_id", "create_time"),
)

reimbursements = Table(
    "reimbursements",
    metadata,
    Column("reimbursement_id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey(balances.c.order_id), nullable=False),
    Column("return_id", Text, ForeignKey(returns.c.return_id)),
    Column("cause", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("shipping_minor", BigInteger, nullable=False),
    # What the payment service was told, kept so that a retry says the same.
    Column("captured_minor", BigInteger, nullable=False),
    Column("payment_reference", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    Column("resolve_time", DateTime(timezone=True)),
    CheckConstraint("cause IN ('RETURN', 'CANCELLATION', 'LOSS')", name="cause"),
    CheckConstraint("state IN ('PENDING', 'REIMBURSED', 'NOTHING_DUE', 'REFUSED')", name="state"),
    CheckConstraint("shipping_minor >= 0 AND shipping_minor <= amount_minor", name="amounts"),
    CheckConstraint("(state = 'NOTHING_DUE') = (amount_minor = 0)", name="nothing_due"),
    CheckConstraint("(state = 'PENDING') = (resolve_time IS NULL)", name="resolved_once"),
    Index(None, "order_id", "reimbursement_id"),
    Index(None, "state", "reimbursement_id"),
    Index(None, "return_id"),
)

reimbursement_lines = Table(
    "reimbursement_lines",
    metadata,
    Column("reimbursement_id", Text, ForeignKey(reimbursements.c.reimbursement_id), nullable=False),
    Column("line_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("share_minor", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("reimbursement_id", "line_id"),
    CheckConstraint("quantity >= 1 AND settled BETWEEN 0 AND quantity", name="quantities"),
    CheckConstraint("amount_minor >= 0 AND amount_minor <= share_minor", name="amounts"),
)

idempotency_keys = idempotency_table(metadata)
outbox_events = outbox_table(metadata)
