"""Customer care: search, story, notes, tags, and a person's data."""

from typing import Any

from oms.intake.v1 import care_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import caring, erasing, store, store_care, store_events
from services.intake.domain.events import Event, EventType
from services.intake.domain.searching import meanings
from services.intake.domain.story import sentence
from services.intake.pages import moment_and_id, next_token, number
from services.intake.rpcs import Rpcs
from services.intake.wire import event_message, order_message
from services.intake.wire_values import stamp
from services.kernel.errors import InvalidArgument


class CareRpcs(Rpcs):
    """The RPCs of CareService."""

    async def ListMatchingOrders(
        self, request: rpc.ListMatchingOrdersRequest, context: Any
    ) -> rpc.ListMatchingOrdersResponse:
        size, older_than, meant = page_size(request.page_size), moment_and_id(request), meanings(request.query)
        if meant is None:
            raise InvalidArgument("say what to look for", reason="EMPTY_QUERY")
        async with self._db.connect() as conn:
            found = await store_care.search(conn, meant, older_than=older_than, limit=size + 1)
            orders = await store.get_orders(conn, [order_id for order_id, _, _ in found[:size]])
        matches = [
            rpc.MatchingOrder(
                order=order_message(orders[order_id]),
                kinds=sorted(rpc.MatchingOrder.Kind.Value(f"KIND_{kind}") for kind in kinds),
            )
            for order_id, _, kinds in found[:size]
        ]
        token = next_token(request, [(moment, order_id) for order_id, moment, _ in found], size)
        return rpc.ListMatchingOrdersResponse(matches=matches, next_page_token=token)

    async def ListOrderStory(self, request: rpc.ListOrderStoryRequest, context: Any) -> rpc.ListOrderStoryResponse:
        size, after = page_size(request.page_size), number(request)
        async with self._db.connect() as conn:
            await store.check_order(conn, request.order_id)
            found = await store_events.timeline(conn, request.order_id, after=after, limit=size + 1)
            noted = [_note_id(event) for event in found[:size] if event.fact.type == EventType.NOTED]
            notes = await store_care.notes(conn, noted)
        entries = [
            rpc.StoryEntry(
                create_time=stamp(event.create_time),
                actor=event.fact.actor,
                sentence=sentence(event),
                note=notes.get(_note_id(event), ""),
                event=event_message(event),
            )
            for event in found[:size]
        ]
        token = next_token(request, [(event.sequence,) for event in found], size)
        return rpc.ListOrderStoryResponse(entries=entries, next_page_token=token)

    async def AddOrderNote(self, request: rpc.AddOrderNoteRequest, context: Any) -> rpc.AddOrderNoteResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.AddOrderNoteResponse:
            note_id = await caring.add_note(
                conn, self._outbox, request.order_id, request.text, now=now, actor=actor, key=request.request_id
            )
            return rpc.AddOrderNoteResponse(note_id=note_id)

        return await self._once(request, rpc.AddOrderNoteResponse, effect)

    async def ChangeOrderTags(self, request: rpc.ChangeOrderTagsRequest, context: Any) -> rpc.ChangeOrderTagsResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.ChangeOrderTagsResponse:
            tags = await caring.change_tags(
                conn,
                self._outbox,
                request.order_id,
                add=request.add,
                remove=request.remove,
                now=now,
                actor=actor,
                key=request.request_id,
            )
            return rpc.ChangeOrderTagsResponse(tags=tags)

        return await self._once(request, rpc.ChangeOrderTagsResponse, effect)

    async def GetPersonalData(self, request: rpc.GetPersonalDataRequest, context: Any) -> rpc.GetPersonalDataResponse:
        async with self._db.connect() as conn:
            json, count, truncated = await erasing.export(conn, request.email, request.customer_reference)
        return rpc.GetPersonalDataResponse(json=json, order_count=count, truncated=truncated)

    async def ErasePersonalData(
        self, request: rpc.ErasePersonalDataRequest, context: Any
    ) -> rpc.ErasePersonalDataResponse:
        now, actor = self._clock.now(), context_caller()

        async def effect(conn: store.Connection) -> rpc.ErasePersonalDataResponse:
            erased = await erasing.erase(
                conn,
                self._outbox,
                request.email,
                request.customer_reference,
                reason=request.reason,
                now=now,
                actor=actor,
                key=request.request_id,
            )
            return rpc.ErasePersonalDataResponse(
                erased_order_ids=erased.order_ids,
                kept_order_ids=erased.kept_order_ids,
                erased_document_count=erased.documents,
            )

        return await self._once(request, rpc.ErasePersonalDataResponse, effect)


def _note_id(event: Event) -> str:
    return event.fact.references.get("note_id", "")
