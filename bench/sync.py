"""A snapshot of very many positions, as `oms stock import` sends it, while others go on reserving.

It is sent four times: a small part of it, so that there is something to reserve of; then all of it as initial figures;
then unchanged; then with every twentieth figure off by a few units, which is within the limit and taken over. Importer,
server and PostgreSQL are processes of their own; the callers who reserve meanwhile are in this one. What their
reservations cost is measured before each snapshot as well.

    make bench ARGS="sync"                                     1 million positions, 16 callers
    make bench ARGS="sync --positions 100000 --callers 4 --seconds 5"
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench._house import forget_peak, peak_megabytes, postgres, replica
from bench._load import Seen, load
from deploy.local import ports
from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.chassis import migration

NODES = 50
_PLENTY = 1000
# Of every so many figures one is off, by at most so many units: fewer than the limit of whoever has none of his own.
_DRIFTED = 20
_UNITS = 5
_RUN = f"{random.randrange(16**6):06x}"
_numbers = itertools.count()

Call = Callable[[int], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a snapshot cost, and what reservations cost before and meanwhile."""

    name: str
    counted: int
    drifted: int
    exceptions: int
    seconds: float
    server_megabytes: float
    importer_megabytes: float
    before: Seen
    meanwhile: Seen


class Bench:
    """A server, and snapshots that are sent to it one after the other."""

    def __init__(self, chosen: argparse.Namespace, folder: Path, pid: int, address: str) -> None:
        self._chosen = chosen
        self._folder = folder
        self._pid = pid
        self._address = address
        self._sequence = itertools.count(1)

    async def run(self, progress: Progress) -> tuple[list[Taken], int, int]:
        """Return what each snapshot cost, and how many positions an audit then saw and how much of it was wrong."""
        skus = self._chosen.positions // NODES
        few = max(1, skus // 100)
        task = progress.add_task("measuring", total=5)
        async with grpc.aio.insecure_channel(self._address) as channel:
            self._stub = InventoryServiceStub(channel)
            progress.update(task, description="a part, to begin with")
            await self._import(self._figures(few, _same), complete=False)
            found = []
            for name, reserving, count in (
                ("initial", few, _same),
                ("unchanged", skus, _same),
                ("5 % drifted", skus, _off),
            ):
                progress.update(task, description=name, advance=1)
                found.append(await self._take(name, self._figures(skus, count), self._reserve(reserving)))
            progress.update(task, description="audit", advance=1)
            return found, *await self._audit()

    async def _take(self, name: str, file: Path, call: Call) -> Taken:
        before = await load(call, self._chosen.callers, self._chosen.seconds)
        forget_peak(self._pid)
        started = time.perf_counter()
        importing = asyncio.create_task(self._import(file, complete=True))
        meanwhile = await _load_until(importing, call, self._chosen.callers)
        seconds = time.perf_counter() - started
        report, megabytes = importing.result()
        return Taken(
            name=name,
            counted=report["counted"],
            drifted=report["drifted"],
            exceptions=report["exceptions"],
            seconds=seconds,
            server_megabytes=peak_megabytes(self._pid),
            importer_megabytes=megabytes,
            before=before,
            meanwhile=meanwhile,
        )

    async def _import(self, file: Path, *, complete: bool) -> tuple[dict[str, int], float]:
        """Send a file with the command line, and return its report and the most memory that it had."""
        command = [sys.executable, "-m", "services.cli", "stock", "import", str(file), "--source", "wms", "--json"]
        command += ["--sequence", str(next(self._sequence)), *(["--complete"] if complete else [])]
        return await asyncio.to_thread(_run, command, file.with_suffix(".json"), self._address)

    def _figures(self, skus: int, count: Callable[[int], int]) -> Path:
        """Write a file with the figures of so many SKUs at each node."""
        file = self._folder / "counts.csv"
        with file.open("w") as rows:
            rows.write("node_id,sku,on_hand\n")
            for number in range(NODES * skus):
                rows.write(f"{_node(number // skus)},{_sku(number % skus)},{count(number)}\n")
        return file

    def _reserve(self, skus: int) -> Call:
        async def call(_number: int) -> bool:
            number = next(_numbers)
            node_id, sku = _node(random.randrange(NODES)), _sku(random.randrange(skus))
            line = rpc.ReservationLine(line_id="1", sku=sku, node_id=node_id, quantity=1)
            request = rpc.ReserveStockRequest(request_id=f"{_RUN}-{number}", owner_id=f"ord_{number}", lines=[line])
            try:
                await self._stub.ReserveStock(request)
            except grpc.aio.AioRpcError:
                return False
            return True

        return call

    async def _audit(self) -> tuple[int, int]:
        request, positions, wrong = rpc.AuditStockRequest(page_size=2000), 0, 0
        while True:
            answer = await self._stub.AuditStock(request)
            positions += answer.position_count
            wrong += len(answer.discrepancies)
            if not answer.next_page_token:
                return positions, wrong
            request.page_token = answer.next_page_token


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--positions", type=int, default=1_000_000)
    said.add_argument("--callers", type=int, default=16)
    said.add_argument("--seconds", type=float, default=10.0, help="how long to reserve before each snapshot")
    chosen = said.parse_args()
    if chosen.positions < NODES:
        said.error(f"positions: at least {NODES}")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    port = ports.free(1)[0]
    with tempfile.TemporaryDirectory(prefix="oms-bench-") as folder, postgres() as server:
        migration.upgrade(server.url, "inventory")
        with replica(server, port) as pid, Progress(*columns, transient=True) as progress:
            bench = Bench(chosen, Path(folder), pid, f"127.0.0.1:{port}")
            found, positions, wrong = asyncio.run(bench.run(progress))
    _show(found, chosen.callers)
    print(f"audit of {positions:,} positions: {wrong or 'no'} discrepancies")
    raise SystemExit(bool(wrong))


def _run(command: list[str], answer: Path, address: str) -> tuple[dict[str, int], float]:
    """Run the command line, and return what it said and the most memory that it had, in MB."""
    with answer.open("w") as written:
        running = subprocess.Popen(command, stdout=written, env={**os.environ, "OMS_INVENTORY_ADDRESS": address})
        _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"the import ended with {running.returncode}:\n{answer.read_text()[:2000]}")
    return json.loads(answer.read_text()), used.ru_maxrss / 1024


async def _load_until(work: "asyncio.Task[object]", call: Call, callers: int) -> Seen:
    """Let so many callers call until something is done."""
    took: list[float] = []
    refused = 0
    began = time.perf_counter()

    async def caller(number: int) -> None:
        nonlocal refused
        while not work.done():
            started = time.perf_counter()
            refused += not await call(number)
            took.append(time.perf_counter() - started)

    await asyncio.gather(work, *map(caller, range(callers)))
    seconds = time.perf_counter() - began
    took.sort()
    p50, p99 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
    return Seen(callers, len(took) / seconds, p50, p99, refused)


def _same(_number: int) -> int:
    return _PLENTY


def _off(number: int) -> int:
    """Return the figures, of which every twentieth is a few units less or more than it was."""
    if number % _DRIFTED:
        return _PLENTY
    return _PLENTY + (number // _DRIFTED % _UNITS + 1) * (-1 if number // _DRIFTED % 2 else 1)


def _node(number: int) -> str:
    return f"dc-{number:02d}"


def _sku(number: int) -> str:
    return f"SKU-{number:08d}"


def _show(found: list[Taken], callers: int) -> None:
    console = Console()
    snapshots = Table("snapshot", "rows", "seconds", "rows/s", "drifted", "waiting", "server MB", "importer MB")
    rights = Table(
        "reservations", "calls/s", "p50 ms", "p99 ms", "refused", title=f"{callers} callers", title_justify="left"
    )
    for table in (snapshots, rights):
        for column in table.columns[1:]:
            column.justify = "right"
    for one in found:
        snapshots.add_row(
            one.name,
            f"{one.counted:,}",
            f"{one.seconds:,.1f}",
            f"{one.counted / one.seconds:,.0f}",
            f"{one.drifted:,}",
            f"{one.exceptions:,}",
            f"{one.server_megabytes:,.0f}",
            f"{one.importer_megabytes:,.0f}",
        )
        for when, seen in (("before", one.before), ("meanwhile", one.meanwhile)):
            numbers = (f"{seen.per_second:,.0f}", f"{seen.p50_ms:.2f}", f"{seen.p99_ms:.2f}", str(seen.refused))
            rights.add_row(f"{one.name}, {when}", *numbers)
    console.print(snapshots, rights)


if __name__ == "__main__":
    main()
