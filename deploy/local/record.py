"""What runs now, written down: `stack.json` in the state folder, and the lock that says whether it is true.

The lock is held by the supervisor and is let go by the kernel however the supervisor ends. A record without a held lock
is therefore an old one, and any process that is still named in it is an orphan of ours.
"""

import fcntl
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from deploy.local.processes import Identity


class AlreadyRunningError(RuntimeError):
    """Another supervisor works on this state folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecord:
    """One part: its process, where it listens and logs, and since when."""

    process: Identity
    address: str
    log: str
    started: str
    state: str  # STARTING, UP or RESTARTING
    stop_signal: int = signal.SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The whole system; parts stand in the order in which they were started."""

    supervisor: Identity
    started: str
    ready: bool
    addresses: Mapping[str, str]
    parts: Mapping[str, PartRecord]


class RecordFile:
    """The record of one state folder."""

    def __init__(self, home: Path) -> None:
        self._file = home / "stack.json"
        self._lock_file = home / "stack.lock"
        self._lock: TextIOWrapper | None = None

    def acquire(self) -> None:
        """Become the supervisor of this folder, or raise `AlreadyRunningError`."""
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock = self._lock_file.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunningError(self._who()) from None
        self._lock = lock

    def held(self) -> bool:
        """Tell whether a supervisor works on this folder now."""
        try:
            self.acquire()
        except AlreadyRunningError:
            return True
        self._let_go()
        return False

    def release(self) -> None:
        """Let go, and leave no record."""
        if self._lock:
            self._file.unlink(missing_ok=True)
            self._let_go()

    def _let_go(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def write(self, record: Record) -> None:
        """Replace the record whole, so that whoever reads it never reads half of it."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(record), indent=2) + "\n")
        fresh.replace(self._file)

    def read(self) -> Record | None:
        """Return the record, or None where there is none that can be read."""
        try:
            text = json.loads(self._file.read_text())
            parts = {
                name: PartRecord(**{**part, "process": Identity(**part["process"])})
                for name, part in text["parts"].items()
            }
            return replace(Record(**text), supervisor=Identity(**text["supervisor"]), parts=parts)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def stop_orphans(self) -> list[str]:
        """Stop what a supervisor that was killed left behind, last started first; return the names of the parts."""
        record = self.read()
        if record is None:
            return []
        orphans = [(name, part) for name, part in record.parts.items() if part.process.alive()]
        for _, part in reversed(orphans):
            part.process.stop(signal.Signals(part.stop_signal))
        self._file.unlink(missing_ok=True)
        return [name for name, _ in orphans]

    def _who(self) -> str:
        record = self.read()
        where = f"in {self._file.parent}"
        if record is None:
            return f"the system is already being started or stopped {where}"
        since = datetime.fromisoformat(record.started).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"the system already runs {where} since {since} (pid {record.supervisor.pid}); `oms status` shows it"


def here() -> Path:
    """Return the state folder: OMS_HOME, or `.oms` in the present folder."""
    return Path(os.environ.get("OMS_HOME") or ".oms").absolute()
