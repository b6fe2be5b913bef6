"""Files of the watched folder that are too large for one document: taken over in parts, one file at a time.

It goes on beside the folder's rounds, so that small files do not wait for large ones. What was taken over when the
service stops is kept; the file is still there, and the next round goes on with it. One replica takes a file.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import structlog

from services.chassis.database import Database
from services.intake import store_imports
from services.intake.bulk import Importer
from services.intake.bulk_files import each, identified, parts, told_format
from services.intake.counting import count
from services.intake.domain.channel import Channel
from services.intake.domain.imports import PART_FORMATS, ImportState, Part
from services.intake.doors.folder import METRIC, move
from services.intake.doors.turns import turn
from services.intake.ingesting import Reader
from services.kernel.clock import Clock
from services.kernel.errors import InvalidArgument, OmsError

_PROBLEMS = 1000
_ACTOR = "folder"
_log = structlog.get_logger(__name__)


class LargeFiles:
    """Takes over large files of the folder."""

    def __init__(self, *, database: Database, reader: Reader, clock: Clock, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that there are orders."""
        self._database = database
        self._reader = reader
        self._importer = Importer(database=database, reader=reader, clock=clock)
        self._wake = wake
        self._room = asyncio.Semaphore(1)
        self._tasks: dict[Path, asyncio.Task[None]] = {}

    async def take(self, channel: Channel, path: Path) -> bool:
        """Begin to take the file over, unless that goes on; False where nobody cuts files of its format."""
        try:
            form = self._reader.format_of(channel.channel, channel.format)
        except InvalidArgument:
            return False
        if form not in PART_FORMATS:
            return False
        if path not in self._tasks:
            task = asyncio.create_task(self._import(channel, path, form))
            self._tasks[path] = task
            task.add_done_callback(lambda _task: self._tasks.pop(path, None))
        return True

    async def settle(self) -> None:
        """Wait until everything that was begun is taken over."""
        await asyncio.gather(*self._tasks.values())

    async def _import(self, channel: Channel, path: Path, form: str) -> None:
        name = f"import/{channel.channel}/{path.name}"
        try:
            async with self._room, turn(self._database, name) as mine:
                if mine and await asyncio.to_thread(path.exists):
                    await self._take(channel, path, form)
        except InvalidArgument as error:
            problem = {"reason": error.reason, "position": error.metadata.get("position", ""), "message": error.message}
            await asyncio.to_thread(move, path, "quarantine", "", [problem])
            count(METRIC, channel.channel, error.reason)
        except (OmsError, OSError) as error:
            _log.warning("a large file will be tried again", path=str(path), error=str(error))

    async def _take(self, channel: Channel, path: Path, form: str) -> None:
        if form in ("csv", "xlsx"):
            form = "xlsx" if await asyncio.to_thread(told_format, path) == "xlsx" else "csv"
        file = await asyncio.to_thread(identified, path, channel.channel, form)
        async with self._database.begin() as conn:
            found = await self._importer.open(conn, file, actor=_ACTOR)
        if found.state == ImportState.OPEN:
            with path.open("rb") as stream:
                cut = parts(stream, form, after=found.position, number=found.next_part)
                last = await each(cut, lambda part: self._part(found.import_id, part)) or found.next_part - 1
            await self._importer.read_rest(found.import_id, actor=_ACTOR)
            async with self._database.begin() as conn:
                await self._importer.close(conn, found.import_id, last)
            self._wake()
        await self._put_away(channel, path, found.import_id)

    async def _part(self, import_id: str, part: Part) -> None:
        await self._importer.take(import_id, part, actor=_ACTOR)
        self._wake()

    async def _put_away(self, channel: Channel, path: Path, import_id: str) -> None:
        async with self._database.connect() as conn:
            problems = await store_imports.problems(conn, import_id, limit=_PROBLEMS)
        where = "quarantine" if problems else "done"
        await asyncio.to_thread(move, path, where, import_id, [asdict(one.problem) for one in problems])
        count(METRIC, channel.channel, "QUARANTINED" if problems else "ACCEPTED")
