"""The watched folder: <folder>/<channel>/in/* is read, moved to done/ or quarantine/, and answered in out/.

A file is taken when it has stopped growing: it looks the same twice, or its sender renames it from *.part. It is moved
only after it is kept, so that a crash at any point reads it again, and the same bytes are the same document. What is
wrong with a file stands beside it in quarantine/<name>.problems.json. One replica takes a file.
"""

import asyncio
import json
import os
import re
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import structlog

from services.chassis.database import Database
from services.intake import store_channels
from services.intake.counting import count
from services.intake.domain.channel import Channel
from services.intake.domain.document import Document, DocumentState
from services.intake.doors.http import LIMIT_BYTES
from services.intake.doors.turns import turn
from services.intake.ingesting import Reader
from services.intake.keeping import keep
from services.kernel.errors import InvalidArgument, OmsError

_CHANNEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST_NAME = 255
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".swp")
METRIC = "oms_intake_files_total"
_log = structlog.get_logger(__name__)

# Takes a file that is too large to be one document; True where it has dealt with it.
Large = Callable[[Channel, Path], Awaitable[bool]]
Look = Mapping[Path, tuple[int, int]]


async def left_alone(_channel: Channel, _path: Path) -> bool:
    """Leave a large file where it is."""
    return False


@dataclass(slots=True, kw_only=True)
class Folder:
    """One watched folder."""

    root: Path
    database: Database
    reader: Reader
    wake: Callable[[], None]
    large: Large = left_alone
    # Files that are left where they are, and how large each is.
    too_large: dict[Path, int] = field(default_factory=dict)
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)

    async def look(self) -> int:
        """Take the files that look as they did at the last look, and return how many were taken."""
        now = await asyncio.to_thread(self._list)
        settled = sorted(path for path, shape in now.items() if self._seen.get(path) == shape)
        self._seen = dict(now)
        self.too_large = {path: size for path, size in self.too_large.items() if path in now}
        taken = 0
        for path in settled:
            try:
                taken += await self._take(path, now[path])
            except Exception as error:  # whatever it is, the other files are none the worse
                level = "warning" if isinstance(error, OmsError | OSError) else "error"
                getattr(_log, level)("a file will be tried again", path=_word(path.name), error=str(error))
        if taken:
            self.wake()
        return taken

    def channels(self) -> Sequence[str]:
        """Return the channels that have a folder here."""
        return [path.name for path in self.root.glob("*/") if _CHANNEL.fullmatch(path.name)]

    def send(self, channel: str, name: str, content: bytes) -> None:
        """Write a file for the partner."""
        out = self.root / channel / "out"
        out.mkdir(exist_ok=True)
        unfinished = out / f".{name}.part"
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(out / name)

    def _list(self) -> Look:
        found: dict[Path, tuple[int, int]] = {}
        for channel in self.channels():
            try:
                found |= _files(self.root / channel / "in")
            except OSError as error:  # one channel's folder keeps no other's from being read
                _log.warning("a folder cannot be read", channel=channel, error=str(error))
        return found

    async def _take(self, path: Path, shape: tuple[int, int]) -> bool:
        async with self.database.connect() as conn:
            channel = await store_channels.find_channel(conn, path.parent.parent.name)
        if channel.paused:
            return False
        async with turn(self.database, f"folder/{channel.channel}/{_word(path.name)}") as mine:
            if not mine or not await asyncio.to_thread(_looks, path, shape):
                return False
            if shape[0] > LIMIT_BYTES:
                return await self._leave_or_import(channel, path, shape[0])
            return await self._ingest(channel, path)

    async def _leave_or_import(self, channel: Channel, path: Path, size: int) -> bool:
        if await self.large(channel, path):
            return True
        if path not in self.too_large:
            self.too_large[path] = size
            count(METRIC, channel.channel, "TOO_LARGE")
            _log.warning(
                "a file is too large and stays where it is", path=_word(path.name), size=size, limit=LIMIT_BYTES
            )
        return False

    async def _ingest(self, channel: Channel, path: Path) -> bool:
        content = await asyncio.to_thread(path.read_bytes)
        try:
            form = self.reader.format_of(channel.channel, channel.format)
        except InvalidArgument as error:
            # Without a format it is nobody's document: it stays a file, with the reason beside it.
            problem = {"reason": error.reason, "position": "", "message": error.message}
            await asyncio.to_thread(move, path, "quarantine", "", [problem])
            count(METRIC, channel.channel, error.reason)
            return True
        received = self.reader.received(
            channel=channel.channel, form=form, name=_word(path.name), content=content, headers={}
        )
        async with self.database.begin() as conn:
            kept = await keep(conn, channel, received, content)
        ingested = await self.reader.ingest(kept.document.document_id, form, actor="folder")
        await asyncio.to_thread(_put_away, path, ingested.document)
        count(METRIC, channel.channel, ingested.document.state)
        return True


def _files(folder: Path) -> dict[Path, tuple[int, int]]:
    found: dict[Path, tuple[int, int]] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED) or path.is_symlink():
            continue
        try:
            state = path.stat()
        except FileNotFoundError:  # another replica has moved it
            continue
        if stat.S_ISREG(state.st_mode):
            found[path] = (state.st_size, state.st_mtime_ns)
    return found


def _word(name: str) -> str:
    """Return a file's name as it can be kept: names are bytes, and need not be text."""
    return name.encode(errors="replace").decode()[:300]


def _looks(path: Path, shape: tuple[int, int]) -> bool:
    """Tell whether the file still looks so: it may have been moved or have grown since."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return False
    return (state.st_size, state.st_mtime_ns) == shape


def _put_away(path: Path, document: Document) -> None:
    if document.state == DocumentState.ACCEPTED:
        move(path, "done", document.document_id, [])
    else:
        move(path, "quarantine", document.document_id, [asdict(problem) for problem in document.problems])


def move(path: Path, where: str, document_id: str, problems: list[dict[str, str]]) -> None:
    """Move the file; the reasons are written first, so that no file is ever in quarantine without them."""
    there = path.parent.parent / where
    there.mkdir(exist_ok=True)
    target = there / path.name
    mark = document_id or str(path.stat().st_mtime_ns)
    if target.exists():
        target = there / _fitting(f"{mark}-{path.name}")
    if problems:
        reasons = there / f"{target.name}.problems.json"
        if len(os.fsencode(reasons.name)) > _LONGEST_NAME:
            reasons = there / f"{mark}.problems.json"
        reasons.write_text(json.dumps({"document_id": document_id, "problems": problems}, indent=2) + "\n")
    path.replace(target)


def _fitting(name: str) -> str:
    """Return as much of the name as file systems take, in bytes."""
    return os.fsdecode(os.fsencode(name)[:_LONGEST_NAME])
