"""What a reservation, availability, an audit step and a look at the past cost, in small databases and in large ones.

Every size gets a PostgreSQL of its own, filled with what the service could have written in a year (see `_bulk`): a
position begins with its receipt, and the ledger is made as long as is said with what was reserved and released since.
The service is a process, as it is in production; the callers are in this one.

    make bench ARGS="scale"                                        10 thousand, 1 million and 10 million positions
    make bench ARGS="scale --positions 10000,100000 --ledger 1000000 --seconds 5"

10 million positions and as many ledger entries need 16 GB of disk and a quarter of an hour.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import asyncpg
import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench._bulk import NODES, Size, fill, require_room, sku
from bench._house import inventory, postgres
from bench._load import load
from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.chassis import migration
from services.chassis.paging import encode_token

Request = TypeVar("Request", rpc.AuditStockRequest, rpc.ListPositionsAsOfRequest)
_RUN = f"{random.randrange(16**6):06x}"
_numbers = itertools.count()
_CALLERS = 64
# Calls of each kind of reading, at places spread over the whole database.
_READS = 20
_SKUS = 50
_AUDITED = 50
_PAGE = 100
# What is this much dearer than in the smallest database is not flat.
_FLAT = 1.3

# What is measured, its unit, and whether it is a cost (more is worse).
ROWS = {
    "reserve, lone caller, p50": ("ms", True),
    "reserve, lone caller, p99": ("ms", True),
    f"reserve, {_CALLERS} callers": ("/s", False),
    f"reserve, {_CALLERS} callers, p50": ("ms", True),
    f"reserve, {_CALLERS} callers, p99": ("ms", True),
    "log written for a reservation": ("bytes", True),
    f"availability of {_SKUS} SKUs at {NODES} nodes, p50": ("ms", True),
    f"audit step of {_AUDITED}, first, p50": ("ms", True),
    f"audit step of {_AUDITED}, again, p50": ("ms", True),
    f"audit step of {_AUDITED}, full, p50": ("ms", True),
    f"{_PAGE} positions half a year ago, p50": ("ms", True),
}


@dataclass(slots=True, kw_only=True)
class Found:
    """What was measured at one size."""

    size: Size
    fill_seconds: float = 0
    gigabytes: float = 0
    costs: dict[str, float] = field(default_factory=dict)
    entries: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--positions", default="10000,1000000,10000000")
    said.add_argument("--ledger", type=int, default=10_000_000)
    said.add_argument("--seconds", type=float, default=10.0)
    chosen = said.parse_args()
    sizes = [Size(positions=int(number), ledger=chosen.ledger) for number in chosen.positions.split(",")]
    for size in sizes:
        if size.positions < _SKUS * NODES or size.positions % NODES:
            said.error(f"positions: at least {_SKUS * NODES:,}, in steps of {NODES}")
        require_room(size, Path(tempfile.gettempdir()))
    found = [_at(size, chosen.seconds) for size in sorted(sizes, key=lambda size: size.positions)]
    _show(found)
    raise SystemExit(any(one.wrong for one in found))


def _at(size: Size, seconds: float) -> Found:
    found = Found(size=size)
    columns = (TextColumn(f"{size.positions:,} positions:"), TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, TimeElapsedColumn(), transient=True) as progress, postgres() as server:
        task = progress.add_task("filling", total=1.0)
        told = lambda what, share: progress.update(task, description=what, completed=share)  # noqa: E731
        started = time.monotonic()
        migration.upgrade(server.url, "inventory")
        asyncio.run(fill(server.url, size, told))
        found.fill_seconds = time.monotonic() - started
        with inventory(server) as (address,):
            asyncio.run(_measure(server.url, address, seconds, found, told))
    return found


async def _measure(url: str, address: str, seconds: float, found: Found, told: Callable[[str, float], None]) -> None:
    connection = await asyncpg.connect(url)
    options = [("grpc.max_receive_message_length", 64 << 20)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        stub = InventoryServiceStub(channel)
        told("reading", 0.0)
        await _read(stub, found)
        told("reserving", 0.4)
        await _reserve(stub, connection, seconds, found, told)
        told("auditing", 0.9)
        for number in range(_READS):  # everything adds up after it all, where we look
            await _audit(stub, found, number, full=False)
    found.gigabytes = await connection.fetchval("SELECT pg_database_size(current_database())") / 2**30
    await connection.close()


async def _read(stub: InventoryServiceStub, found: Found) -> None:
    size = found.size

    async def availability(_number: int) -> None:
        skus = [sku(number) for number in random.sample(range(size.skus), _SKUS)]
        answer = await stub.GetAvailability(rpc.GetAvailabilityRequest(skus=skus))
        if len(answer.availabilities) != _SKUS * NODES:
            found.wrong.append(f"{len(answer.availabilities)} availabilities")

    async def audit(name: str, number: int) -> None:
        found.entries[name] = (
            found.entries.get(name, 0) + await _audit(stub, found, number, full=name == "full") / _READS
        )

    async def past(number: int) -> None:
        request = rpc.ListPositionsAsOfRequest(as_of_time=_ago(180), page_size=_PAGE)
        await stub.ListPositionsAsOf(_from(request, found, number))

    found.costs[f"availability of {_SKUS} SKUs at {NODES} nodes, p50"] = await _p50(availability)
    for name in ("first", "again", "full"):
        found.costs[f"audit step of {_AUDITED}, {name}, p50"] = await _p50(partial(audit, name))
    found.costs[f"{_PAGE} positions half a year ago, p50"] = await _p50(past)


async def _reserve(
    stub: InventoryServiceStub,
    connection: asyncpg.Connection,
    seconds: float,
    found: Found,
    told: Callable[[str, float], None],
) -> None:
    async def call(_number: int) -> bool:
        try:
            await stub.ReserveStock(_request(*found.size.pair(random.randrange(found.size.positions))))
        except grpc.aio.AioRpcError:
            return False
        return True

    lone = await load(call, 1, seconds)
    told(f"reserving, {_CALLERS} callers", 0.6)
    written, before = await _log(connection), next(_numbers)
    many = await load(call, _CALLERS, seconds)
    made = next(_numbers) - before - 1
    found.costs |= {
        "reserve, lone caller, p50": lone.p50_ms,
        "reserve, lone caller, p99": lone.p99_ms,
        f"reserve, {_CALLERS} callers": many.per_second,
        f"reserve, {_CALLERS} callers, p50": many.p50_ms,
        f"reserve, {_CALLERS} callers, p99": many.p99_ms,
        "log written for a reservation": (await _log(connection) - written) / made,
    }
    if lone.refused + many.refused:
        found.wrong.append(f"{lone.refused + many.refused} reservations failed")


async def _audit(stub: InventoryServiceStub, found: Found, number: int, *, full: bool) -> int:
    """Audit a step, and return how many ledger entries were added up for it."""
    try:
        answer = await stub.AuditStock(_step(found, number, full=full))
    except grpc.aio.AioRpcError as error:
        found.wrong.append(f"an audit step failed: {error.details()}")
        return 0
    found.wrong += map(str, answer.discrepancies)
    return int(answer.entry_count)


async def _log(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"))


async def _p50(call: Callable[[int], Awaitable[None]]) -> float:
    took = []
    for number in range(_READS):
        started = time.perf_counter()
        await call(number)
        took.append(time.perf_counter() - started)
    return statistics.median(took) * 1000


def _request(of: str, node_id: str) -> rpc.ReserveStockRequest:
    number = next(_numbers)
    line = rpc.ReservationLine(line_id="1", sku=of, node_id=node_id, quantity=1)
    return rpc.ReserveStockRequest(request_id=f"{_RUN}-{number}", owner_id=f"ord_{number}", lines=[line])


def _step(found: Found, number: int, *, full: bool) -> rpc.AuditStockRequest:
    return _from(rpc.AuditStockRequest(page_size=_AUDITED, full=full), found, number)


def _from(request: Request, found: Found, number: int) -> Request:
    """Start somewhere in the database, with the token that the page before would have ended with."""
    if number:
        request.page_token = encode_token(request, *found.size.pair(found.size.positions * number // _READS - 1))
    return request


def _ago(days: int) -> Timestamp:
    return Timestamp(seconds=int(time.time()) - days * 86_400)


def _show(found: list[Found]) -> None:
    console = Console()
    table = Table(
        "what", *(f"{one.size.positions:,}" for one in found), *(f"× at {one.size.positions:,}" for one in found[1:])
    )
    for column in table.columns[1:]:
        column.justify = "right"
    first = found[0]
    table.add_row("ledger entries", *(f"{one.size.entries:,}" for one in found))
    table.add_row("database, GB", *(f"{one.gigabytes:.2f}" for one in found))
    table.add_row("filled in, s", *(f"{one.fill_seconds:,.0f}" for one in found))
    for name in ("first", "again", "full"):
        summed = (f"{one.entries[name]:,.0f}" for one in found)
        table.add_row(f"entries added up in a step, {name}", *summed)
    table.add_section()
    rising = []
    for name, (unit, cost) in ROWS.items():
        ratios = [one.costs[name] / first.costs[name] for one in found[1:]]
        numbers = (f"{one.costs[name]:,.{0 if unit != 'ms' else 2}f}" for one in found)
        table.add_row(f"{name}, {unit}", *numbers, *(f"{ratio:.2f}" for ratio in ratios))
        for one, ratio in zip(found[1:], ratios, strict=True):
            if (dearer := ratio if cost else 1 / ratio) > _FLAT:
                rising.append(f"{name}: {dearer:.2f} × as dear at {one.size.positions:,} positions")
    console.print(table)
    for line in rising:
        console.print(f"NOT FLAT  {line}")
    if not rising:
        console.print(f"All of it is flat: nothing is more than {_FLAT} × as dear as in the smallest database.")
    for one in found:
        for line in one.wrong[:10]:
            console.print(f"WRONG  at {one.size.positions:,} positions: {line}")


if __name__ == "__main__":
    main()
