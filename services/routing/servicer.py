"""The RPCs of routing: decode, decide, write, encode."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from oms.routing.v1.decision_pb2 import Decision
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceServicer
from services.chassis import paging
from services.chassis.database import Database
from services.chassis.idempotency import Idempotency
from services.kernel import ids
from services.kernel.clock import Clock
from services.kernel.errors import NotFound
from services.routing import geocode, store, wire
from services.routing.domain import network
from services.routing.domain.demand import Demand
from services.routing.domain.digest import inputs_digest
from services.routing.domain.node import checked
from services.routing.domain.plan import Inputs, make_plan
from services.routing.domain.rules import BUILTIN
from services.routing.stock import read_stock

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub

# A page of decisions ends early rather than pass a message's 4 MiB.
_PAGE_BYTES = 3 * 1024 * 1024


class RoutingServicer(RoutingServiceServicer):
    """Owns the network and the decisions."""

    def __init__(
        self, *, database: Database, idempotency: Idempotency, clock: Clock, inventory: "InventoryServiceAsyncStub"
    ) -> None:
        self._database = database
        self._once = idempotency.once
        self._clock = clock
        self._inventory = inventory

    async def CreateNode(
        self, request: messages.CreateNodeRequest, context: ServicerContext
    ) -> messages.CreateNodeResponse:
        node = checked(wire.to_node(request.node))

        async def effect(conn: store.Connection) -> messages.CreateNodeResponse:
            stored = await store.add_node(conn, node, self._clock.now())
            return messages.CreateNodeResponse(node=wire.from_node(stored))

        return await self._once(request, messages.CreateNodeResponse, effect)

    async def UpdateNode(
        self, request: messages.UpdateNodeRequest, context: ServicerContext
    ) -> messages.UpdateNodeResponse:
        node = checked(wire.to_node(request.node))

        async def effect(conn: store.Connection) -> messages.UpdateNodeResponse:
            stored = await store.replace_node(conn, node, self._clock.now())
            return messages.UpdateNodeResponse(node=wire.from_node(stored))

        return await self._once(request, messages.UpdateNodeResponse, effect)

    async def GetNode(self, request: messages.GetNodeRequest, context: ServicerContext) -> messages.GetNodeResponse:
        async with self._database.connect() as conn:
            node = await store.find_node(conn, request.node_id)
        return messages.GetNodeResponse(node=wire.from_node(node))

    async def ListNodes(
        self, request: messages.ListNodesRequest, context: ServicerContext
    ) -> messages.ListNodesResponse:
        size = paging.page_size(request.page_size)
        after = wire.node_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            nodes = await store.list_nodes(conn, enabled_only=request.enabled_only, after=after, limit=size + 1)
        token = paging.encode_token(request, nodes[size - 1].node_id) if len(nodes) > size else ""
        return messages.ListNodesResponse(nodes=map(wire.from_node, nodes[:size]), next_page_token=token)

    async def PlanOrder(
        self, request: messages.PlanOrderRequest, context: ServicerContext
    ) -> messages.PlanOrderResponse:
        # One request, one decision: on a retry the stored answer is given, and stock is not even read.
        decision_id = ids.derived(ids.DECISION, request.request_id)
        async with self._database.connect() as conn:
            known = await store.find_decision(conn, decision_id) is not None
        # Inventory is asked before the transaction begins, which so never waits for another service.
        decision = None if known else await self._decide(request, decision_id)

        async def effect(conn: store.Connection) -> messages.PlanOrderResponse:
            stored = await store.find_decision(conn, decision_id)
            if stored is not None or decision is None:
                return messages.PlanOrderResponse(decision=wire.from_json(stored or {}))
            await store.add_decision(
                conn,
                wire.to_json(decision),
                decision_id=decision_id,
                order_id=decision.order_id,
                rule_version=decision.rule_version,
                inputs_digest=decision.inputs_digest,
                create_time=wire.to_time(decision.create_time),
            )
            return messages.PlanOrderResponse(decision=decision)

        return await self._once(request, messages.PlanOrderResponse, effect)

    async def GetDecision(
        self, request: messages.GetDecisionRequest, context: ServicerContext
    ) -> messages.GetDecisionResponse:
        async with self._database.connect() as conn:
            document = await store.find_decision(conn, request.decision_id)
        if document is None:
            message = f"there is no decision {request.decision_id!r}; ListDecisions shows those of an order"
            raise NotFound(message, reason="DECISION_NOT_FOUND", decision_id=request.decision_id)
        return messages.GetDecisionResponse(decision=wire.from_json(document))

    async def ListDecisions(
        self, request: messages.ListDecisionsRequest, context: ServicerContext
    ) -> messages.ListDecisionsResponse:
        size = paging.page_size(request.page_size)
        before = wire.decision_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            rows = await store.list_decisions(conn, order_id=request.order_id, before=before, limit=size + 1)
        page = _fitting([wire.from_json(document) for document, _, _ in rows[:size]])
        _, time, decision_id = rows[len(page) - 1] if page else ({}, self._clock.now(), "")
        token = paging.encode_token(request, time.isoformat(), decision_id) if len(rows) > len(page) else ""
        return messages.ListDecisionsResponse(decisions=page, next_page_token=token)

    async def _decide(self, request: messages.PlanOrderRequest, decision_id: str) -> Decision:
        demand, now = wire.to_demand(request), self._clock.now()
        inputs = await self._inputs(demand, request.order_id, now)
        # Seconds of arithmetic, for the largest orders, must not stop the other calls.
        plan = await asyncio.to_thread(make_plan, inputs)
        return wire.from_plan(
            plan,
            decision_id=decision_id,
            order_id=request.order_id,
            rule_version=inputs.rules.version,
            inputs_digest=inputs_digest(inputs),
            create_time=now,
        )

    async def _inputs(self, demand: Demand, order_id: str, now: datetime) -> Inputs:
        async with self._database.connect() as conn:
            nodes = tuple(await store.list_nodes(conn))
        serving, _ = network.qualify(nodes, demand)
        skus = list(dict.fromkeys(line.sku for line in demand.lines))
        stock = await read_stock(self._inventory, skus, [node.node_id for node in serving], owner_id=order_id)
        place = geocode.locate(demand.destination)
        return Inputs(demand=demand, nodes=nodes, stock=stock, place=place, now=now, rules=BUILTIN)


def _fitting(decisions: list[Decision]) -> list[Decision]:
    """Return as many as fit into a message, at least one."""
    room = _PAGE_BYTES
    for count, decision in enumerate(decisions):
        room -= decision.ByteSize()
        if room < 0:
            return decisions[: max(1, count)]
    return decisions
