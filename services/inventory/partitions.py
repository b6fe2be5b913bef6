"""The ledger's partitions of the months to come, made before anything is written into them.

Safe with any number of replicas: the database's own function takes turns. Nothing depends on it: a month that has no
partition yet is caught by the default one.
"""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.service import Parts

# It is two months ahead: whatever fails has many turns.
PARTITION_SECONDS = 3600.0
_MONTHS = 3
# A new partition needs a moment without readers of the default one; everybody who comes later waits behind it.
_LOCK_TIMEOUT = text("SELECT set_config('lock_timeout', '2s', true)")
_CREATE = text("SELECT inventory.create_ledger_partition(:month)")


class Partitions:
    """One round of making them."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._clock = parts.clock

    async def make(self) -> int:
        """Make what is missing, a month a transaction, and return how many there were."""
        made = 0
        for month in _months(self._clock.now()):
            async with self._database.begin() as conn:
                made += await _create(conn, month)
        return made


async def ensure(conn: AsyncConnection, now: datetime) -> int:
    """Make the partitions of this month and the next two, where they are missing; return how many were."""
    return sum([await _create(conn, month) for month in _months(now)])


async def _create(conn: AsyncConnection, month: date) -> bool:
    await conn.execute(_LOCK_TIMEOUT)
    return bool((await conn.execute(_CREATE, {"month": month})).scalar())


def _months(now: datetime) -> list[date]:
    """Return the first days of this month and of those that follow."""
    months = range(now.year * 12 + now.month - 1, now.year * 12 + now.month - 1 + _MONTHS)
    return [date(month // 12, month % 12 + 1, 1) for month in months]
