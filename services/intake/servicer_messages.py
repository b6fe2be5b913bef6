"""What customers are told: messages, templates, consent, and the view of an order."""

from datetime import timedelta
from typing import Any

from oms.intake.v1 import message_service_pb2 as rpc
from oms.intake.v1.message_pb2 import Message as MessageMessage
from services.chassis.context import context_caller
from services.chassis.paging import decode_token, page_size
from services.chassis.service import Parts
from services.intake import store, store_messages, store_templates
from services.intake.domain.messages import MessageKind, address_digest
from services.intake.messages.facts import sample
from services.intake.messages.rendering import Words, fill
from services.intake.messaging_work import links_of
from services.intake.pages import moment_and_id, next_token
from services.intake.payments import PaymentPort
from services.intake.rpcs import Rpcs
from services.intake.settings import IntakeSettings
from services.intake.status_viewing import StatusViewer, Tries
from services.intake.store_templates import Template
from services.intake.wire_messages import kind_from, message_message, template_message, view_message, words_from
from services.intake.wire_values import stamp
from services.kernel.errors import FailedPrecondition, InvalidArgument

_VALID_DAYS = 30


class MessageRpcs(Rpcs):
    """What customers are told."""

    def __init__(self, parts: Parts, payments: PaymentPort) -> None:
        super().__init__(parts, payments)
        self._links = links_of(IntakeSettings())
        self._viewer = StatusViewer(
            database=parts.database, clock=parts.clock, links=self._links, tries=Tries(clock=parts.clock)
        )

    async def ListMessages(self, request: rpc.ListMessagesRequest, context: Any) -> rpc.ListMessagesResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        state = MessageMessage.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        kind = kind_from(request.kind).value if request.kind else ""
        async with self._db.connect() as conn:
            found = await store_messages.list_page(
                conn, order_id=request.order_id, state=state, kind=kind, older_than=older_than, limit=size + 1
            )
        token = next_token(request, [(one.create_time, one.message_id) for one in found], size)
        return rpc.ListMessagesResponse(
            messages=[message_message(one, with_words=False) for one in found[:size]], next_page_token=token
        )

    async def GetMessage(self, request: rpc.GetMessageRequest, context: Any) -> rpc.GetMessageResponse:
        async with self._db.connect() as conn:
            found = await store_messages.get(conn, request.message_id)
        return rpc.GetMessageResponse(message=message_message(found, with_words=True))

    async def RetryMessage(self, request: rpc.RetryMessageRequest, context: Any) -> rpc.RetryMessageResponse:
        now = self._clock.now()

        async def effect(conn: store.Connection) -> rpc.RetryMessageResponse:
            before = await store_messages.get(conn, request.message_id)
            after = await store_messages.retry(conn, request.message_id, now)
            if after is None:
                raise FailedPrecondition(
                    f"the message is {before.state.lower()}: only what failed or is uncertain is sent again",
                    reason="MESSAGE_NOT_STUCK",
                    message_id=request.message_id,
                )
            return rpc.RetryMessageResponse(message=message_message(after, with_words=False))

        return await self._once(request, rpc.RetryMessageResponse, effect)

    async def SetMessageTemplate(
        self, request: rpc.SetMessageTemplateRequest, context: Any
    ) -> rpc.SetMessageTemplateResponse:
        template = Template(
            kind=kind_from(request.kind),
            brand=request.brand,
            language=request.language,
            words=words_from(request),
            updated_by=context_caller(),
            update_time=self._clock.now(),
        )
        _tried(template.kind, [template.words], template.brand, template.language)

        async def effect(conn: store.Connection) -> rpc.SetMessageTemplateResponse:
            await store_templates.write(conn, template)
            return rpc.SetMessageTemplateResponse(template=template_message(template))

        return await self._once(request, rpc.SetMessageTemplateResponse, effect)

    async def ListMessageTemplates(
        self, request: rpc.ListMessageTemplatesRequest, context: Any
    ) -> rpc.ListMessageTemplatesResponse:
        size, after = page_size(request.page_size), _place(request)
        async with self._db.connect() as conn:
            found = await store_templates.list_page(conn, after=after, limit=size + 1)
        token = next_token(request, [(one.kind.value, one.brand, one.language) for one in found], size)
        return rpc.ListMessageTemplatesResponse(
            templates=[template_message(one) for one in found[:size]], next_page_token=token
        )

    async def CheckMessageTemplate(
        self, request: rpc.CheckMessageTemplateRequest, context: Any
    ) -> rpc.CheckMessageTemplateResponse:
        kind = kind_from(request.kind)
        async with self._db.connect() as conn:
            written = await store_templates.fitting(conn, kind, request.brand, request.language)
        words = _tried(kind, [words_from(request), *written], request.brand, request.language)
        return rpc.CheckMessageTemplateResponse(subject=words.subject, text=words.text, html=words.html, sms=words.sms)

    async def SetMessageConsent(
        self, request: rpc.SetMessageConsentRequest, context: Any
    ) -> rpc.SetMessageConsentResponse:
        digest, now = address_digest(request.address), self._clock.now()
        kinds = [kind_from(kind).value for kind in request.kinds]

        async def effect(conn: store.Connection) -> rpc.SetMessageConsentResponse:
            await store_templates.set_consent(conn, digest, kinds, opted_out=request.opted_out, now=now)
            return rpc.SetMessageConsentResponse()

        return await self._once(request, rpc.SetMessageConsentResponse, effect)

    async def GetOrderStatusView(
        self, request: rpc.GetOrderStatusViewRequest, context: Any
    ) -> rpc.GetOrderStatusViewResponse:
        if request.HasField("known"):
            order, events = await self._viewer.by_number(request.known.order_number, request.known.email)
        else:
            order, events = await self._viewer.by_token(request.token)
        return rpc.GetOrderStatusViewResponse(view=view_message(order, events, request.language))

    async def CreateStatusLink(
        self, request: rpc.CreateStatusLinkRequest, context: Any
    ) -> rpc.CreateStatusLinkResponse:
        expire_time = self._clock.now() + timedelta(days=request.valid_days or _VALID_DAYS)
        token = self._links.token(request.order_id, expire_time)

        async def effect(conn: store.Connection) -> rpc.CreateStatusLinkResponse:
            await store.check_order(conn, request.order_id)
            return rpc.CreateStatusLinkResponse(token=token, url=self._links.url(token), expire_time=stamp(expire_time))

        return await self._once(request, rpc.CreateStatusLinkResponse, effect)


def _tried(kind: MessageKind, written: list[Words], brand: str, language: str) -> Words:
    return fill(kind, written, sample(kind, brand=brand, language=language or "en"))


def _place(request: rpc.ListMessageTemplatesRequest) -> list[str] | None:
    place = decode_token(request)
    if place is None:
        return None
    texts = [part for part in place if isinstance(part, str)]
    if len(texts) != 3 or len(place) != 3:
        raise InvalidArgument("page_token was not given by this service", reason="INVALID_PAGE_TOKEN")
    return texts
