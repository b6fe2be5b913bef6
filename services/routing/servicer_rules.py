"""The RPCs of rule sets."""

import asyncio
from collections.abc import Awaitable, Callable

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from oms.routing.v1.rule_set_pb2 import RuleSetVersion
from services.chassis import paging
from services.chassis.context import context_caller
from services.kernel.errors import FailedPrecondition, NotFound
from services.routing import rules_probes, rules_reading, store, store_rules, wire_rules
from services.routing.domain.rule_versions import Review, RuleSetFailed, State, check_reviews, check_step
from services.routing.domain.rules import Rules
from services.routing.rpcs import Rpcs
from services.routing.store_rules import Event, Version

# Tries rules on something; returns what failed, in words: where, why, and for which order.
Trial = Callable[[Rules], Awaitable[list[str]]]

# A page of versions ends early rather than pass a message's 4 MiB.
_PAGE_BYTES = 3 * 1024 * 1024


class SimulationNotFound(NotFound):
    reason = "SIMULATION_NOT_FOUND"

    def __init__(self, simulation_id: str) -> None:
        super().__init__(f"there is no simulation {simulation_id!r}", simulation_id=simulation_id)


class OtherVersion(FailedPrecondition):
    reason = "OTHER_VERSION"

    def __init__(self, simulation_id: str, tried: str, reviewed: str) -> None:
        message = f"{simulation_id} tried {tried}, which says nothing of {reviewed}; simulate {reviewed}"
        super().__init__(message, simulation_id=simulation_id, tried=tried, reviewed=reviewed)


class RuleRpcs(Rpcs):
    """What orders are planned by, and how it comes to that."""

    async def CheckRuleSet(
        self, request: messages.CheckRuleSetRequest, context: ServicerContext
    ) -> messages.CheckRuleSetResponse:
        # Milliseconds for each expression: the other calls must not wait.
        problems = await asyncio.to_thread(rules_reading.problems, request.rule_set)
        return messages.CheckRuleSetResponse(problems=problems)

    async def SaveRuleSet(
        self, request: messages.SaveRuleSetRequest, context: ServicerContext
    ) -> messages.SaveRuleSetResponse:
        await asyncio.to_thread(rules_reading.read, request.rule_set, "")
        document = wire_rules.to_document(request.rule_set)
        rule_set_id, digest = request.rule_set.rule_set_id, wire_rules.digest(document)

        async def effect(conn: store.Connection) -> messages.SaveRuleSetResponse:
            await store_rules.lock(conn, rule_set_id)
            newest = await store_rules.newest(conn, rule_set_id)
            if newest is None or newest.digest != digest:
                number = 1 if newest is None else newest.number + 1
                event = self._event(State.DRAFT, request.note)
                await store_rules.add_version(conn, rule_set_id, number, document=document, digest=digest, event=event)
                newest = await store_rules.find_version(conn, rule_set_id, number)
            return messages.SaveRuleSetResponse(rule_set_version=wire_rules.from_version(newest))

        return await self._once(request, messages.SaveRuleSetResponse, effect)

    async def ChangeRuleSetState(
        self, request: messages.ChangeRuleSetStateRequest, context: ServicerContext
    ) -> messages.ChangeRuleSetStateResponse:
        wanted = wire_rules.to_state(request.state)
        assert wanted is not None  # noqa: S101 - the proto says so
        if wanted is State.VALIDATED:
            await self._check_trial(request)

        async def effect(conn: store.Connection) -> messages.ChangeRuleSetStateResponse:
            await store_rules.lock(conn, request.rule_set_id)
            version = await store_rules.find_version(conn, request.rule_set_id, request.version)
            _check(version, wanted)
            await self._move(conn, version, self._event(wanted, request.note))
            moved = await store_rules.find_version(conn, request.rule_set_id, request.version)
            return messages.ChangeRuleSetStateResponse(rule_set_version=wire_rules.from_version(moved))

        return await self._once(request, messages.ChangeRuleSetStateResponse, effect)

    async def ReviewRuleSet(
        self, request: messages.ReviewRuleSetRequest, context: ServicerContext
    ) -> messages.ReviewRuleSetResponse:
        async def effect(conn: store.Connection) -> messages.ReviewRuleSetResponse:
            await store_rules.lock(conn, request.rule_set_id)
            version = await store_rules.find_version(conn, request.rule_set_id, request.version)
            tried = await store_rules.simulated(conn, request.simulation_id)
            if tried is None:
                raise SimulationNotFound(request.simulation_id)
            if tried != (version.rule_set_id, version.number):
                raise OtherVersion(request.simulation_id, f"{tried[0]}@{tried[1]}", version.name)
            review = Review(
                item=wire_rules.to_item(request.item),
                simulation_id=request.simulation_id,
                actor=context_caller(),
                note=request.note,
                time=self._clock.now(),
            )
            await store_rules.put_review(conn, version.rule_set_id, version.number, review)
            reviewed = await store_rules.find_version(conn, version.rule_set_id, version.number)
            return messages.ReviewRuleSetResponse(rule_set_version=wire_rules.from_version(reviewed))

        return await self._once(request, messages.ReviewRuleSetResponse, effect)

    async def GetRuleSet(
        self, request: messages.GetRuleSetRequest, context: ServicerContext
    ) -> messages.GetRuleSetResponse:
        async with self._database.connect() as conn:
            version = await store_rules.find_version(conn, request.rule_set_id, request.version)
        return messages.GetRuleSetResponse(rule_set_version=wire_rules.from_version(version))

    async def ListRuleSets(
        self, request: messages.ListRuleSetsRequest, context: ServicerContext
    ) -> messages.ListRuleSetsResponse:
        size = paging.page_size(request.page_size)
        after = wire_rules.version_position(paging.decode_token(request))
        state = wire_rules.to_state(request.state)
        async with self._database.connect() as conn:
            found = await store_rules.list_versions(
                conn, rule_set_id=request.rule_set_id, state=state, after=after, limit=size + 1
            )
        page = _fitting([wire_rules.from_version(version) for version in found[:size]])
        token = ""
        if len(found) > len(page):
            last = found[len(page) - 1]
            token = paging.encode_token(request, last.rule_set_id, last.number)
        return messages.ListRuleSetsResponse(rule_set_versions=page, next_page_token=token)

    async def _trial(self, rules: Rules) -> list[str]:
        """Try rules before they are relied on (a Trial): on what may come, and on what has come."""
        failures = await asyncio.to_thread(rules_probes.trial, rules)
        return [*failures, *await self._simulating.failures(rules, self._clock.now())]

    async def _check_trial(self, request: messages.ChangeRuleSetStateRequest) -> None:
        """Try a version, before the transaction begins: it takes long."""
        async with self._database.connect() as conn:
            version = await store_rules.find_version(conn, request.rule_set_id, request.version)
        if version.state is not State.DRAFT:
            return  # the same request again, which has its answer, or a step that is refused
        rules = await asyncio.to_thread(rules_reading.read, store_rules.to_rule_set(version.document), version.name)
        if failures := await self._trial(rules):
            raise RuleSetFailed(version.name, failures)

    async def _move(self, conn: store.Connection, version: Version, event: Event) -> None:
        """Move a version on; the one that was in its place makes room."""
        if event.state in (State.ACTIVE, State.SHADOW):
            before = await store_rules.in_state(conn, version.rule_set_id, event.state)
            if before is not None:
                retired = self._event(State.RETIRED, f"{version.name} took its place")
                await store_rules.move(conn, version.rule_set_id, before, retired)
        await store_rules.move(conn, version.rule_set_id, version.number, event)

    def _event(self, state: State, note: str) -> Event:
        return Event(state=state, actor=context_caller(), note=note, time=self._clock.now())


def _check(version: Version, wanted: State) -> None:
    past = {event.state for event in version.events}
    check_step(version.name, version.state, wanted, past=past)
    if wanted is State.ACTIVE:
        check_reviews(version.name, version.reviews, past=past)


def _fitting(versions: list[RuleSetVersion]) -> list[RuleSetVersion]:
    """Return as many as fit into a message, at least one."""
    room = _PAGE_BYTES
    for count, version in enumerate(versions):
        room -= version.ByteSize()
        if room < 0:
            return versions[: max(1, count)]
    return versions
