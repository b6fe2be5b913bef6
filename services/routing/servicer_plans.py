"""The RPCs of plans and decisions."""

from dataclasses import replace

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from oms.routing.v1.decision_pb2 import Decision
from services.chassis import paging
from services.kernel import ids
from services.kernel.errors import NotFound
from services.routing import store, wire, wire_decisions
from services.routing.domain.comparing import takes
from services.routing.domain.demand import Demand
from services.routing.domain.digest import inputs_digest
from services.routing.domain.drafting import PICKUP
from services.routing.domain.node import NodeNotFound
from services.routing.domain.rules import Rules
from services.routing.memory import Known
from services.routing.planner import Decided
from services.routing.promising import PromiseNotFound, follow, taken
from services.routing.rpcs import Rpcs
from services.routing.store_planning import Look
from services.routing.wire_value import to_time

# A page of decisions ends early rather than pass a message's 4 MiB.
_PAGE_BYTES = 3 * 1024 * 1024


class PlanRpcs(Rpcs):
    """Who ships what."""

    async def PlanOrder(
        self, request: messages.PlanOrderRequest, context: ServicerContext
    ) -> messages.PlanOrderResponse:
        demand = wire_decisions.to_demand(request)
        # One request, one decision: on a retry the stored answer is given, and stock is not even read.
        decision_id = ids.derived(ids.DECISION, request.request_id)
        skus = list(dict.fromkeys(line.sku for line in demand.lines))
        look, known = await self._planner.look(decision_id=decision_id, promise_id=request.promise_id, skus=skus)
        if request.promise_id and look.promise is None:
            raise PromiseNotFound(request.promise_id)
        if demand.pickup_node_id and demand.pickup_node_id not in known.network.by_id:
            raise NodeNotFound(demand.pickup_node_id)
        rules = await self._planner.rules(request.rule_version) if request.rule_version else None
        decided = decision = None
        if look.decision is None:
            decided = await self._decide(request, demand, look, known, rules)
            decision = decided_message(decided, decision_id, request.order_id)
        if rules is not None and decision is not None:
            return messages.PlanOrderResponse(decision=decision)

        async def effect(conn: store.Connection) -> messages.PlanOrderResponse:
            stored = await store.find_decision(conn, decision_id)
            if stored is not None or decided is None or decision is None:
                return messages.PlanOrderResponse(decision=wire_decisions.from_json(stored or {}))
            await self._planner.write(conn, decision, decided)
            if look.promise is not None:
                await follow(conn, look.promise, decision, decided.inputs.now, level=_level(request))
            return messages.PlanOrderResponse(decision=decision)

        answer = await self._once(request, messages.PlanOrderResponse, effect)
        self._shadowing.later(decided, answer.decision)
        return answer

    async def _decide(
        self, request: messages.PlanOrderRequest, demand: Demand, look: Look, known: Known, rules: Rules | None
    ) -> Decided:
        promise = ""
        if look.promise is not None:
            promise = f"{look.promise.promise_id}@{look.promise.version}"
            option = taken(look.promise, _level(request))
            if demand.due_time is None and option is not None:
                demand = replace(demand, due_time=to_time(option.latest_delivery_time))
        inputs = await self._planner.inputs(
            demand, look, known, owner_id=request.order_id, promise=promise, rules=rules
        )
        return Decided(inputs=inputs, plan=await self._planner.plan(inputs), known=known)

    async def GetDecision(
        self, request: messages.GetDecisionRequest, context: ServicerContext
    ) -> messages.GetDecisionResponse:
        async with self._database.connect() as conn:
            document = await store.find_decision(conn, request.decision_id)
        if document is None:
            message = f"there is no decision {request.decision_id!r}; ListDecisions shows those of an order"
            raise NotFound(message, reason="DECISION_NOT_FOUND", decision_id=request.decision_id)
        return messages.GetDecisionResponse(decision=wire_decisions.from_json(document))

    async def ListDecisions(
        self, request: messages.ListDecisionsRequest, context: ServicerContext
    ) -> messages.ListDecisionsResponse:
        size = paging.page_size(request.page_size)
        before = wire.decision_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            rows = await store.list_decisions(conn, order_id=request.order_id, before=before, limit=size + 1)
        page = _fitting([wire_decisions.from_json(document) for document, _, _ in rows[:size]])
        _, time, decision_id = rows[len(page) - 1] if page else ({}, self._clock.now(), "")
        token = paging.encode_token(request, time.isoformat(), decision_id) if len(rows) > len(page) else ""
        return messages.ListDecisionsResponse(decisions=page, next_page_token=token)


def decided_message(decided: Decided, decision_id: str, order_id: str) -> Decision:
    """Return a plan as the decision that it is."""
    inputs = decided.inputs
    return wire_decisions.from_plan(
        decided.plan,
        decision_id=decision_id,
        order_id=order_id,
        inputs_digest=inputs_digest(inputs),
        create_time=inputs.now,
        due_time=inputs.demand.due_time,
        promise=inputs.promise,
        shadow_version=", ".join(
            rules.version for rules in decided.known.shadows if takes(rules, decided.known.active, inputs.demand)
        ),
    )


def _level(request: messages.PlanOrderRequest) -> str:
    """Return which option of a promise the order took."""
    return PICKUP if request.pickup_node_id else request.service_level or "STANDARD"


def _fitting(decisions: list[Decision]) -> list[Decision]:
    """Return as many as fit into a message, at least one."""
    room = _PAGE_BYTES
    for count, decision in enumerate(decisions):
        room -= decision.ByteSize()
        if room < 0:
            return decisions[: max(1, count)]
    return decisions
