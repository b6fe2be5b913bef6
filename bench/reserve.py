"""Reservations a second, on one hot SKU and spread over many, against two floors of the same run.

    sql     hand-written asyncpg on the same PostgreSQL, one transaction a reservation: a conditional UPDATE, an INSERT
    empty   a gRPC call that does nothing, on a server without anything of ours
    unary   ReserveStock
    stream  StreamReservations, all callers over one stream

Callers are in this process, each with one request in hand; server and PostgreSQL are processes of their own.

    make bench ARGS="reserve"                          1, 16, 64 and 256 callers, 10,000 SKUs
    make bench ARGS="reserve --callers 64 --seconds 10 --replicas 2"
    make bench ARGS="reserve --only unary,sql --callers 64"
"""

import argparse
import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import grpc
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench._house import inventory, postgres, process
from bench._load import Seen, load
from bench._stock import FLOOR, HOT, NODE, fill, sku
from deploy.local import ports
from oms.common.v1 import outbox_service_pb2 as empty_pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from oms.inventory.v1.inventory_service_pb2 import ReservationLine, ReserveStockRequest
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.inventory.checkout import Checkout
from services.kernel.errors import OmsError

Call = Callable[[int], Awaitable[bool]]
_RUN = f"{random.randrange(16**6):06x}"
_numbers = itertools.count()

# What is to be reached at 64 callers, as (subject, kind of load, floor, factor).
AIMS = (
    ("unary", "hot", "sql", 2.0),
    ("unary", "spread", "sql", 0.6),
    ("unary", "hot", "empty", 0.5),
    ("unary", "spread", "empty", 0.5),
    ("stream", "hot", "sql", 10.0),
    ("stream", "spread", "sql", 3.0),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a load goes: the database, the replicas, the empty server; how many callers, and what they want."""

    url: str
    addresses: list[str]
    empty: str
    callers: int
    choose: Callable[[], str]


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--callers", default="1,16,64,256")
    said.add_argument("--seconds", type=float, default=5.0)
    said.add_argument("--skus", type=int, default=10_000)
    said.add_argument("--replicas", type=int, default=1)
    said.add_argument("--only", default="sql,empty,unary,stream")
    chosen = said.parse_args()
    callers = [int(number) for number in chosen.callers.split(",")]
    port = ports.free(1)[0]
    with (
        postgres() as server,
        process("bench._empty", str(port), port=port),
        inventory(server, replicas=chosen.replicas) as addresses,
    ):
        found = asyncio.run(_measure(server.url, addresses, f"127.0.0.1:{port}", chosen, callers))
    _show(found, callers)


async def _measure(
    url: str, addresses: list[str], empty: str, chosen: argparse.Namespace, callers: list[int]
) -> dict[tuple[str, str, int], Seen]:
    await fill(url, chosen.skus)
    found: dict[tuple[str, str, int], Seen] = {}
    wanted = chosen.only.split(",")
    with Progress(transient=True) as progress:
        task = progress.add_task("measuring", total=len(callers) * 2 * len(wanted))
        for number, kind, subject in itertools.product(callers, ("hot", "spread"), wanted):
            progress.update(task, description=f"{subject}, {kind}, {number} callers", advance=1)
            place = Place(url, addresses, empty, number, _chooser(kind, chosen.skus))
            async with SUBJECTS[subject](place) as call:
                found[subject, kind, number] = await load(call, number, chosen.seconds)
    return found


def _chooser(kind: str, skus: int) -> Callable[[], str]:
    return (lambda: HOT) if kind == "hot" else lambda: sku(random.randrange(skus))


@contextlib.asynccontextmanager
async def sql(place: Place) -> AsyncIterator[Call]:
    """One transaction a reservation, each caller on a connection of its own."""
    connections = [await asyncpg.connect(place.url) for _ in range(place.callers)]

    async def call(number: int) -> bool:
        connection = connections[number]
        async with connection.transaction():
            taken = await connection.execute(
                f"UPDATE {FLOOR}.positions SET reserved = reserved + 1 "
                "WHERE sku = $1 AND node_id = $2 AND on_hand - reserved >= 1",
                place.choose(),
                NODE,
            )
            await connection.execute(
                f"INSERT INTO {FLOOR}.reservations (reservation_id, owner_id, sku, node_id, quantity, create_time) "
                "VALUES ($1, $2, $3, $4, 1, now())",
                f"r{_RUN}-{next(_numbers)}",
                "ord_1",
                HOT,
                NODE,
            )
        return bool(taken == "UPDATE 1")

    try:
        yield call
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))


@contextlib.asynccontextmanager
async def nothing(place: Place) -> AsyncIterator[Call]:
    """A call that does nothing."""
    request = empty_pb.ListOutboxEventsRequest()
    async with grpc.aio.insecure_channel(place.empty) as channel:
        stub = OutboxServiceStub(channel)

        async def call(_number: int) -> bool:
            await stub.ListOutboxEvents(request)
            return True

        yield call


@contextlib.asynccontextmanager
async def unary(place: Place) -> AsyncIterator[Call]:
    """ReserveStock, from a plain client."""
    async with contextlib.AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(grpc.aio.insecure_channel(address)) for address in place.addresses]
        stubs = [InventoryServiceStub(channel) for channel in channels]

        async def call(number: int) -> bool:
            try:
                await stubs[number % len(stubs)].ReserveStock(_request(place.choose()))
            except grpc.aio.AioRpcError:
                return False
            return True

        yield call


@contextlib.asynccontextmanager
async def stream(place: Place) -> AsyncIterator[Call]:
    """StreamReservations, all callers over one stream (to each replica)."""
    async with contextlib.AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(grpc.aio.insecure_channel(address)) for address in place.addresses]
        checkouts = [await stack.enter_async_context(Checkout(InventoryServiceStub(channel))) for channel in channels]

        async def call(number: int) -> bool:
            try:
                await checkouts[number % len(checkouts)].reserve(_request(place.choose()))
            except OmsError:
                return False
            return True

        yield call


SUBJECTS = {"sql": sql, "empty": nothing, "unary": unary, "stream": stream}


def _request(of: str) -> ReserveStockRequest:
    number = next(_numbers)
    line = ReservationLine(line_id="1", sku=of, node_id=NODE, quantity=1)
    return ReserveStockRequest(request_id=f"{_RUN}-{number}", owner_id=f"ord_{number}", lines=[line])


def _show(found: dict[tuple[str, str, int], Seen], callers: list[int]) -> None:
    console = Console(width=120)
    table = Table("load", "callers", "what", "calls/s", "p50 ms", "p99 ms", "refused", "× sql", "× empty")
    for column in table.columns[3:]:
        column.justify = "right"
    for number, kind in itertools.product(callers, ("hot", "spread")):
        for subject in SUBJECTS:
            if (seen := found.get((subject, kind, number))) is not None:
                table.add_row(
                    kind,
                    str(number),
                    subject,
                    f"{seen.per_second:,.0f}",
                    f"{seen.p50_ms:.2f}",
                    f"{seen.p99_ms:.2f}",
                    str(seen.refused),
                    *(_ratio(found, subject, kind, number, floor) for floor in ("sql", "empty")),
                )
        table.add_section()
    console.print(table)
    for subject, kind, floor, factor in AIMS:
        if (ratio := _factor(found, subject, kind, 64, floor)) is not None:
            word = "reached" if ratio >= factor else "SHORT"
            console.print(f"{subject} {kind} at 64 callers: {ratio:.2f} × {floor}, aim {factor} ×: {word}")
    lone = [found.get((subject, "hot", 1)) for subject in ("unary", "sql", "empty")]
    if all(lone):
        own, floors = lone[0].p50_ms, lone[1].p50_ms + lone[2].p50_ms
        word = "reached" if own <= floors + 1 else "SHORT"
        console.print(f"a lone caller's p50: {own:.2f} ms; both floors {floors:.2f} ms + 1 ms: {word}")


def _factor(found: dict[tuple[str, str, int], Seen], subject: str, kind: str, callers: int, floor: str) -> float | None:
    own, other = found.get((subject, kind, callers)), found.get((floor, kind, callers))
    return own.per_second / other.per_second if own and other and other.per_second else None


def _ratio(found: dict[tuple[str, str, int], Seen], subject: str, kind: str, callers: int, floor: str) -> str:
    ratio = _factor(found, subject, kind, callers, floor)
    return "" if ratio is None or subject in {"sql", "empty"} else f"{ratio:.2f}"


if __name__ == "__main__":
    main()
