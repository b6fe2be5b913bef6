"""Every table of intake: what `tables.py` has, and the tables of each area."""

from services.intake import (  # noqa: F401 - their tables
    tables_care,
    tables_changes,
    tables_channels,
    tables_imports,
    tables_messages,
    tables_payments,
    tables_pushes,
    tables_screening,
    tables_subscriptions,
)
from services.intake.tables import SCHEMA, metadata

__all__ = ["SCHEMA", "metadata"]
