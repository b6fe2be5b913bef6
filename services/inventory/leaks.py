"""The proof that no unit leaks: counters against their rows, and rights against the orders that hold them.

Two directions, because each finds what the other cannot see: a unit of an order in the rooms RESERVED or RELEASED must
have a live reservation, and a live reservation of an order must have its unit in one of these rooms. What is kept for a
backorder is nobody's right yet: it needs a line that waits. A bundle counts as one, here as in its order. Both services
change while they are read, so whatever differs is read again, order by order, until it agrees or stays wrong for
`settle_seconds`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from oms.intake.v1.intake_service_pb2 import GetOrderRequest, GetOrderResponse, ListOrdersRequest
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_pb2 import Order
from oms.inventory.v1.inventory_service_pb2 import AuditStockRequest, ListReservationsRequest
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.inventory.v1.reservation_pb2 import Reservation
from services.kernel import ids
from services.kernel.errors import DeadlineExceeded, NotFound

# A pause between two looks at an order that does not agree yet.
_LOOK_AGAIN_SECONDS = 0.25
_SMALLEST_STEP = 10

# What a counter was compared with.
_WORDS = {
    "ledger": "the ledger adds up to",
    "reservations": "live reservations add up to",
    "on_hand": "and on hand are only",
}

# An order's line.
Line = tuple[str, str]
# Told after each page: what is being read, and how many of it have been.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not add up."""

    kind: str
    where: str
    expected: int
    found: int
    words: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What was looked at, and what was found."""

    positions: int = 0
    entries: int = 0
    reservations: int = 0
    orders: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Lines:
    """Units of lines: with a right, or entitled to one; and kept for a wait, or waiting."""

    rights: Counter[Line] = field(default_factory=Counter)
    waits: Counter[Line] = field(default_factory=Counter)

    def order(self, order: Order) -> None:
        """Add what an order says."""
        for line in order.lines:
            self.rights[order.order_id, line.line_id] += line.units.reserved + line.units.released
            self.waits[order.order_id, line.line_id] += line.units.backordered

    def reservation(self, one: Reservation) -> None:
        """Add what is live of a reservation."""
        lines = self.waits if one.backorder else self.rights
        lines[one.owner_id, one.line_id] += one.quantity - one.consumed_quantity - one.released_quantity


async def audit_stock(
    inventory: InventoryServiceStub,
    intake: IntakeServiceStub,
    *,
    settle_seconds: float = 5.0,
    full: bool = False,
    progress: Progress = lambda _what, _number: None,
) -> Report:
    """Look at everything, and report what does not add up; with `full`, believe no sum that was proved before."""
    report = Report()
    await _counters(inventory, report, progress, full=full)
    said, live = _Lines(), _Lines()
    async for order in _orders(intake):
        report.orders += 1
        said.order(order)
        progress("orders", report.orders)
    async for one in _reservations(inventory, ListReservationsRequest(live_only=True)):
        report.reservations += 1
        if one.owner_id.startswith(f"{ids.ORDER}_"):
            live.reservation(one)
        progress("reservations", report.reservations)
    doubtful = sorted({line[0] for line in _differing(said, live)})
    for number, order_id in enumerate(doubtful, 1):
        report.findings += await _settled(inventory, intake, order_id, settle_seconds)
        progress("doubtful orders", number)
    return report


async def _counters(inventory: InventoryServiceStub, report: Report, progress: Progress, *, full: bool) -> None:
    request = AuditStockRequest(page_size=1000, full=full)
    while True:
        try:
            page = await inventory.AuditStock(request)
        except DeadlineExceeded:
            # Positions with a long history of which no sum was ever proved: fewer of them at a time.
            if request.page_size <= _SMALLEST_STEP:
                raise
            request.page_size //= 4
            continue
        report.positions += page.position_count
        report.entries += page.entry_count
        report.findings += [
            Finding(
                kind="counter",
                where=f"{one.sku} at {one.node_id}",
                expected=one.summed,
                found=one.counted,
                words=f"{one.counter} says {one.counted}, {_WORDS.get(one.rows, one.rows)} {one.summed}",
            )
            for one in page.discrepancies
        ]
        progress("positions", report.positions)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def _settled(
    inventory: InventoryServiceStub, intake: IntakeServiceStub, order_id: str, seconds: float
) -> list[Finding]:
    """Look at one order until it agrees with its reservations, or the time is over; return what stays wrong."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        before = await _order(intake, order_id)
        said, live = _Lines(), _Lines()
        async for one in _reservations(inventory, ListReservationsRequest(owner_id=order_id, live_only=True)):
            live.reservation(one)
        after = await _order(intake, order_id)
        if after:
            said.order(after)
        findings = list(_compare(said, live))
        stood_still = (before.etag if before else "") == (after.etag if after else "")
        if stood_still and not findings:
            return []
        if loop.time() >= end:
            return findings
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _differing(said: _Lines, live: _Lines) -> set[Line]:
    """Return the lines whose rights are not what they should be, or that wait for nothing and have units kept."""
    lines = said.rights.keys() | live.rights.keys()
    kept_for_nobody = {line for line, kept in live.waits.items() if kept and not said.waits[line]}
    return {line for line in lines if said.rights[line] != live.rights[line]} | kept_for_nobody


def _compare(said: _Lines, live: _Lines) -> Iterable[Finding]:
    for line in sorted(_differing(said, live)):
        expected, found = said.rights[line], live.rights[line]
        if expected > found:
            yield _finding("unit without a right", line, expected, found)
        elif expected < found:
            yield _finding("right without a unit", line, expected, found)
        if live.waits[line] and not said.waits[line]:
            yield _finding("kept without a wait", line, 0, live.waits[line])


_LEAKS = {
    "unit without a right": "units are reserved or released, and no reservation is live for them",
    "right without a unit": "reserved units belong to no unit that is reserved or released",
    "kept without a wait": "units are kept for a backorder, and no unit of the line waits",
}


def _finding(kind: str, line: Line, expected: int, found: int) -> Finding:
    words = f"{abs(expected - found)} {_LEAKS[kind]}"
    return Finding(kind=kind, where=f"{line[0]} {line[1]}", expected=expected, found=found, words=words)


async def _order(intake: IntakeServiceStub, order_id: str) -> Order | None:
    try:
        found: GetOrderResponse = await intake.GetOrder(GetOrderRequest(order_id=order_id))
    except NotFound:
        return None
    return found.order


async def _orders(intake: IntakeServiceStub) -> AsyncIterator[Order]:
    request = ListOrdersRequest(page_size=200)
    while True:
        page = await intake.ListOrders(request)
        for order in page.orders:
            yield order
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def _reservations(
    inventory: InventoryServiceStub, request: ListReservationsRequest
) -> AsyncIterator[Reservation]:
    request.page_size = 500
    while True:
        page = await inventory.ListReservations(request)
        for one in page.reservations:
            yield one
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
