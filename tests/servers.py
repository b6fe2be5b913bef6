"""One PostgreSQL and one Temporal for a whole test run, shared by all its worker processes.

Whoever needs one first starts it, under a file lock; the controller stops what was started when the run ends. What a
run that was killed left behind is stopped by the next one.
"""

import fcntl
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from deploy.local import ports
from deploy.local.postgres import Postgres
from deploy.local.processes import Identity
from deploy.local.temporal import Temporal
from workflows.search_attributes import SERVER_TYPES

_FOLDER = "OMS_TEST_RUN"  # in the environment, so that every worker process of the run finds it
_PREFIX = "oms-tests-"


def open_run() -> None:
    """Begin a run: nothing is started yet."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    _write(folder / "controller.process", Identity.own())
    os.environ[_FOLDER] = str(folder)


def close_run() -> None:
    """Stop whatever was started, in any process of the run."""
    _stop(Path(os.environ.pop(_FOLDER)))


def postgres() -> Postgres:
    """Return the server of this run, started if it was not."""
    server = Postgres(folder() / "postgres", _port("postgres"), fast=True)
    server.process = _once(server)
    return server


def temporal() -> Temporal:
    """Return the server of this run, started if it was not; it keeps its histories in memory."""
    server = Temporal(None, _port("temporal"), search_attributes=SERVER_TYPES, log=folder() / "temporal.log")
    server.process = _once(server)
    return server


def folder() -> Path:
    """Return the folder that the run's processes share."""
    return Path(os.environ[_FOLDER])


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock among the processes of this run."""
    with (folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _port(name: str) -> int:
    with locked(f"{name}-port"):
        file = folder() / f"{name}.port"
        if not file.exists():
            file.write_text(str(ports.free(1)[0]))
        return int(file.read_text())


def _once(server: Postgres | Temporal) -> Identity:
    with locked(server.name):
        file = folder() / f"{server.name}.process"
        if not file.exists():
            server.start()
            _write(file, server.process)
        return Identity(**json.loads(file.read_text()))


def _write(file: Path, process: Identity | None) -> None:
    assert process
    file.write_text(json.dumps(asdict(process)))


def _sweep() -> None:
    for left in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        try:
            controller = Identity(**json.loads((left / "controller.process").read_text()))
        except (OSError, ValueError):
            continue  # another run is just beginning there
        if not controller.alive():
            _stop(left)


def _stop(run: Path) -> None:
    for file in run.glob("*.process"):
        process = Identity(**json.loads(file.read_text()))
        if process.pid != os.getpid():
            process.stop(signal.SIGINT, seconds=20)
    shutil.rmtree(run, ignore_errors=True)
