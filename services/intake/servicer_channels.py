"""Channels, acknowledgements, drafts and customers' credit."""

from typing import Any

from oms.intake.v1 import channel_pb2 as pb
from oms.intake.v1 import channel_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import drafting, setting_channels, store, store_acknowledgements, store_channels, store_drafts
from services.intake.accepting import OrderConflict, record_conflict
from services.intake.acknowledging import confirm_sent
from services.intake.channels import FORMATS
from services.intake.doors.connectors import CONNECTORS
from services.intake.drafting import Confirm, Save
from services.intake.pages import moment_and_id, name, next_token
from services.intake.rpcs import Rpcs
from services.intake.screening import Screening
from services.intake.wire import order_message
from services.intake.wire_channels import (
    acknowledgement_message,
    channel_from,
    channel_message,
    credit_from,
    credit_message,
    saved_draft_message,
)
from services.kernel.errors import NotFound


class ChannelRpcs(Rpcs):
    """Channels set up and switched, acknowledgements, drafts that are confirmed later."""

    async def SetChannel(self, request: rpc.SetChannelRequest, context: Any) -> rpc.SetChannelResponse:
        wanted = channel_from(request.channel)
        setting_channels.check(wanted, formats=FORMATS, connectors=CONNECTORS)

        async def effect(conn: store.Connection) -> rpc.SetChannelResponse:
            written = await setting_channels.set_channel(conn, wanted, request.etag, now=self._clock.now())
            return rpc.SetChannelResponse(channel=channel_message(written))

        return await self._once(request, rpc.SetChannelResponse, effect)

    async def SwitchChannel(self, request: rpc.SwitchChannelRequest, context: Any) -> rpc.SwitchChannelResponse:
        async def effect(conn: store.Connection) -> rpc.SwitchChannelResponse:
            written = await setting_channels.switch_channel(
                conn, request.channel, paused=request.paused, reason=request.reason, now=self._clock.now()
            )
            return rpc.SwitchChannelResponse(channel=channel_message(written))

        return await self._once(request, rpc.SwitchChannelResponse, effect)

    async def GetChannel(self, request: rpc.GetChannelRequest, context: Any) -> rpc.GetChannelResponse:
        async with self._db.connect() as conn:
            channel, progress = await store_channels.get_channel(conn, request.channel)
        return rpc.GetChannelResponse(channel=channel_message(channel, progress))

    async def ListChannels(self, request: rpc.ListChannelsRequest, context: Any) -> rpc.ListChannelsResponse:
        size, after = page_size(request.page_size), name(request)
        async with self._db.connect() as conn:
            found = await store_channels.list_channels(conn, after=after, limit=size + 1)
        token = next_token(request, [(channel.channel,) for channel, _ in found], size)
        channels = [channel_message(channel, progress) for channel, progress in found[:size]]
        return rpc.ListChannelsResponse(channels=channels, next_page_token=token)

    async def ListAcknowledgements(
        self, request: rpc.ListAcknowledgementsRequest, context: Any
    ) -> rpc.ListAcknowledgementsResponse:
        size, after = page_size(request.page_size), moment_and_id(request)
        state = pb.Acknowledgement.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        async with self._db.connect() as conn:
            found = await store_acknowledgements.find_all(
                conn, channel=request.channel, state=state, late_only=request.late_only, after=after, limit=size + 1
            )
        token = next_token(request, [(one.due_time, one.acknowledgement_id) for one in found], size)
        return rpc.ListAcknowledgementsResponse(
            acknowledgements=[acknowledgement_message(one) for one in found[:size]], next_page_token=token
        )

    async def GetAcknowledgement(
        self, request: rpc.GetAcknowledgementRequest, context: Any
    ) -> rpc.GetAcknowledgementResponse:
        async with self._db.connect() as conn:
            found, content = await store_acknowledgements.get(conn, request.acknowledgement_id)
        return rpc.GetAcknowledgementResponse(acknowledgement=acknowledgement_message(found, content))

    async def ConfirmAcknowledgement(
        self, request: rpc.ConfirmAcknowledgementRequest, context: Any
    ) -> rpc.ConfirmAcknowledgementResponse:
        async def effect(conn: store.Connection) -> rpc.ConfirmAcknowledgementResponse:
            sent = await confirm_sent(conn, request.acknowledgement_id, self._clock.now())
            return rpc.ConfirmAcknowledgementResponse(acknowledgement=acknowledgement_message(sent))

        return await self._once(request, rpc.ConfirmAcknowledgementResponse, effect)

    async def SaveDraft(self, request: rpc.SaveDraftRequest, context: Any) -> rpc.SaveDraftResponse:
        wanted = Save(
            draft_id=request.draft_id,
            order=request.order,
            valid_for=request.valid_for.ToTimedelta() if request.HasField("valid_for") else None,
            etag=request.etag,
            actor=context_caller(),
        )

        async def effect(conn: store.Connection) -> rpc.SaveDraftResponse:
            saved = await drafting.save(conn, wanted, now=self._clock.now())
            return rpc.SaveDraftResponse(draft=saved_draft_message(saved))

        return await self._once(request, rpc.SaveDraftResponse, effect)

    async def ConfirmDraft(self, request: rpc.ConfirmDraftRequest, context: Any) -> rpc.ConfirmDraftResponse:
        now, actor = self._clock.now(), context_caller()
        async with self._db.connect() as conn:
            draft, etag = await drafting.order_of(conn, request.draft_id)
        screening = await self._screener.ready(draft) if draft else Screening()
        wanted = Confirm(draft_id=request.draft_id, etag=request.etag or etag, screening=screening, actor=actor)

        async def effect(conn: store.Connection) -> rpc.ConfirmDraftResponse:
            accepted = await drafting.confirm(conn, self._outbox, wanted, now=now)
            return rpc.ConfirmDraftResponse(order=order_message(accepted.order), replayed=accepted.replayed)

        try:
            confirmed = await self._once(request, rpc.ConfirmDraftResponse, effect)
        except OrderConflict as conflict:
            async with self._db.begin() as conn:
                await record_conflict(conn, self._outbox, conflict, now=now, actor=actor)
            raise
        self._wake_relay()
        return confirmed

    async def AbandonDraft(self, request: rpc.AbandonDraftRequest, context: Any) -> rpc.AbandonDraftResponse:
        async def effect(conn: store.Connection) -> rpc.AbandonDraftResponse:
            given_up = await drafting.abandon(conn, request.draft_id, now=self._clock.now(), actor=context_caller())
            return rpc.AbandonDraftResponse(draft=saved_draft_message(given_up))

        return await self._once(request, rpc.AbandonDraftResponse, effect)

    async def GetDraft(self, request: rpc.GetDraftRequest, context: Any) -> rpc.GetDraftResponse:
        async with self._db.connect() as conn:
            return rpc.GetDraftResponse(draft=saved_draft_message(await store_drafts.get_draft(conn, request.draft_id)))

    async def ListDrafts(self, request: rpc.ListDraftsRequest, context: Any) -> rpc.ListDraftsResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        state = pb.SavedDraft.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        async with self._db.connect() as conn:
            found = await store_drafts.list_drafts(
                conn,
                channel=request.channel,
                state=state,
                customer_reference=request.customer_reference,
                older_than=older_than,
                limit=size + 1,
            )
        token = next_token(request, [(draft.create_time, draft.draft_id) for draft in found], size)
        return rpc.ListDraftsResponse(drafts=[saved_draft_message(one) for one in found[:size]], next_page_token=token)

    async def SetCustomerCredit(
        self, request: rpc.SetCustomerCreditRequest, context: Any
    ) -> rpc.SetCustomerCreditResponse:
        credit = credit_from(request.credit)

        async def effect(conn: store.Connection) -> rpc.SetCustomerCreditResponse:
            await store_drafts.write_credit(conn, credit, self._clock.now())
            written = await store_drafts.find_credit(conn, credit.customer_reference, credit.currency_code)
            return rpc.SetCustomerCreditResponse(credit=credit_message(written or credit))

        return await self._once(request, rpc.SetCustomerCreditResponse, effect)

    async def GetCustomerCredit(
        self, request: rpc.GetCustomerCreditRequest, context: Any
    ) -> rpc.GetCustomerCreditResponse:
        async with self._db.connect() as conn:
            found = await store_drafts.find_credit(conn, request.customer_reference, request.currency_code)
        if found is None:
            raise NotFound("no credit was set for this customer in this currency", reason="CREDIT_NOT_FOUND")
        return rpc.GetCustomerCreditResponse(credit=credit_message(found))
