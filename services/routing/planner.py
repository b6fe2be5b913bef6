"""Makes decisions: gathers what a plan is made from, plans, and writes down what came out and why."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from services.chassis.database import Database
from services.kernel.clock import Clock
from services.routing import geocode, inputs_record, store, store_planning, wire_decisions
from services.routing.domain.demand import Demand
from services.routing.domain.inputs import Inputs, Loads
from services.routing.domain.network import Network, Site
from services.routing.domain.outcome import Plan
from services.routing.domain.planning import make_plan
from services.routing.domain.rules import Rules, select
from services.routing.memory import Known, Memory
from services.routing.stock import Stock, read_stock
from services.routing.store_planning import Look

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub
    from oms.routing.v1.decision_pb2 import Decision

# Of more lines times nodes than this a plan takes long enough to disturb the other calls: it is made in a thread.
_QUICK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A plan with what it was made from."""

    inputs: Inputs
    plan: Plan
    known: Known


class Planner:
    """Plans from what is true now. Inventory is asked before any transaction begins, which so never waits for it."""

    def __init__(
        self, database: Database, clock: Clock, memory: Memory, inventory: "InventoryServiceAsyncStub"
    ) -> None:
        self._database = database
        self._clock = clock
        self._memory = memory
        self._inventory = inventory
        self._stored_networks: set[str] = set()

    async def look(self, *, decision_id: str, promise_id: str, skus: Sequence[str]) -> tuple[Look, Known]:
        """Return what every plan must know, in one round trip where nothing has changed."""
        async with self._database.connect() as conn:
            look = await store_planning.look(conn, decision_id=decision_id, promise_id=promise_id, skus=skus)
            return look, await self._memory.known(conn, look.versions)

    async def rules(self, version: str) -> Rules:
        """Return the rules of a version, "id@n".

        Raises:
            RuleSetNotFound: there is no such version.
        """
        async with self._database.connect() as conn:
            return await self._memory.rules(conn, version)

    async def inputs(
        self,
        demand: Demand,
        look: Look,
        known: Known,
        *,
        owner_id: str,
        segment: str = "",
        promise: str = "",
        rules: Rules | None = None,
    ) -> Inputs:
        """Return all that a plan is made from, with the stock of now.

        Raises:
            InventoryUnavailable: inventory does not answer.
        """
        now = self._clock.now()
        country = demand.destination.country_code
        rules = rules or select(known.active, country, demand.channel, demand.program)
        stock, loads = await asyncio.gather(
            self.stock(demand, known.network, owner_id=owner_id, segment=segment),
            self.loads(demand, known.network, rules, now),
        )
        return Inputs(
            demand=demand,
            network=known.network,
            stock=stock,
            place=geocode.locate(demand.destination),
            now=now,
            rules=rules,
            products=look.products,
            loads=loads,
            promise=promise,
        )

    async def stock(self, demand: Demand, network: Network, *, owner_id: str, segment: str = "") -> Stock:
        """Return what the nodes that could ship have of what is wanted."""
        skus = list(dict.fromkeys(line.sku for line in demand.lines))
        node_ids = [site.node_id for site in network.sites if not site.node.disabled]
        return await read_stock(self._inventory, skus, node_ids, owner_id=owner_id, segment=segment)

    async def plan(self, inputs: Inputs) -> Plan:
        """Return the plan, without holding up the other calls."""
        if len(inputs.demand.lines) * len(inputs.network.sites) <= _QUICK:
            return make_plan(inputs)
        return await asyncio.to_thread(make_plan, inputs)

    async def write(self, conn: store.Connection, decision: "Decision", decided: Decided) -> None:
        """Store a decision with what it was made from, and count what it asks of nodes and services."""
        inputs, decision_id = decided.inputs, decision.decision_id
        await store.add_decision(
            conn,
            wire_decisions.to_json(decision),
            decision_id=decision_id,
            order_id=decision.order_id,
            rule_version=decision.rule_version,
            inputs_digest=decision.inputs_digest,
            create_time=inputs.now,
        )
        digest = inputs.network.digest
        if digest not in self._stored_networks:
            # Remembered once it is seen to be there: our own transaction may still fail.
            if await store_planning.knows_network(conn, digest):
                self._stored_networks.add(digest)
            else:
                await store_planning.add_network(conn, digest=digest, snapshot=decided.known.snapshot, now=inputs.now)
        document = inputs_record.to_document(inputs, decision.order_id)
        await store_planning.add_inputs(conn, decision_id, document, digest=digest, now=inputs.now)
        await _count(conn, decided)

    async def loads(self, demand: Demand, network: Network, rules: Rules, now: datetime) -> Loads:
        limited = [site for site in network.sites if site.node.daily_capacity or site.node.hourly_capacity]
        services = [service.key for service in network.services if service.daily_capacity]
        asks = rules.uses("stock")
        if not limited and not services and not asks:
            return Loads()
        skus = list(dict.fromkeys(line.sku for line in demand.lines))
        async with self._database.connect() as conn:
            hours = await store_planning.hours(conn, [one.node_id for one in limited], now) if limited else {}
            return Loads(
                hours=hours,
                days=_days(limited, hours),
                parcels=await store_planning.parcels(conn, services, now) if services else {},
                daily_demand=await store_planning.daily_demand(conn, skus, now) if asks else {},
            )


def _days(sites: Sequence[Site], hours: Mapping[str, Mapping[datetime, int]]) -> dict[str, dict[date, int]]:
    days: dict[str, dict[date, int]] = {}
    for site in sites:
        for hour, orders in hours.get(site.node_id, {}).items():
            day = hour.astimezone(site.zone).date()
            mine = days.setdefault(site.node_id, {})
            mine[day] = mine.get(day, 0) + orders
    return days


async def _count(conn: store.Connection, decided: Decided) -> None:
    """Count what a decision asks for. Where there is no limit, nobody waits for a counter."""
    inputs, assignments = decided.inputs, decided.plan.assignments
    by_id = inputs.network.by_id
    limited = {service.key: service.daily_capacity for service in inputs.network.services}
    nodes, parcels, units = [], [], []
    for one in assignments:
        site = by_id[one.node.node_id]
        # A day's capacity is that of the day on which it leaves; an hour's that of the hour in which work begins.
        start = inputs.loads.start(site, inputs.now)
        leaves = one.dispatch_time.astimezone(site.zone).date()
        if leaves != start.astimezone(site.zone).date():
            start = one.dispatch_time
        if site.node.daily_capacity or site.node.hourly_capacity:
            nodes.append((site.node_id, start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)))
        if limited.get(f"{one.carrier_code}/{one.service_code}"):
            parcels.append((site.node_id, one.carrier_code, one.service_code, leaves))
        units += [(piece.sku, site.node_id, piece.quantity) for piece in one.pieces]
    await store_planning.add_loads(conn, nodes=nodes, parcels=parcels, units=units, day=inputs.now.date())
