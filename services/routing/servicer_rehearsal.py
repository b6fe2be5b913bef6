"""The RPCs that explain decisions, make them again, and try rule sets on many of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from oms.routing.v1.decision_pb2 import Decision
from oms.routing.v1.rehearsal_pb2 import Simulation
from services.chassis.context import context_caller
from services.kernel import ids
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound
from services.routing import (
    replaying,
    rules_reading,
    store,
    store_rehearsal,
    store_rules,
    wire_decisions,
    wire_rehearsal,
)
from services.routing.domain.comparing import Comparing, differences
from services.routing.domain.digest import inputs_digest
from services.routing.domain.inputs import Inputs
from services.routing.domain.rule_versions import State
from services.routing.domain.rules import Rules
from services.routing.explaining import Explaining
from services.routing.pacing import Beat
from services.routing.replaying import DecisionNotReplayable, Seen
from services.routing.rpcs import Rpcs
from services.routing.simulating import EVER, Trial
from services.routing.store_rehearsal import Window
from services.routing.store_rules import RuleSetNotFound, Version
from services.routing.wire_value import from_time, to_time

_MOST_ORDERS = 1000
# A report reads so many results at a time, and so many at most: a sample, as ids are no order of time.
_PAGE, _MOST_RESULTS = 500, 50_000
# A report waits so long for what this replica has answered just now.
_PATIENCE_SECONDS = 2.0


class DecisionNotFound(NotFound):
    reason = "DECISION_NOT_FOUND"

    def __init__(self, decision_id: str) -> None:
        message = f"there is no decision {decision_id!r}; ListDecisions shows those of an order"
        super().__init__(message, decision_id=decision_id)


class NoOrders(FailedPrecondition):
    reason = "NO_ORDERS"

    def __init__(self, rule_version: str) -> None:
        message = f"there are no orders that {rule_version} would plan; choose another time, or send orders to try"
        super().__init__(message, rule_version=rule_version)


class RehearsalRpcs(Rpcs):
    """Why a decision is as it is, and what others would be."""

    async def ExplainDecision(
        self, request: messages.ExplainDecisionRequest, context: ServicerContext
    ) -> messages.ExplainDecisionResponse:
        decision = await self._decision(request.decision_id)
        told, sentences = await Explaining(self._planner, self._replaying).explain(decision)
        return messages.ExplainDecisionResponse(decision=told, sentences=sentences)

    async def ReplayDecision(
        self, request: messages.ReplayDecisionRequest, context: ServicerContext
    ) -> messages.ReplayDecisionResponse:
        recorded = await self._decision(request.decision_id)
        inputs = await self._again(request)
        plan = await self._planner.plan(inputs)
        replayed = wire_decisions.from_plan(
            plan,
            decision_id=recorded.decision_id,
            order_id=recorded.order_id,
            inputs_digest=recorded.inputs_digest if _as_it_was(request, recorded) else inputs_digest(inputs),
            create_time=inputs.now,
            due_time=inputs.demand.due_time,
            promise=inputs.promise,
        )
        replayed.shadow_version = recorded.shadow_version
        before, after = wire_rehearsal.to_outline(recorded), wire_rehearsal.to_outline(replayed)
        return messages.ReplayDecisionResponse(
            recorded=recorded,
            replayed=replayed,
            same_plan=before.parts == after.parts,
            differences=differences(before, after),
        )

    async def SimulateRuleSet(
        self, request: messages.SimulateRuleSetRequest, context: ServicerContext
    ) -> AsyncIterator[messages.SimulateRuleSetResponse]:
        # One request, one simulation: on a retry the stored answer is given, and no order is planned.
        simulation_id = ids.derived(ids.SIMULATION, request.request_id)
        async with self._database.connect() as conn:
            simulation = await store_rehearsal.find_simulation(conn, simulation_id)
        if simulation is None:
            trial = await self._trial_of(request)
            comparing, beat, total = Comparing(trial.tried.currency_code), Beat(), await self._simulating.count(trial)
            async with aclosing(self._simulating.run(trial, comparing)) as steps:
                async for _ in steps:
                    if beat.due(comparing.orders):
                        yield messages.SimulateRuleSetResponse(done=comparing.orders, total=total)
            simulation = self._simulation(simulation_id, trial, comparing, request.baseline_version)

        async def effect(conn: store.Connection) -> messages.SimulateRuleSetResponse:
            stored = await store_rehearsal.find_simulation(conn, simulation_id)
            if stored is None:
                await store_rehearsal.add_simulation(conn, simulation)
            orders = (stored or simulation).comparison.orders
            return messages.SimulateRuleSetResponse(done=orders, total=orders, simulation=stored or simulation)

        yield await self._once(request, messages.SimulateRuleSetResponse, effect)

    async def GetShadowReport(
        self, request: messages.GetShadowReportRequest, context: ServicerContext
    ) -> messages.GetShadowReportResponse:
        await self._shadowing.caught_up(_PATIENCE_SECONDS)
        version = await self._shadow(request)
        async with self._database.connect() as conn:
            comparing = Comparing((await self._memory.rules(conn, version.name)).currency_code)
            after = ""
            while comparing.orders < _MOST_RESULTS:
                page = await store_rehearsal.shadow_page(
                    conn, version.rule_set_id, version.number, after=after, limit=_PAGE
                )
                for decision_id, document in page:
                    wire_rehearsal.add_shadow(comparing, decision_id, document)
                if len(page) < _PAGE:
                    break
                after = page[-1][0]
        began = [event.time for event in version.events if event.state is State.SHADOW]
        return messages.GetShadowReportResponse(
            comparison=wire_rehearsal.from_comparison(comparing, rule_version=version.name),
            start_time=from_time(began[-1]) if began else None,
        )

    async def _decision(self, decision_id: str) -> Decision:
        async with self._database.connect() as conn:
            document = await store.find_decision(conn, decision_id)
        if document is None:
            raise DecisionNotFound(decision_id)
        return wire_decisions.from_json(document)

    async def _again(self, request: messages.ReplayDecisionRequest) -> Inputs:
        """Return what a decision is to be made from this time."""
        seen = await self._replaying.seen(request.decision_id)
        if seen is None:
            raise DecisionNotReplayable(request.decision_id, "what it was made from was not written down")
        rules = await self._rules(request, seen)
        if request.stock == messages.ReplayDecisionRequest.STOCK_NOW:
            inputs = await self._replaying.now(seen, rules)
        else:
            inputs = seen.inputs(rules)
            if rules.version != seen.rule_version:
                inputs = await self._replaying.by(inputs, rules)
        return replaying.without(inputs, request.excluded_node_ids)

    async def _rules(self, request: messages.ReplayDecisionRequest, seen: Seen) -> Rules:
        try:
            return await self._planner.rules(request.rule_version or seen.rule_version)
        except RuleSetNotFound:
            if request.rule_version:
                raise
            why = f"its rules, {seen.rule_version}, were built in once and are no more"
            raise DecisionNotReplayable(request.decision_id, why) from None

    async def _trial_of(self, request: messages.SimulateRuleSetRequest) -> Trial:
        baseline = await self._planner.rules(request.baseline_version) if request.baseline_version else None
        return Trial(
            tried=await self._tried(request),
            baseline=baseline,
            window=Window(
                since=to_time(request.start_time) if request.HasField("start_time") else EVER,
                until=to_time(request.end_time) if request.HasField("end_time") else self._clock.now(),
            ),
            most_orders=request.max_orders or _MOST_ORDERS,
            orders=request.orders,
        )

    async def _tried(self, request: messages.SimulateRuleSetRequest) -> Rules:
        if request.rule_set_id:
            async with self._database.connect() as conn:
                version = await store_rules.find_version(conn, request.rule_set_id, request.version)
                return await self._memory.rules(conn, version.name)
        if not request.HasField("rule_set"):
            raise InvalidArgument("name a rule set, or send one", reason="NO_RULE_SET")
        name = f"{request.rule_set.rule_set_id}@0"  # it is not saved
        return await asyncio.to_thread(rules_reading.read, request.rule_set, name)

    def _simulation(self, simulation_id: str, trial: Trial, comparing: Comparing, baseline: str) -> Simulation:
        if not comparing.orders:
            raise NoOrders(trial.tried.version)
        comparison = wire_rehearsal.from_comparison(
            comparing, rule_version=trial.tried.version, baseline_version=baseline
        )
        return Simulation(
            simulation_id=simulation_id,
            comparison=comparison,
            actor=context_caller(),
            create_time=from_time(self._clock.now()),
        )

    async def _shadow(self, request: messages.GetShadowReportRequest) -> Version:
        async with self._database.connect() as conn:
            number = request.version or await store_rules.in_state(conn, request.rule_set_id, State.SHADOW)
            return await store_rules.find_version(conn, request.rule_set_id, number or 0)


def _as_it_was(request: messages.ReplayDecisionRequest, recorded: Decision) -> bool:
    return (
        request.stock != messages.ReplayDecisionRequest.STOCK_NOW
        and request.rule_version in {"", recorded.rule_version}
        and not request.excluded_node_ids
    )
