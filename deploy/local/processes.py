"""Operating-system processes: started apart from ours, known by more than their number, stopped in order.

A number alone is not a name: it may be given to a stranger after a crash. A process is therefore always recorded as its
number and the moment it began, and is signalled only while both still agree. Nothing is ever stopped by its name.
"""

import contextlib
import functools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

POLL_SECONDS = 0.02
_LAST_LINES = 20
_LOG_BYTES = 20_000_000
_Answer = TypeVar("_Answer")


class StartError(RuntimeError):
    """A process ended, or stayed silent, while we waited for it to be ready."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}; the end of {log}:\n{tail(log)}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that no other can be mistaken for: its number, and when the kernel says it began."""

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """Return the identity of the process that has this number now, or None where it has ended."""
        began = _began(pid)
        return cls(pid, began) if began else None

    @classmethod
    def own(cls) -> "Identity":
        """Return the identity of the process that asks."""
        return cls(os.getpid(), _began(os.getpid()) or "")

    def alive(self) -> bool:
        """Tell whether this very process still runs; a zombie does not, and is laid to rest where it is our child."""
        alive = _began(self.pid) == self.began
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return alive

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process is still the one we mean."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for the end; return whether it came in time."""
        return until(lambda: not self.alive(), seconds)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 10.0) -> None:
        """Ask it to end, wait, and take it down where it does not."""
        self.send(number)
        if not self.wait(seconds):
            self.send(signal.SIGKILL)
            self.wait(seconds)


def launch(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    account: Mapping[str, object] | None = None,
) -> Identity:
    """Start a process in a session of its own, so that a Ctrl-C meant for us does not reach it, and write its log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        child = subprocess.Popen(  # type: ignore[call-overload]
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            **(account or {}),
        )
    identity = Identity.of(child.pid) or Identity(child.pid, "ended at once")
    child.returncode = 0  # from here on the identity waits for it; Popen must not warn, nor wait for a stranger
    return identity


def await_ready(name: str, process: Identity, ready: Callable[[], bool], *, log: Path, seconds: float) -> None:
    """Return when `ready` says so.

    Raises:
        StartError: with the last lines of the log, when the process ended or the time is over.
    """
    outcome = until(lambda: "ended" if not process.alive() else ready(), seconds)
    if outcome == "ended":
        raise StartError(name, "ended before it was ready", log)
    if not outcome:
        raise StartError(name, f"was not ready after {seconds:.0f} s", log)


def until(condition: Callable[[], _Answer], seconds: float) -> _Answer:
    """Ask again and again until the answer is true or the time is over; return the last answer."""
    limit = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < limit:
        time.sleep(POLL_SECONDS)
    return answer


def tail(log: Path, lines: int = _LAST_LINES) -> str:
    """Return the last lines of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def _began(pid: int) -> str | None:
    """Return when the process began, in the kernel's own words; None for one that has ended."""
    if not Path("/proc/self/stat").exists():
        answer = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        state, _, began = answer.stdout.strip().partition(" ")
        return None if not state or state.startswith("Z") else began.strip()
    try:
        # The name stands in brackets and may hold anything; state and start are counted from the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # Where the first thread has ended before the others, the process still holds its files, locks and ports.
    state, threads, began = fields[0], int(fields[17]), fields[19]
    return None if state in "ZX" and threads <= 1 else f"{began}@{_boot()}"


@functools.cache
def _boot() -> str:
    """After a power cut the kernel counts from nothing again, and might name a stranger by the same two numbers."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
