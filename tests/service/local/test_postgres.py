"""The launcher of PostgreSQL: for root and everybody else, through crashes, and never in silence."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local import ports
from deploy.local.postgres import Postgres
from deploy.local.processes import Identity, StartError

# What another user runs: start, say as whom, stop.
_PROGRAM = """
import os, sys
from pathlib import Path
from deploy.local import ports
from deploy.local.postgres import Postgres
server = Postgres(Path(sys.argv[1]), ports.free(1)[0], fast=True)
server.start()
print(os.geteuid(), Path(f"/proc/{server.pid}").stat().st_uid)
server.stop()
assert server.pid is None
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "data", ports.free(1)[0])
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user reaches; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


async def _run(server: Postgres, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(server.url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def test_data_outlives_a_restart(server: Postgres) -> None:
    await _run(server, "CREATE TABLE kept AS SELECT 1 AS n")
    server.stop()
    assert server.pid is None
    server.start()
    assert len(await _run(server, "SELECT n FROM kept")) == 1


async def test_committed_data_outlives_kill_9_with_connections_open(server: Postgres) -> None:
    await _run(server, "CREATE TABLE kept (n int)")
    busy = await asyncpg.connect(server.url)
    await busy.execute("INSERT INTO kept VALUES (1)")
    await busy.execute("BEGIN; INSERT INTO kept VALUES (2)")
    assert server.process
    server.process.stop(9, seconds=5)  # type: ignore[arg-type]
    server.start()
    assert [row["n"] for row in await _run(server, "SELECT n FROM kept")] == [1]
    busy.terminate()


async def test_it_is_durable_unless_told_otherwise(server: Postgres) -> None:
    assert (await _run(server, "SHOW fsync"))[0]["fsync"] == "on"
    assert (await _run(server, "SHOW synchronous_commit"))[0]["synchronous_commit"] == "on"


def test_a_lock_file_that_names_a_stranger_does_not_stop_it(server: Postgres) -> None:
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    server.start()
    assert server.pid


def test_two_servers_over_the_same_data_are_refused(server: Postgres) -> None:
    with pytest.raises(RuntimeError, match=f"already runs on {server.data}"):
        Postgres(server.data, ports.free(1)[0]).start()
    assert server.pid


def test_a_taken_port_is_named_with_who_holds_it(server: Postgres, tmp_path: Path) -> None:
    with pytest.raises(ports.PortTakenError, match=rf"{server.port}.*postgres \(pid {server.pid}\)"):
        Postgres(tmp_path / "other", server.port).start()
    assert not (tmp_path / "other").exists()


def test_a_failing_start_shows_the_end_of_the_log(server: Postgres) -> None:
    server.stop()
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'nonsense'\n")
    (server.data / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(StartError, match="no_such_setting"):
        server.start()


def test_stopping_leaves_no_process(server: Postgres) -> None:
    def ours() -> list[int]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").readlink() == server.data:
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    assert len(ours()) > 1
    server.stop()
    assert [pid for pid in ours() if Identity.of(pid)] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_normal_user_runs_it_directly(open_folder: Path) -> None:
    become = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]
    if subprocess.run([*become, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        # The interpreter is in a folder closed to others: be a normal user with root's reach into files.
        become = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    assert _other(become, open_folder / "data").split()[0] == "1000"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_root_without_user_namespaces_runs_it_as_nobody(open_folder: Path) -> None:
    # Where `unshare` is not to be found, it might as well be forbidden.
    assert _other([], open_folder / "data", PATH="/nowhere").split() == ["0", "65534"]


def _other(become: list[str], data: Path, **environment: str) -> str:
    done = subprocess.run(
        [*become, sys.executable, "-c", _PROGRAM, str(data)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
