"""A house to measure in: a PostgreSQL that keeps its promises (fsync on), and services as processes of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.local import ports
from deploy.local.postgres import Postgres
from services.chassis import migration


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="oms-bench-") as folder:
        server = Postgres(Path(folder) / "postgres", ports.free(1)[0])
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def process(module: str, *arguments: str, port: int, **environment: str) -> Iterator[int]:
    """Run a Python module that listens on a port, until it does; yield its process id."""
    log = Path(tempfile.gettempdir()) / f"oms-bench-{port}.log"
    with log.open("w") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(port, running, log)
        yield running.pid
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=30)
        log.unlink()


@contextlib.contextmanager
def inventory(server: Postgres, *, replicas: int = 1) -> Iterator[list[str]]:
    """Migrate and run inventory; yield the addresses of its replicas."""
    migration.upgrade(server.url, "inventory")
    with contextlib.ExitStack() as stack:
        addresses = []
        for port in ports.free(replicas):
            stack.enter_context(replica(server, port))
            addresses.append(f"127.0.0.1:{port}")
        yield addresses


@contextlib.contextmanager
def replica(server: Postgres, port: int) -> Iterator[int]:
    """Run one inventory on a database that is migrated; yield its process id."""
    environment = {"OMS_LISTEN": f"127.0.0.1:{port}", "OMS_DATABASE_URL": server.url}
    with process("services.inventory", port=port, OMS_TEMPORAL_ADDRESS="127.0.0.1:9", **environment) as pid:
        yield pid


@contextlib.contextmanager
def service(name: str, server: Postgres, **environment: str) -> Iterator[str]:
    """Migrate and run one service without a Temporal server; yield its address."""
    migration.upgrade(server.url, name)
    port = ports.free(1)[0]
    known = {"OMS_LISTEN": f"127.0.0.1:{port}", "OMS_DATABASE_URL": server.url, "OMS_TEMPORAL_ADDRESS": "127.0.0.1:9"}
    with process(f"services.{name}", port=port, **{**known, **environment}):
        yield f"127.0.0.1:{port}"


def forget_peak(pid: int) -> None:
    """Let the peak of a process's memory begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process had at once, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _await(port: int, running: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        if running.poll() is not None:
            raise SystemExit(f"it ended at once:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)
    raise SystemExit("it never listened")
