"""The schema that the tables of inventory are in, with those that every service has."""

from services.chassis.database import metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table

metadata = metadata_for("inventory")
idempotency_keys = idempotency_table(metadata)
outbox_events = outbox_table(metadata)


def one_of(column: str, *values: str) -> str:
    """Return the SQL of a CHECK that a column has one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
