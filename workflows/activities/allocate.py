"""Plan, reserve, and where the stock was gone plan again without what failed.

Every call is keyed by the attempt and the round and always succeeds (a reservation takes what is there), so a retry
after a crash hears the same answers, makes the same next call, and reserves nothing twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from google.protobuf.timestamp_pb2 import Timestamp

from oms.common.v1.address_pb2 import Address, Destination
from oms.intake.v1.intake_service_pb2 import GetOrderRequest, RecordMovesRequest
from oms.intake.v1.order_pb2 import Order, ServiceLevel
from oms.intake.v1.units_pb2 import Move, Room
from oms.inventory.v1.inventory_service_pb2 import (
    BackorderLine,
    CloseBackorderRequest,
    RegisterBackorderRequest,
    ReleaseReservationsRequest,
    ReservationLine,
    ReservationUnits,
    ReserveStockRequest,
)
from oms.inventory.v1.reservation_pb2 import Reservation
from oms.routing.v1.decision_pb2 import Assignment, Decision
from oms.routing.v1.routing_service_pb2 import Exclusion, ListNodesRequest, PlanLine, PlanOrderRequest
from oms.workflow.v1.order_workflow_pb2 import AllocateCommand, AllocateResult, NodeWork, OrderInputLine
from services.kernel import ids
from workflows.activities.calls import Stubs
from workflows.activities.hold_back import hold_back

# An order's priority goes from 1, first, to 5, last; routing's from urgent, more than nothing, to what can wait.
_ORDINARY = 3
# Rounds of planning around stock that was gone; what is left after them waits for stock.
ROUNDS = 4


@dataclass(slots=True)
class _Attempt:
    """What is wanted still, and what has been got."""

    key: str
    wanted: dict[str, int]
    skus: dict[str, str]
    excluded: set[tuple[str, str]]
    works: dict[str, NodeWork] = field(default_factory=dict)
    decision_id: str = ""
    unplanned: Decision | None = None

    def take(self, order_id: str, assignment: Assignment, reservations: Iterable[Reservation]) -> None:
        for reservation in reservations:
            if reservation.node_id != assignment.node_id:
                continue
            work = self.works.setdefault(assignment.node_id, _work(order_id, self.key, assignment))
            work.lines.add(
                line_id=reservation.line_id,
                sku=reservation.sku,
                quantity=reservation.quantity,
                reservation_id=reservation.reservation_id,
            )
            self.wanted[reservation.line_id] -= reservation.quantity

    @property
    def left(self) -> dict[str, int]:
        return {line_id: quantity for line_id, quantity in self.wanted.items() if quantity > 0}


async def allocate(stubs: Stubs, command: AllocateCommand) -> AllocateResult:
    """Reserve what can be had, record it, and register the rest as backordered."""
    order = (await stubs.intake.GetOrder(GetOrderRequest(order_id=command.order_id))).order
    attempt = _Attempt(
        key=f"{command.order_id}/allocate/{command.attempt}",
        wanted={line.line_id: line.open_quantity + line.backordered_quantity for line in command.lines},
        skus={line.line_id: line.sku for line in command.lines},
        excluded={(pair.node_id, pair.sku) for pair in command.excluded},
    )
    for number in range(ROUNDS):
        if not attempt.left or not await _round(stubs, command, order, attempt, number):
            break
    if command.ship_complete and attempt.left:
        await _give_up(stubs, attempt)
    await _record(stubs, command, attempt)
    left = [OrderInputLine(line_id=i, sku=attempt.skus[i], quantity=n) for i, n in attempt.left.items()]
    await _wait_for_stock(stubs, command, attempt, left)
    if left and attempt.unplanned:
        await hold_back(stubs.intake, order, attempt.unplanned, [one.line_id for one in left], attempt.key)
    return AllocateResult(work=attempt.works.values(), backordered=left, decision_id=attempt.decision_id)


async def _round(stubs: Stubs, command: AllocateCommand, order: Order, attempt: _Attempt, number: int) -> bool:
    """Plan what is left and reserve it; tell whether another round could get more."""
    key = f"{attempt.key}/{number}"
    decision = await _plan(stubs, command, order, attempt, key)
    attempt.decision_id = attempt.decision_id or decision.decision_id
    attempt.unplanned = decision if decision.unplanned_lines else attempt.unplanned
    if not decision.assignments:
        return False
    answer = await stubs.inventory.ReserveStock(
        ReserveStockRequest(
            request_id=f"{key}/reserve",
            owner_id=command.order_id,
            mode=ReserveStockRequest.MODE_BEST_EFFORT,
            lines=[
                ReservationLine(line_id=line.line_id, sku=line.sku, node_id=assignment.node_id, quantity=line.quantity)
                for assignment in decision.assignments
                for line in assignment.lines
            ],
        )
    )
    for assignment in decision.assignments:
        attempt.take(command.order_id, assignment, answer.reservations)
    attempt.excluded |= {(shortfall.node_id, shortfall.sku) for shortfall in answer.shortfalls}
    return bool(answer.shortfalls)


async def _plan(stubs: Stubs, command: AllocateCommand, order: Order, attempt: _Attempt, key: str) -> Decision:
    prices = {line.line_id: line.unit_price for line in order.lines}
    request = PlanOrderRequest(
        request_id=f"{key}/plan",
        order_id=command.order_id,
        lines=[
            PlanLine(line_id=i, sku=attempt.skus[i], quantity=n, unit_price=prices.get(i))
            for i, n in attempt.left.items()
        ],
        destination=_destination(order.ship_to),
        service_level=ServiceLevel.Name(order.service_level).removeprefix("SERVICE_LEVEL_"),
        exclusions=[
            Exclusion(node_id=node_id, sku=sku)
            for node_id, sku in sorted(attempt.excluded | await _elsewhere(stubs, command))
        ],
        ship_complete=command.ship_complete,
        channel=order.channel,
        priority=_ORDINARY - command.priority if command.priority else 0,
        # Not what the order says: that may have come from this very attempt, and a retry must ask the same.
        due_time=command.due_time if command.HasField("due_time") else _contracted(order),
    )
    decision: Decision = (await stubs.routing.PlanOrder(request)).decision
    return decision


async def _elsewhere(stubs: Stubs, command: AllocateCommand) -> set[tuple[str, str]]:
    """Return every node but the one that is to ship it, for what only one node is to ship."""
    pins = {line.sku: line.node_id for line in command.lines if line.node_id}
    if not pins:
        return set()
    if len(set(pins.values())) == 1 and all(line.node_id for line in command.lines):
        pins = {"": next(iter(pins.values()))}
    nodes: list[str] = []
    token = ""
    while True:
        page = await stubs.routing.ListNodes(ListNodesRequest(page_size=500, page_token=token))
        nodes += [node.node_id for node in page.nodes]
        token = page.next_page_token
        if not token:
            break
    return {(node_id, sku) for sku, pinned in pins.items() for node_id in nodes if node_id != pinned}


def _contracted(order: Order) -> Timestamp | None:
    """Return by when it must be there, as the channel or a change says."""
    return order.details.due_time if order.details.HasField("due_time") else None


async def _give_up(stubs: Stubs, attempt: _Attempt) -> None:
    """Give everything back: what must be shipped together cannot be had together."""
    units = [
        ReservationUnits(reservation_id=line.reservation_id) for work in attempt.works.values() for line in work.lines
    ]
    if units:
        await stubs.inventory.ReleaseReservations(
            ReleaseReservationsRequest(request_id=f"{attempt.key}/give-up", units=units, reason="not complete")
        )
    for work in attempt.works.values():
        for line in work.lines:
            attempt.wanted[line.line_id] += line.quantity
    attempt.works.clear()


async def _record(stubs: Stubs, command: AllocateCommand, attempt: _Attempt) -> None:
    """Record where the units are now; for each line the open ones are taken first."""
    moves = []
    for line in command.lines:
        reserved = line.open_quantity + line.backordered_quantity - attempt.left.get(line.line_id, 0)
        from_open = min(reserved, line.open_quantity)
        for source, target, quantity in (
            (Room.ROOM_OPEN, Room.ROOM_RESERVED, from_open),
            (Room.ROOM_BACKORDERED, Room.ROOM_RESERVED, reserved - from_open),
            (Room.ROOM_OPEN, Room.ROOM_BACKORDERED, line.open_quantity - from_open),
        ):
            if quantity:
                moves.append(Move(line_id=line.line_id, from_room=source, to_room=target, quantity=quantity))
    if not moves:
        return
    request = RecordMovesRequest(
        request_id=attempt.key,
        order_id=command.order_id,
        moves=moves,
        reason="allocated",
        references={
            "decision_id": attempt.decision_id,
            "node_ids": ", ".join(sorted(attempt.works))[:200],
        },
    )
    promises = [work.promise_time for work in attempt.works.values() if work.HasField("promise_time")]
    if promises:
        request.promise_time.CopyFrom(max(promises, key=lambda time: time.ToNanoseconds()))
    await stubs.intake.RecordMoves(request)


async def _wait_for_stock(
    stubs: Stubs, command: AllocateCommand, attempt: _Attempt, left: list[OrderInputLine]
) -> None:
    if left:
        await stubs.inventory.RegisterBackorder(
            RegisterBackorderRequest(
                request_id=f"{attempt.key}/wait",
                owner_id=command.order_id,
                priority=command.priority,
                lines=[BackorderLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in left],
            )
        )
    served = [line.line_id for line in command.lines if line.backordered_quantity and line.line_id not in attempt.left]
    if served:
        await stubs.inventory.CloseBackorder(
            CloseBackorderRequest(request_id=f"{attempt.key}/served", owner_id=command.order_id, line_ids=served)
        )


def _work(order_id: str, key: str, assignment: Assignment) -> NodeWork:
    work = NodeWork(
        fulfillment_order_id=ids.derived(ids.FULFILLMENT_ORDER, order_id, key, assignment.node_id),
        node_id=assignment.node_id,
        carrier_code=assignment.carrier_code,
        service_code=assignment.service_code,
    )
    if assignment.HasField("promise_time"):
        work.promise_time.CopyFrom(assignment.promise_time)
    return work


def _destination(address: Address) -> Destination:
    return Destination(
        country_code=address.country_code,
        administrative_area=address.administrative_area,
        postal_code=address.postal_code,
    )
