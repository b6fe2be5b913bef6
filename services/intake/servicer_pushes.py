"""What channels are told of their orders: looked at, tried again, paused, and sent for the channel's process."""

from typing import Any

from oms.intake.v1 import push_pb2 as pb
from oms.intake.v1 import push_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import pushing_recording, store, store_partners, store_pushes
from services.intake.pages import moment_and_id, name, next_token
from services.intake.rpcs import Rpcs
from services.intake.wire_pushes import claimed_message, outcome_from, partner_message, push_message, sent_message


class PushRpcs(Rpcs):
    """Pushes and the partners that they go to."""

    async def ListPushes(self, request: rpc.ListPushesRequest, context: Any) -> rpc.ListPushesResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        state = pb.Push.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        async with self._db.connect() as conn:
            found = await store_pushes.list_page(
                conn,
                channel=request.channel,
                order_id=request.order_id,
                state=state,
                older_than=older_than,
                limit=size + 1,
            )
        token = next_token(request, [(one.create_time, one.push_id) for one in found], size)
        return rpc.ListPushesResponse(pushes=[push_message(one) for one in found[:size]], next_page_token=token)

    async def GetPush(self, request: rpc.GetPushRequest, context: Any) -> rpc.GetPushResponse:
        async with self._db.connect() as conn:
            return rpc.GetPushResponse(push=push_message(await store_pushes.get(conn, request.push_id)))

    async def RetryPush(self, request: rpc.RetryPushRequest, context: Any) -> rpc.RetryPushResponse:
        async def effect(conn: store.Connection) -> rpc.RetryPushResponse:
            again = await pushing_recording.retry(conn, self._outbox, request.push_id, now=self._clock.now())
            return rpc.RetryPushResponse(push=push_message(again))

        return await self._once(request, rpc.RetryPushResponse, effect)

    async def ListPartners(self, request: rpc.ListPartnersRequest, context: Any) -> rpc.ListPartnersResponse:
        size, after = page_size(request.page_size), name(request)
        async with self._db.connect() as conn:
            found = await store_partners.list_page(conn, channel=request.channel, after=after, limit=size + 1)
            partners = [partner_message(one, await store_partners.backlog(conn, one.channel)) for one in found[:size]]
        token = next_token(request, [(one.channel,) for one in found], size)
        return rpc.ListPartnersResponse(partners=partners, next_page_token=token)

    async def SwitchPartner(self, request: rpc.SwitchPartnerRequest, context: Any) -> rpc.SwitchPartnerResponse:
        async def effect(conn: store.Connection) -> rpc.SwitchPartnerResponse:
            partner = await pushing_recording.switch_partner(
                conn,
                self._outbox,
                request.channel,
                paused=request.paused,
                reason=request.reason,
                now=self._clock.now(),
            )
            backlog = await store_partners.backlog(conn, request.channel)
            return rpc.SwitchPartnerResponse(partner=partner_message(partner, backlog))

        return await self._once(request, rpc.SwitchPartnerResponse, effect)

    async def ClaimPushes(self, request: rpc.ClaimPushesRequest, context: Any) -> rpc.ClaimPushesResponse:
        async with self._db.connect() as conn:
            claimed = await pushing_recording.claim(conn, request.channel, limit=request.limit, now=self._clock.now())
        return claimed_message(claimed)

    async def SendPush(self, request: rpc.SendPushRequest, context: Any) -> rpc.SendPushResponse:
        # Not once per request_id: what the platform answered is not known before it was asked, and asking again is
        # the platform's to recognise.
        return sent_message(await self._push_sender.send(request.push_id))

    async def RecordPush(self, request: rpc.RecordPushRequest, context: Any) -> rpc.RecordPushResponse:
        outcome, actor = outcome_from(request), context_caller()

        async def effect(conn: store.Connection) -> rpc.RecordPushResponse:
            await pushing_recording.record_outcome(
                conn, self._outbox, request.push_id, outcome, now=self._clock.now(), actor=actor
            )
            return rpc.RecordPushResponse()

        return await self._once(request, rpc.RecordPushResponse, effect)

    async def RecordPartner(self, request: rpc.RecordPartnerRequest, context: Any) -> rpc.RecordPartnerResponse:
        async def effect(conn: store.Connection) -> rpc.RecordPartnerResponse:
            await pushing_recording.record_partner(
                conn,
                request.channel,
                failure_count=request.failure_count,
                reason=request.reason,
                wait=request.wait.ToTimedelta() if request.HasField("wait") else None,
                now=self._clock.now(),
            )
            return rpc.RecordPartnerResponse()

        return await self._once(request, rpc.RecordPartnerResponse, effect)
