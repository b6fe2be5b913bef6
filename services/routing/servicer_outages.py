"""The RPCs of outages."""

from dataclasses import replace

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from services.chassis import paging
from services.chassis.context import context_caller
from services.kernel import ids
from services.routing import store_outages, wire, wire_outages
from services.routing.domain.outage import AlreadyOff, AlreadyOn, Outage, ReasonMissing, Subject, subject_of
from services.routing.rpcs import Rpcs


class OutageRpcs(Rpcs):
    """What is off, and the work that was there."""

    async def SwitchNetwork(
        self, request: messages.SwitchNetworkRequest, context: ServicerContext
    ) -> messages.SwitchNetworkResponse:
        subject = subject_of(
            node_id=request.node_id, carrier_code=request.carrier_code, service_code=request.service_code
        )
        if request.off and not request.reason.strip():
            raise ReasonMissing

        async def effect(conn: store_outages.Connection) -> messages.SwitchNetworkResponse:
            outage = await (self._off(conn, subject, request) if request.off else self._on(conn, subject))
            return messages.SwitchNetworkResponse(outage=wire_outages.from_outage(outage))

        return await self._once(request, messages.SwitchNetworkResponse, effect)

    async def GetOutage(
        self, request: messages.GetOutageRequest, context: ServicerContext
    ) -> messages.GetOutageResponse:
        async with self._database.connect() as conn:
            outage = await store_outages.get(conn, request.outage_id)
            works = await store_outages.works(conn, request.outage_id)
        return messages.GetOutageResponse(outage=wire_outages.from_outage(outage, works))

    async def ListOutages(
        self, request: messages.ListOutagesRequest, context: ServicerContext
    ) -> messages.ListOutagesResponse:
        size = paging.page_size(request.page_size)
        before = wire.decision_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            found = await store_outages.page(conn, open_only=request.open_only, before=before, limit=size + 1)
        page, last = found[:size], found[size - 1] if len(found) > size else None
        token = paging.encode_token(request, last.start_time.isoformat(), last.outage_id) if last else ""
        return messages.ListOutagesResponse(outages=map(wire_outages.from_outage, page), next_page_token=token)

    async def RecordOutageWork(
        self, request: messages.RecordOutageWorkRequest, context: ServicerContext
    ) -> messages.RecordOutageWorkResponse:
        now = self._clock.now()
        works = [
            store_outages.Work(
                fulfillment_order_id=work.fulfillment_order_id,
                promise_time=wire_outages.moment_of(work),
                document=wire_outages.to_document(work, now),
            )
            for work in request.works
        ]

        async def effect(conn: store_outages.Connection) -> messages.RecordOutageWorkResponse:
            await store_outages.get(conn, request.outage_id)
            await store_outages.put_works(conn, request.outage_id, works)
            return messages.RecordOutageWorkResponse()

        return await self._once(request, messages.RecordOutageWorkResponse, effect)

    async def _off(
        self, conn: store_outages.Connection, subject: Subject, request: messages.SwitchNetworkRequest
    ) -> Outage:
        now = self._clock.now()
        disabled = await store_outages.lock_subject(conn, subject)
        if before := await store_outages.open_outage(conn, subject):
            if disabled:
                raise AlreadyOff(subject, before.outage_id)
            await self._end(conn, before)  # somebody enabled it by hand
        outage = Outage(
            outage_id=ids.derived(ids.OUTAGE, request.request_id),
            subject=subject,
            reason=request.reason,
            replans=request.replan,
            actor=context_caller(),
            start_time=now,
        )
        await store_outages.switch(conn, subject, disabled=True, reason=request.reason, now=now)
        await store_outages.add(conn, outage)
        if outage.replans:
            await self._parts.outbox.add(conn, wire_outages.start_of(outage))
        return outage

    async def _on(self, conn: store_outages.Connection, subject: Subject) -> Outage:
        await store_outages.lock_subject(conn, subject)
        outage = await store_outages.open_outage(conn, subject)
        if outage is None:
            raise AlreadyOn(subject)
        await store_outages.switch(conn, subject, disabled=False, reason="", now=self._clock.now())
        return await self._end(conn, outage)

    async def _end(self, conn: store_outages.Connection, outage: Outage) -> Outage:
        # A clock that was set back must not keep anything off.
        ended = replace(outage, end_time=max(self._clock.now(), outage.start_time))
        await store_outages.end(conn, ended)
        if outage.replans:
            await self._parts.outbox.add(conn, wire_outages.end_of(outage))
        return ended
