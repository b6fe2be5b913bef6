"""Screening rules, what channels call goods and places, and the prints by which orders that look alike are found.

Personal data: `channel_locations.address` may name a person; the numbers of `order_prints` are made of personal data
and say nothing by themselves, but erasing a person sets `customer_print` and `address_print` to NULL.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.intake.tables import Moment, metadata

channel_skus = Table(
    "channel_skus",
    metadata,
    Column("channel", Text, nullable=False),
    Column("channel_sku", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("units_each", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("update_time", Moment, nullable=False),
    Column("updated_by", Text, nullable=False),
    PrimaryKeyConstraint("channel", "channel_sku"),
    CheckConstraint("units_each >= 1", name="units_each"),
)

channel_locations = Table(
    "channel_locations",
    metadata,
    Column("channel", Text, nullable=False),
    Column("location_code", Text, nullable=False),
    Column("address", JSONB, nullable=False),
    Column("update_time", Moment, nullable=False),
    Column("updated_by", Text, nullable=False),
    PrimaryKeyConstraint("channel", "location_code"),
)

# One row: its number changes with everything that replicas keep in memory.
screening_state = Table(
    "screening_state",
    metadata,
    Column("only", Boolean, primary_key=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("only", name="only"),
)

screening_rules = Table(
    "screening_rules",
    metadata,
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    # ScreeningRuleSet as JSON.
    Column("document", JSONB, nullable=False),
    Column("create_actor", Text, nullable=False),
    Column("create_time", Moment, nullable=False),
    Column("activate_actor", Text, nullable=False, server_default=""),
    Column("activate_time", Moment),
    Column("retire_actor", Text, nullable=False, server_default=""),
    Column("retire_time", Moment),
    PrimaryKeyConstraint("name", "version"),
    CheckConstraint("state IN ('DRAFT', 'ACTIVE', 'RETIRED')", name="state"),
    Index("ix_screening_rules_active", "name", unique=True, postgresql_where=text("state = 'ACTIVE'")),
)

# Beside orders, whose rows change often: these never do.
order_prints = Table(
    "order_prints",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("order_time", Moment, nullable=False),
    Column("order_print", BigInteger),
    Column("customer_print", BigInteger),
    Column("address_print", BigInteger),
    Index("ix_order_prints_order", "order_print", "order_time"),
    Index("ix_order_prints_customer", "customer_print", "order_time"),
    Index("ix_order_prints_address", "address_print", "order_time"),
)
