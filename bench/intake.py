"""Orders accepted a second, against a floor of the same run, and whether that stays so with millions of them.

    sql      hand-written asyncpg on the same PostgreSQL: one transaction that writes the same rows, a caller each
    submit   SubmitOrder: two lines, authorized payment

Callers are in this process, each with one request in hand; server and PostgreSQL are processes of their own.

    make bench ARGS="intake"                                        1, 16 and 64 callers
    make bench ARGS="intake --stored 10000,1000000,5000000"         and again with so many orders stored
    make bench ARGS="intake --callers 64 --seconds 10"
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg
import grpc
from google.type.money_pb2 import Money
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench._house import postgres, service
from bench._intake_bulk import fill, sku_of
from bench._intake_floor import Floor
from bench._load import Seen, load
from oms.common.v1.address_pb2 import Address
from oms.intake.v1.care_service_pb2 import ListMatchingOrdersRequest
from oms.intake.v1.care_service_pb2_grpc import CareServiceStub
from oms.intake.v1.intake_service_pb2 import GetOrderRequest, ListOrdersRequest, LookupOrderRequest, SubmitOrderRequest
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import OrderStatus, Payment

Call = Callable[[int], Awaitable[bool]]
_RUN = f"{random.randrange(16**6):06x}"
_numbers = itertools.count()
_AIM = 0.5
# What is this much dearer than with the fewest orders is not flat.
_FLAT = 1.3
_READS = 40


@dataclass(slots=True)
class Found:
    """What was measured with so many orders stored."""

    stored: int
    fill_seconds: float = 0.0
    loads: dict[tuple[str, int], Seen] = field(default_factory=dict)
    reads: dict[str, float] = field(default_factory=dict)


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--callers", default="1,16,64")
    said.add_argument("--seconds", type=float, default=5.0)
    said.add_argument("--stored", default="0")
    chosen = said.parse_args()
    callers = [int(number) for number in chosen.callers.split(",")]
    found = [_at(int(stored), callers, chosen.seconds) for stored in chosen.stored.split(",")]
    _show(found, callers)


def _at(stored: int, callers: list[int], seconds: float) -> Found:
    found = Found(stored)
    columns = (TextColumn(f"{stored:,} orders:"), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress, postgres() as server:
        task = progress.add_task("filling", total=1.0)
        told = lambda what, share: progress.update(task, description=what, completed=share)  # noqa: E731
        with service("intake", server) as address:
            started = time.monotonic()
            if stored:
                asyncio.run(fill(server.url, stored, told))
            found.fill_seconds = time.monotonic() - started
            asyncio.run(_measure(server.url, address, callers, seconds=seconds, found=found, told=told))
    return found


async def _measure(
    url: str,
    address: str,
    callers: list[int],
    *,
    seconds: float,
    found: Found,
    told: Callable[[str, float], None],
) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = IntakeServiceStub(channel)
        if found.stored:
            told("reading", 0.0)
            await _read(stub, CareServiceStub(channel), found)
        for at, (number, subject) in enumerate(itertools.product(callers, ("sql", "submit"))):
            told(f"{subject}, {number} callers", at / len(callers) / 2)
            async with sql(url, number) if subject == "sql" else submit(stub) as call:
                found.loads[subject, number] = await load(call, number, seconds)


@contextlib.asynccontextmanager
async def sql(url: str, callers: int) -> AsyncIterator[Call]:
    """One transaction an order, each caller on a connection of its own."""
    connections = [await asyncpg.connect(url) for _ in range(callers)]
    floor = Floor(_request())

    async def call(number: int) -> bool:
        return await floor.write(connections[number])

    try:
        yield call
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))


@contextlib.asynccontextmanager
async def submit(stub: IntakeServiceStub) -> AsyncIterator[Call]:
    """SubmitOrder, from a plain client."""

    async def call(_number: int) -> bool:
        try:
            await stub.SubmitOrder(_request())
        except grpc.aio.AioRpcError:
            return False
        return True

    yield call


def _request() -> SubmitOrderRequest:
    number = f"{_RUN}-{next(_numbers)}"
    line = DraftLine(
        sku="TEE-BLK-M",
        title="T-shirt, black, M",
        quantity=1,
        unit_price=Money(currency_code="USD", units=19, nanos=990_000_000),
        tax_amount=Money(currency_code="USD", units=1, nanos=650_000_000),
    )
    other = DraftLine()
    other.CopyFrom(line)
    other.sku = "MUG-WHT"
    total = Money(currency_code="USD", units=48, nanos=280_000_000)
    draft = OrderDraft(
        channel="web",
        external_id=number,
        currency_code="USD",
        customer_reference=f"c-{number}",
        email=f"{number}@example.com",
        ship_to=Address(
            name="Ada Byron",
            lines=["1 Main Street"],
            city="Chicago",
            administrative_area="IL",
            postal_code="60601",
            country_code="US",
        ),
        lines=[line, other],
        shipping_amount=Money(currency_code="USD", units=5),
        total_amount=total,
        payment=PaymentDraft(state=Payment.STATE_AUTHORIZED, reference="auth-1"),
    )
    return SubmitOrderRequest(request_id=number, draft=draft)


async def _read(stub: IntakeServiceStub, care: CareServiceStub, found: Found) -> None:
    some = random.Random(1)

    def at() -> int:
        return some.randrange(found.stored)

    kinds: dict[str, Callable[[], Awaitable[object]]] = {
        "GetOrder": lambda: stub.GetOrder(GetOrderRequest(order_id=f"ord_{at():026d}")),
        "LookupOrder": lambda: stub.LookupOrder(LookupOrderRequest(channel="bulk", external_id=f"B-{at()}")),
        "ListOrders, newest 50": lambda: stub.ListOrders(ListOrdersRequest(page_size=50)),
        "ListOrders, one status, 50": lambda: stub.ListOrders(
            ListOrdersRequest(page_size=50, statuses=[OrderStatus.ORDER_STATUS_BACKORDERED])
        ),
        "ListOrders, one SKU, 50": lambda: stub.ListOrders(ListOrdersRequest(page_size=50, sku=sku_of(at()))),
    }
    searches: dict[str, Callable[[], str]] = {
        "an order number": lambda: f"B-{at()}",
        "an e-mail address": lambda: f"c{at() % 1_000_000}@example.com",
        "a SKU": lambda: sku_of(at()),
        "words of one": lambda: f"{at()} main",
        "a word of all": lambda: "chicago",
        "nothing that is there": lambda: "xyzzy",
    }
    for name, query in searches.items():
        kinds[f"search: {name}"] = lambda query=query: care.ListMatchingOrders(  # type: ignore[misc]
            ListMatchingOrdersRequest(query=query(), page_size=50)
        )
    for name, ask in kinds.items():
        took = []
        for _ in range(_READS):
            started = time.perf_counter()
            await ask()
            took.append((time.perf_counter() - started) * 1000)
        found.reads[f"{name}, p50"] = statistics.median(took)


def _show(found: list[Found], callers: list[int]) -> None:
    console = Console(width=120)
    table = Table("stored", "callers", "what", "orders/s", "p50 ms", "p99 ms", "refused", "× sql")
    for column in table.columns[3:]:
        column.justify = "right"
    short = []
    for one, number, subject in itertools.product(found, callers, ("sql", "submit")):
        seen = one.loads[subject, number]
        ratio = seen.per_second / one.loads["sql", number].per_second
        table.add_row(
            f"{one.stored:,}",
            str(number),
            subject,
            f"{seen.per_second:,.0f}",
            f"{seen.p50_ms:.2f}",
            f"{seen.p99_ms:.2f}",
            str(seen.refused),
            f"{ratio:.2f}" if subject == "submit" else "",
        )
        if subject == "submit" and ratio < _AIM:
            short.append(f"{number} callers with {one.stored:,} stored: {ratio:.2f}")
    console.print(table)
    console.print(f"aim {_AIM} × sql: " + (f"SHORT at {'; '.join(short)}" if short else "reached everywhere"))
    if any(one.reads for one in found):
        reads = Table("p50, ms", *(f"{one.stored:,}" for one in found), "flat")
        for name in found[0].reads:
            costs = [one.reads[name] for one in found]
            flat = "yes" if max(costs) <= max(_FLAT * costs[0], costs[0] + 0.5) else "NO"
            reads.add_row(name, *(f"{cost:.2f}" for cost in costs), flat)
        console.print(reads)
        console.print(f"filled in {', '.join(f'{one.fill_seconds:.0f} s' for one in found)}")


if __name__ == "__main__":
    main()
