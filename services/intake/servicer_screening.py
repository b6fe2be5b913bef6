"""Screening rules, saved, used and tried; what channels call goods and places."""

import asyncio
from typing import Any

from oms.intake.v1 import screening_service_pb2 as rpc
from oms.intake.v1.screening_pb2 import ScreeningRuleVersion
from services.chassis.context import context_caller
from services.chassis.database import Connection
from services.chassis.paging import page_size
from services.intake import screening_reading, store, store_mapping, store_screening
from services.intake.domain.acceptance import normalised
from services.intake.pages import name, name_and_number, next_token
from services.intake.rpcs import Rpcs
from services.intake.wire_draft import draft_from, draft_message
from services.intake.wire_screening import (
    check_unique,
    draft_of,
    goods_from,
    goods_message,
    place_message,
    screened_hold_message,
    version_message,
)
from services.intake.wire_values import address_from
from services.kernel.errors import FailedPrecondition, NotFound


class ScreeningRpcs(Rpcs):
    """Screening rules, saved, used and tried; what channels call goods and places."""

    async def CheckScreeningRules(
        self, request: rpc.CheckScreeningRulesRequest, context: Any
    ) -> rpc.CheckScreeningRulesResponse:
        # Milliseconds for each expression: the other calls must not wait.
        problems = await asyncio.to_thread(screening_reading.problems, request.rule_set)
        return rpc.CheckScreeningRulesResponse(problems=problems)

    async def SaveScreeningRules(
        self, request: rpc.SaveScreeningRulesRequest, context: Any
    ) -> rpc.SaveScreeningRulesResponse:
        await asyncio.to_thread(screening_reading.read, request.rule_set, 0)
        rule_set, now, actor = request.rule_set, self._clock.now(), context_caller()

        async def effect(conn: Connection) -> rpc.SaveScreeningRulesResponse:
            await store_screening.lock_rules(conn, rule_set.name)
            newest = await store_screening.find_version(conn, rule_set.name)
            if newest is None or newest.rule_set != rule_set or newest.state == "RETIRED":
                number = newest.version + 1 if newest else 1
                await store_screening.add_version(conn, rule_set, version=number, now=now, actor=actor)
            saved = await store_screening.get_version(conn, rule_set.name)
            return rpc.SaveScreeningRulesResponse(version=version_message(saved))

        return await self._once(request, rpc.SaveScreeningRulesResponse, effect)

    async def ActivateScreeningRules(
        self, request: rpc.ActivateScreeningRulesRequest, context: Any
    ) -> rpc.ActivateScreeningRulesResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: Connection) -> rpc.ActivateScreeningRulesResponse:
            await store_screening.lock_rules(conn, request.name)
            version = await store_screening.get_version(conn, request.name, request.version)
            if version.state == "RETIRED":
                raise FailedPrecondition(
                    f"{request.name}@{version.version} is retired: save its rules again, and activate that version",
                    reason="SCREENING_RULES_RETIRED",
                    name=request.name,
                )
            if version.state == "DRAFT":
                await store_screening.activate(conn, request.name, version.version, now=now, actor=actor)
                await store_screening.touch(conn)
            active = await store_screening.get_version(conn, request.name, version.version)
            return rpc.ActivateScreeningRulesResponse(version=version_message(active))

        answer = await self._once(request, rpc.ActivateScreeningRulesResponse, effect)
        self._screener.memory.forget()
        return answer

    async def RetireScreeningRules(
        self, request: rpc.RetireScreeningRulesRequest, context: Any
    ) -> rpc.RetireScreeningRulesResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: Connection) -> rpc.RetireScreeningRulesResponse:
            await store_screening.lock_rules(conn, request.name)
            await store_screening.retire(conn, request.name, now=now, actor=actor)
            await store_screening.touch(conn)
            last = await store_screening.last_active(conn, request.name)
            if last is None:
                raise NotFound(
                    f"no version of {request.name} was ever active",
                    reason="SCREENING_RULES_NOT_FOUND",
                    name=request.name,
                )
            return rpc.RetireScreeningRulesResponse(version=version_message(last))

        answer = await self._once(request, rpc.RetireScreeningRulesResponse, effect)
        self._screener.memory.forget()
        return answer

    async def GetScreeningRules(
        self, request: rpc.GetScreeningRulesRequest, context: Any
    ) -> rpc.GetScreeningRulesResponse:
        async with self._db.connect() as conn:
            version = await store_screening.get_version(conn, request.name, request.version)
        return rpc.GetScreeningRulesResponse(version=version_message(version))

    async def ListScreeningRules(
        self, request: rpc.ListScreeningRulesRequest, context: Any
    ) -> rpc.ListScreeningRulesResponse:
        # A set is up to half a megabyte: no page may pass a message's limit.
        size, after = page_size(request.page_size, maximum=50), name_and_number(request)
        state = ScreeningRuleVersion.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        async with self._db.connect() as conn:
            found = await store_screening.list_versions(conn, state=state, after=after, limit=size + 1)
        token = next_token(request, [(one.rule_set.name, one.version) for one in found], size)
        return rpc.ListScreeningRulesResponse(
            versions=[version_message(one) for one in found[:size]], next_page_token=token
        )

    async def CheckOrderScreening(
        self, request: rpc.CheckOrderScreeningRequest, context: Any
    ) -> rpc.CheckOrderScreeningResponse:
        rules = None
        if request.HasField("rule_set"):
            rules = (await asyncio.to_thread(screening_reading.read, request.rule_set, 0),)
        if request.order_id:
            async with self._db.connect() as conn:
                draft = draft_of(await store.get_order(conn, request.order_id))
        else:
            draft = normalised(draft_from(request.draft))
        screened = await self._screener.rehearse(draft, order_id=request.order_id, rules=rules, now=self._clock.now())
        return rpc.CheckOrderScreeningResponse(
            holds=[screened_hold_message(finding) for finding in screened.findings],
            draft=draft_message(screened.draft),
        )

    async def SetChannelSkus(self, request: rpc.SetChannelSkusRequest, context: Any) -> rpc.SetChannelSkusResponse:
        check_unique([one.channel_sku for one in request.skus], "DUPLICATE_CHANNEL_SKU", "channel_sku")
        entries, now, actor = [goods_from(one) for one in request.skus], self._clock.now(), context_caller()

        async def effect(conn: Connection) -> rpc.SetChannelSkusResponse:
            changed = await store_mapping.set_goods(conn, request.channel, entries, now=now, actor=actor)
            await store_screening.touch(conn)
            return rpc.SetChannelSkusResponse(changed_count=changed)

        answer = await self._once(request, rpc.SetChannelSkusResponse, effect)
        self._screener.memory.forget()
        return answer

    async def ListChannelSkus(self, request: rpc.ListChannelSkusRequest, context: Any) -> rpc.ListChannelSkusResponse:
        size, after = page_size(request.page_size), name(request)
        async with self._db.connect() as conn:
            found = await store_mapping.list_goods(conn, request.channel, after=after, limit=size + 1)
        token = next_token(request, [(entry[0],) for entry in found], size)
        return rpc.ListChannelSkusResponse(skus=[goods_message(*one) for one in found[:size]], next_page_token=token)

    async def SetChannelLocations(
        self, request: rpc.SetChannelLocationsRequest, context: Any
    ) -> rpc.SetChannelLocationsResponse:
        check_unique([one.location_code for one in request.locations], "DUPLICATE_LOCATION", "location_code")
        places = [(one.location_code, address_from(one.address)) for one in request.locations]
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: Connection) -> rpc.SetChannelLocationsResponse:
            changed = await store_mapping.set_places(conn, request.channel, places, now=now, actor=actor)
            await store_screening.touch(conn)
            return rpc.SetChannelLocationsResponse(changed_count=changed)

        answer = await self._once(request, rpc.SetChannelLocationsResponse, effect)
        self._screener.memory.forget()
        return answer

    async def ListChannelLocations(
        self, request: rpc.ListChannelLocationsRequest, context: Any
    ) -> rpc.ListChannelLocationsResponse:
        size, after = page_size(request.page_size), name(request)
        async with self._db.connect() as conn:
            found = await store_mapping.list_places(conn, request.channel, after=after, limit=size + 1)
        token = next_token(request, [(code,) for code, _ in found], size)
        return rpc.ListChannelLocationsResponse(
            locations=[place_message(*one) for one in found[:size]], next_page_token=token
        )
