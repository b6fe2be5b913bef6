"""Reading what a door has kept: right after it was kept, or by the sweep where that did not happen."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from services.chassis.database import Database
from services.intake import store_deliveries
from services.intake.doors.turns import turn
from services.intake.ingesting import Ingested, Reader
from services.kernel.clock import Clock
from services.kernel.errors import OmsError

# Whoever keeps a document begins to read it at once; after this time nobody is at it any more.
GRACE = timedelta(seconds=30)
_AT_ONCE = 4
# More than these wait for the sweep, in the database instead of in memory.
_WAITING = 200
_BATCH = 50

_log = structlog.get_logger(__name__)


class LaterReader:
    """Reads documents that are kept."""

    def __init__(
        self,
        *,
        database: Database,
        reader: Reader,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """`wake` tells the relay that there are orders."""
        self._database = database
        self._reader = reader
        self._clock = clock
        self._wake = wake
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def read(self, document_id: str, form: str) -> Ingested | None:
        """Read the document; None where that must be done later, which the sweep does."""
        if self._waiting >= _WAITING:
            return None
        self._waiting += 1
        try:
            async with self._room:
                ingested = await self._reader.ingest(document_id, form, actor="door")
            self._wake()
        except Exception as error:
            level = "warning" if isinstance(error, OmsError) else "error"
            getattr(_log, level)("reading will be tried again", document_id=document_id, error=str(error))
            return None
        else:
            return ingested
        finally:
            self._waiting -= 1

    async def sweep(self) -> int:
        """Read the documents that nobody has read to the end, and return how many there were; safe with replicas."""
        total = 0
        while True:
            async with self._database.connect() as conn:
                found = await store_deliveries.unread(conn, before=self._clock.now() - GRACE, limit=_BATCH)
            done = await self._read_each(found)
            total += done
            if done == 0 or len(found) < _BATCH:  # the rest is in hand elsewhere, or failed and waits
                return total

    async def _read_each(self, found: Sequence[tuple[str, str]]) -> int:
        done = 0
        for document_id, form in found:
            async with turn(self._database, f"document/{document_id}") as mine:
                if not mine:
                    continue
                ingested = await self.read(document_id, form)
                done += ingested is not None
                if ingested is None:
                    async with self._database.begin() as conn:
                        await store_deliveries.touch_unread(conn, document_id, self._clock.now())
        return done
