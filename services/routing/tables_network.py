"""The tables of the network and of what was learned about it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.tables import metadata

calendars = Table(
    "calendars",
    metadata,
    Column("calendar_id", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("jsonb_typeof(document) = 'object'", name="document"),
)

carrier_services = Table(
    "carrier_services",
    metadata,
    Column("carrier_code", Text, primary_key=True),
    Column("service_code", Text, primary_key=True),
    # Without `disabled` and its reason, which are columns.
    Column("document", JSONB, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("disabled_reason", Text, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("jsonb_typeof(document) = 'object'", name="document"),
    CheckConstraint("disabled OR disabled_reason = ''", name="disabled_reason"),
)

products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("grams", BigInteger, nullable=False),
    Column("length_mm", Integer, nullable=False),
    Column("width_mm", Integer, nullable=False),
    Column("height_mm", Integer, nullable=False),
    Column("required_capabilities", ARRAY(Text), nullable=False),
    Column("origin_country_code", Text, nullable=False),
    Column("hs_code", Text, nullable=False),
    Column("update_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("grams >= 0 AND length_mm >= 0 AND width_mm >= 0 AND height_mm >= 0", name="size"),
)

# "network" and "rules": what a replica keeps in memory is true as long as its version is this one. Triggers count.
versions = Table(
    "versions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("name IN ('network', 'rules')", name="name"),
)

# The network as decisions saw it: once for every state of it that a decision was made from.
network_snapshots = Table(
    "network_snapshots",
    metadata,
    Column("digest", Text, primary_key=True),
    # A compressed oms.routing.v1.Network.
    Column("network", LargeBinary, nullable=False),
    Column("create_time", DateTime(timezone=True), nullable=False),
    CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
)

# How many orders a node was given, by the hour in which its work on them begins.
node_loads = Table(
    "node_loads",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("orders", BigInteger, nullable=False),
    CheckConstraint("orders >= 0", name="orders"),
)

# How many parcels a carrier service was given at a node, by the local day on which they leave.
service_loads = Table(
    "service_loads",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("carrier_code", Text, primary_key=True),
    Column("service_code", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("parcels", BigInteger, nullable=False),
    CheckConstraint("parcels >= 0", name="parcels"),
)

# What was asked of a node: how well a SKU sells there.
sku_loads = Table(
    "sku_loads",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("node_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("units", BigInteger, nullable=False),
    CheckConstraint("units >= 0", name="units"),
)

# How many delivery days parcels took: a histogram for each node, service and area.
transit_counts = Table(
    "transit_counts",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("carrier_code", Text, primary_key=True),
    Column("service_code", Text, primary_key=True),
    Column("area", Text, primary_key=True),
    Column("days", Integer, primary_key=True),
    Column("parcels", BigInteger, nullable=False),
    CheckConstraint("days BETWEEN 0 AND 366 AND parcels > 0", name="counts"),
)

# How late nodes hand over: minutes beyond what they say they need, in steps of a quarter of an hour.
processing_counts = Table(
    "processing_counts",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("late_minutes", Integer, primary_key=True),
    Column("orders", BigInteger, nullable=False),
    CheckConstraint("orders > 0", name="orders"),
)
