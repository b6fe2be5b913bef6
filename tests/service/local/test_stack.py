"""The stack: what is killed is healed, what is stopped is gone, and two never work on the same folder."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local import layout, ports, processes
from deploy.local.processes import Identity
from deploy.local.record import AlreadyRunningError, RecordFile
from deploy.local.stack import Stack

SERVERS = ("postgres", "temporal")

_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from deploy.local.stack import Stack
async def main():
    async with Stack(Path(sys.argv[1]), "auto", only=("postgres", "temporal"), fast=True):
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Stack]:
    def make_stack(**options: object) -> Stack:
        return Stack(tmp_path / "home", **{"ports": "auto", "only": SERVERS, "fast": True, **options})  # type: ignore[arg-type]

    return make_stack


@pytest.fixture
def orphans(tmp_path: Path) -> Iterator[list[Identity]]:
    """What a supervisor that was killed when everything was up leaves behind."""
    home, log = tmp_path / "home", tmp_path / "supervisor.log"
    file = RecordFile(home)
    supervisor = processes.launch([sys.executable, "-c", _SUPERVISOR, str(home)], log=log)
    record = processes.until(lambda: (found := file.read()) and found.ready and found, 60)
    supervisor.stop(signal.SIGKILL)
    left = [part.process for part in record.parts.values()] if record else []
    assert len(left) == len(SERVERS), processes.tail(log)
    yield left
    for process in left:
        process.stop(signal.SIGINT)


@pytest.mark.parametrize("part", SERVERS)
async def test_a_killed_part_is_started_again(make: Callable[..., Stack], part: str) -> None:
    async with make() as stack:
        killed = stack.kill(part)
        assert await stack.until_up(part) != killed


async def test_an_unwatched_part_stays_dead_until_it_is_restarted(make: Callable[..., Stack]) -> None:
    async with make(supervise=False) as stack:
        stack.kill("postgres")
        assert stack.pid("postgres") is None
        await stack.restart("postgres")
        connection = await asyncpg.connect(stack.database_url)
        await connection.close()


async def test_stopping_leaves_no_process_and_no_record(make: Callable[..., Stack]) -> None:
    async with make() as stack:
        record = RecordFile(stack.home).read()
        assert record
        running = [part.process for part in record.parts.values()]
        assert all(process.alive() for process in running)
    assert not any(process.alive() for process in running)
    assert RecordFile(stack.home).read() is None


async def test_a_second_stack_over_the_same_folder_is_told_who_runs_it(make: Callable[..., Stack]) -> None:
    async with make() as first:
        with pytest.raises(AlreadyRunningError, match=rf"already runs.*pid {os.getpid()}"):
            await make().start()
        assert first.pid("postgres")


async def test_a_taken_port_stops_the_start_and_leaves_nothing_running(make: Callable[..., Stack]) -> None:
    with socket.create_server((ports.HOST, 0)) as squatter:
        chosen = dict(zip(("postgres", "temporal-ui"), ports.free(2), strict=True))
        stack = make(ports={**chosen, "temporal": squatter.getsockname()[1]})
        with pytest.raises(ports.PortTakenError, match=rf"temporal.*{os.getpid()}"):
            await stack.start()
    assert stack.pid("postgres") is None
    assert not RecordFile(stack.home).held()


async def test_orphans_of_a_killed_supervisor_are_stopped_before_the_next_start(
    make: Callable[..., Stack], orphans: list[Identity]
) -> None:
    async with make() as stack:
        assert not any(process.alive() for process in orphans)
        assert stack.pid("postgres") not in {process.pid for process in orphans}


def test_orphans_of_a_killed_supervisor_are_stopped_by_down(tmp_path: Path, orphans: list[Identity]) -> None:
    said = _oms("down", tmp_path / "home")
    assert said.returncode == 0
    assert "postgres" in said.stdout
    assert not any(process.alive() for process in orphans)


def test_a_record_of_before_a_power_cut_names_nobody(tmp_path: Path, orphans: list[Identity]) -> None:
    file = tmp_path / "home" / "stack.json"
    for process in orphans:  # as if the kernel had counted anew: the same numbers, another boot
        file.write_text(file.read_text().replace(process.began, process.began.partition("@")[0] + "@another-boot"))
    assert _oms("down", tmp_path / "home").stdout.strip() == "nothing runs"
    assert all(process.alive() for process in orphans)


def test_status_of_a_folder_where_nothing_ever_ran_is_3(tmp_path: Path) -> None:
    assert _oms("status", tmp_path / "home").returncode == 3


def test_a_detached_stack_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    home = tmp_path / "home"
    only_servers = [word for name in layout.PORTS if name not in SERVERS for word in ("--without", name)]
    try:
        assert _oms("up", home, "--detach", "--ports", "auto", *only_servers).returncode == 0
        assert _oms("status", home).returncode == 0
        again = _oms("up", home)
        assert (again.returncode, "already runs" in again.stdout) == (1, True)
        record = RecordFile(home).read()
    finally:
        stopped = _oms("down", home)
    assert stopped.returncode == 0
    assert record
    assert not any(process.alive() for process in (record.supervisor, *(p.process for p in record.parts.values())))
    assert _oms("status", home).returncode == 3


def test_a_part_that_does_not_exist_cannot_be_left_out(tmp_path: Path) -> None:
    assert _oms("up", tmp_path / "home", "--without", "warehouse").returncode == 2


def _oms(command: str, home: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.commands", command, "--home", str(home), *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
