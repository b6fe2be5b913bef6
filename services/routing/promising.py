"""Makes promises: asks inventory and looks at the database at once, plans, and stores what is said with one statement.

`follow` says in a new version what became of a promise when its order was planned.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from oms.inventory.v1.inventory_service_pb2 import GetAvailabilityRequest, GetAvailabilityResponse
from oms.routing.v1.decision_pb2 import Decision
from oms.routing.v1.promise_pb2 import DeliveryOption, Promise
from oms.routing.v1.routing_service_pb2 import PromiseDeliveryRequest, PromiseDeliveryResponse
from services.chassis.database import Database
from services.chassis.idempotency import digest_of, reused
from services.kernel import ids
from services.kernel.clock import Clock
from services.kernel.errors import InvalidArgument, NotFound, OmsError, ResourceExhausted
from services.routing import geocode, store_promises, wire_promises
from services.routing.domain.demand import Demand
from services.routing.domain.drafting import Draft, drafts
from services.routing.domain.inputs import Inputs
from services.routing.domain.lead_times import LeadTimes
from services.routing.domain.network import Network
from services.routing.domain.node import NodeNotFound
from services.routing.domain.promising import options, short_lines
from services.routing.domain.rules import select
from services.routing.learning import Learning
from services.routing.memory import Known, Memory
from services.routing.planner import Planner
from services.routing.stock import InventoryUnavailable
from services.routing.store import Connection
from services.routing.store_promises import Look
from services.routing.wire_value import from_money, from_time, to_money, to_time

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub

# Of so few SKUs what all nodes have is one message; of more, nodes are asked about a few at a time.
_FEW_SKUS = 10
# Pairs of SKU and node in one answer, some dates of supply each: they stay below a message's 4 MiB.
_PAIRS = 4_000
_NODES = 2_000
# Of more lines times nodes times options it takes long enough to disturb the other calls: it is made in a thread.
_QUICK = 1_500
# Looks and writes at a time: connections of the driver's own are few.
_AT_ONCE = 8


class PromiseNotFound(NotFound):
    reason = "PROMISE_NOT_FOUND"

    def __init__(self, promise_id: str) -> None:
        super().__init__(f"there is no promise {promise_id!r}", promise_id=promise_id)


class Promiser:
    """Says when carts can be there."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        memory: Memory,
        planner: Planner,
        inventory: "InventoryServiceAsyncStub",
        learning: Learning,
    ) -> None:
        self._database, self._clock, self._memory, self._planner = database, clock, memory, planner
        self._inventory, self._learning = inventory, learning
        self._few = asyncio.Semaphore(_AT_ONCE)

    async def promise(self, request: PromiseDeliveryRequest) -> PromiseDeliveryResponse:
        """Return a promise as stored; the same request again has the same one, without asking inventory to the end.

        Raises:
            AlreadyExists: REQUEST_ID_REUSED, the key was used for another request.
            InventoryUnavailable: inventory does not answer.
            NodeNotFound: the node to collect at is none.
        """
        demand = wire_promises.to_demand(request)
        promise_id, digest = ids.derived(ids.PROMISE, request.request_id), digest_of(request)
        skus = list(dict.fromkeys(line.sku for line in demand.lines))
        asking = asyncio.ensure_future(self._ask(request, skus)) if len(skus) <= _FEW_SKUS else None
        try:
            async with self._few, self._database.driver() as driver:
                look = await store_promises.look(driver, promise_id, skus)
            if look.digest is not None:
                return _stored(look, digest, request)
            known = self._memory.kept(look.versions) or await self._read(look)
            answers = await self._answers(request, skus, known.network, asking)
        finally:
            if asking is not None and not asking.cancel() and not asking.cancelled():
                asking.exception()  # whoever needed the answer has heard of it
        inputs, found = await self._drafts(request, demand, look, known, answers)
        promised = options(found, await self._learned(found, inputs))
        answer = PromiseDeliveryResponse()
        wire_promises.fill(
            answer.promise,
            promise_id=promise_id,
            found=promised,
            short=short_lines(found, demand.lines),
            rule_version=inputs.rules.version,
            now=inputs.now,
        )
        written = answer.promise.SerializeToString()
        async with self._few, self._database.driver() as driver:
            if await store_promises.add(driver, answer.promise, written, digest, inputs.now):
                return answer
            return _stored(await store_promises.look(driver, promise_id, skus), digest, request)

    async def _read(self, look: Look) -> Known:
        async with self._database.connect() as conn:
            return await self._memory.known(conn, look.versions)

    async def _answers(
        self,
        request: PromiseDeliveryRequest,
        skus: Sequence[str],
        network: Network,
        asking: "asyncio.Future[GetAvailabilityResponse | None] | None",
    ) -> list[GetAvailabilityResponse]:
        node_ids = [site.node_id for site in network.sites if not site.node.disabled]
        if not node_ids:
            return []
        answer = await asking if asking is not None else None
        if answer is not None:
            return [answer]
        found = []
        for some_nodes in _batches(node_ids, _NODES):
            for some in _batches(skus, max(1, _PAIRS // len(some_nodes))):
                answer = await self._ask(request, some, some_nodes)
                found += [answer] if answer else []
        return found

    async def _ask(
        self, request: PromiseDeliveryRequest, skus: Sequence[str], node_ids: Sequence[str] = ()
    ) -> GetAvailabilityResponse | None:
        """Return what there is now and later; None where that is too much for one answer."""
        question = GetAvailabilityRequest(
            skus=skus, node_ids=node_ids, segment=request.segment, owner_id=request.owner_id, later=True
        )
        try:
            answer: GetAvailabilityResponse = await self._inventory.GetAvailability(question)
            return answer
        except (InvalidArgument, ResourceExhausted) as error:
            if node_ids or not (isinstance(error, ResourceExhausted) or error.reason == "TOO_MANY_PAIRS"):
                raise  # what inventory cannot read of the cart, its caller must hear
            return None
        except OmsError as error:
            message = "inventory does not answer, so nobody knows what is in stock; try again later"
            raise InventoryUnavailable(message, cause=error.reason) from error

    async def _drafts(
        self,
        request: PromiseDeliveryRequest,
        demand: Demand,
        look: Look,
        known: Known,
        answers: Iterable[GetAvailabilityResponse],
    ) -> tuple[Inputs, list[Draft]]:
        network, now = known.network, self._clock.now()
        if demand.pickup_node_id and demand.pickup_node_id not in network.by_id:
            raise NodeNotFound(demand.pickup_node_id)
        rules = select(known.active, demand.destination.country_code, demand.channel, demand.program)
        stock, supply = wire_promises.to_stock(answers, network)
        inputs = Inputs(
            demand=demand,
            network=network,
            stock=stock,
            place=geocode.locate(demand.destination),
            now=now,
            rules=rules,
            products=look.products,
            loads=await self._planner.loads(demand, network, rules, now),
        )
        levels = wire_promises.to_levels(request)
        if len(demand.lines) * len(network.sites) * len(levels) <= _QUICK:
            return inputs, drafts(inputs, supply, levels)
        return inputs, await asyncio.to_thread(drafts, inputs, supply, levels)

    async def _learned(self, found: Iterable[Draft], inputs: Inputs) -> LeadTimes:
        parcels = [parcel for draft in found for parcel in draft.parcels]
        lanes = {parcel.lane for parcel in parcels if parcel.way}
        node_ids = {parcel.assignment.node.node_id for parcel in parcels}
        return await self._learning.of(lanes, node_ids, inputs.now)


def _stored(look: Look, digest: bytes, request: PromiseDeliveryRequest) -> PromiseDeliveryResponse:
    if look.digest != digest:
        raise reused(request.request_id)
    answer = PromiseDeliveryResponse()
    answer.promise.MergeFromString(look.promise or b"")
    return answer


def _batches(words: Sequence[str], size: int) -> list[Sequence[str]]:
    return [words[start : start + size] for start in range(0, len(words), size)]


def taken(promise: Promise, level: str) -> DeliveryOption | None:
    """Return the option that an order of this level of service took: that of the level, else the first."""
    same = [option for option in promise.options if option.service_level == level]
    return next(iter([*same, *promise.options]), None)


async def follow(conn: Connection, promise: Promise, decision: Decision, now: datetime, *, level: str = "") -> None:
    """Add a version to a promise whose order was planned: it is kept by that plan, or this is what is promised now.

    What was promised from supply that is still to come is kept by leaving it for then.
    """
    newest = await store_promises.newest(conn, promise.promise_id, to_add=True)
    if newest is None:
        raise PromiseNotFound(promise.promise_id)
    option = taken(newest, level or "STANDARD")
    version = Promise()
    version.CopyFrom(newest)
    version.version += 1
    version.order_id, version.decision_id = decision.order_id or newest.order_id, decision.decision_id
    version.note = ""
    version.create_time.CopyFrom(from_time(now))
    del version.options[:]
    if option is not None and _keeps(decision, option, newest):
        version.cause = Promise.CAUSE_KEPT
        version.options.add().CopyFrom(option)
    else:
        version.cause = Promise.CAUSE_PLAN
        if decision.assignments:
            _fill_planned(version.options.add(), decision, option)
        del version.short_lines[:]
        for one in decision.unplanned_lines:
            version.short_lines.add(line_id=one.line_id, sku=one.sku, quantity=one.quantity)
    await store_promises.append(conn, version, now)


def _keeps(decision: Decision, option: DeliveryOption, promise: Promise) -> bool:
    limit = to_time(option.latest_delivery_time)
    waits = {one.line_id: one.quantity for one in promise.short_lines}
    for line in (line for one in option.shipments for line in one.lines if line.HasField("available_time")):
        waits[line.line_id] = waits.get(line.line_id, 0) + line.quantity
    return all(to_time(one.promise_time) <= limit for one in decision.assignments) and all(
        one.quantity <= waits.get(one.line_id, 0) for one in decision.unplanned_lines
    )


def _fill_planned(message: DeliveryOption, decision: Decision, before: DeliveryOption | None) -> None:
    """Write what a plan promises. How surely is not known: nothing that was learned went into it."""
    planned = decision.assignments
    message.service_level = before.service_level if before else "STANDARD"
    message.earliest_dispatch_time.CopyFrom(from_time(min(to_time(one.dispatch_time) for one in planned)))
    message.latest_dispatch_time.CopyFrom(from_time(max(to_time(one.dispatch_time) for one in planned)))
    earliest = min(to_time(one.earliest_delivery_time) for one in planned)
    message.earliest_delivery_time.CopyFrom(from_time(earliest))
    message.latest_delivery_time.CopyFrom(from_time(max(to_time(one.promise_time) for one in planned)))
    costs = [to_money(cost, "USD") for one in planned for cost in (one.shipping_cost, one.handling_cost)]
    message.cost.CopyFrom(from_money(sum(costs[1:], costs[0])))
    for one in planned:
        shipment = message.shipments.add(
            node_id=one.node_id, carrier_code=one.carrier_code, service_code=one.service_code
        )
        for line in one.lines:
            shipment.lines.add(line_id=line.line_id, sku=line.sku, quantity=line.quantity)
        shipment.dispatch_time.CopyFrom(one.dispatch_time)
        shipment.delivery_time.CopyFrom(one.promise_time)
