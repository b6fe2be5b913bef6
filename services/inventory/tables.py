"""The tables of inventory, with every rule that the database itself can keep.

Two rules need triggers, which live in the migrations: `reserved` never grows beyond what is free (the second lock
behind the conditional UPDATE; a CHECK cannot say it, because a count may rightly leave less than is reserved), and the
ledger is append-only.
"""

from services.inventory.tables_schema import idempotency_keys, metadata, outbox_events
from services.inventory.tables_sources import (
    drift_exceptions,
    drift_limits,
    snapshots,
    source_counts,
    source_deltas,
    source_messages,
    unrouted_demand,
)
from services.inventory.tables_stock import ledger_checkpoints, ledger_entries, positions, reservations
from services.inventory.tables_supply import (
    availability_changes,
    backorder_policies,
    backorders,
    bundles,
    channel_policies,
    feed_cursors,
    lots,
    supplies,
)

__all__ = [
    "availability_changes",
    "backorder_policies",
    "backorders",
    "bundles",
    "channel_policies",
    "drift_exceptions",
    "drift_limits",
    "feed_cursors",
    "idempotency_keys",
    "ledger_checkpoints",
    "ledger_entries",
    "lots",
    "metadata",
    "outbox_events",
    "positions",
    "reservations",
    "snapshots",
    "source_counts",
    "source_deltas",
    "source_messages",
    "supplies",
    "unrouted_demand",
]
