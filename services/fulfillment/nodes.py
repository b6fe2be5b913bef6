"""Working with nodes: giving them work, calling it back, taking what they say.

A node is asked outside of any transaction, between one that keeps what is asked and one that writes the answer. All of
it can be repeated, with the same key, by whoever finds the work half done.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from services.chassis.database import Connection
from services.chassis.service import Parts
from services.fulfillment import store, store_events, store_intents, store_shipments, tell, wire
from services.fulfillment.domain.cancellation import asked_of_node, conclude
from services.fulfillment.domain.node_event import NodeEvent, Type, apply, told_apart
from services.fulfillment.domain.problems import UnknownFulfillmentOrder, UnknownParcel
from services.fulfillment.domain.status import RequestStatus
from services.fulfillment.domain.submission import submitted
from services.fulfillment.domain.work import FulfillmentOrder
from services.fulfillment.recorded import REFUSALS, Recorded, grouped
from services.fulfillment.wms import WmsPort
from services.kernel import ids


class Nodes:
    """What fulfillment does with nodes."""

    def __init__(self, parts: Parts, wms: WmsPort) -> None:
        self._database = parts.database
        self._once = parts.idempotency.once
        self._outbox = parts.outbox
        self._clock = parts.clock
        self._relay = parts.relay
        self._wms = wms

    async def give(self, work: FulfillmentOrder) -> FulfillmentOrder:
        """Keep the work and give it to its node; what the node has said of it before is returned as it is.

        Its id is its key, not the request's: whoever asks again need not know what was asked before.
        """
        async with self._database.begin() as conn:
            await store.add(conn, work)
            known = await store.get(conn, work.fulfillment_order_id)
        known.require_same_work(work)
        if known.request_status is not RequestStatus.UNSUBMITTED:
            return known
        answer = await self._wms.submit(known)
        async with self._database.begin() as conn:
            before = await store.get(conn, work.fulfillment_order_id, lock=True)
            after = submitted(before, answer)
            now = self._clock.now()
            await store.save(conn, before, after, now)
        return after if after == before else replace(after, update_time=now)

    async def call_back(self, request: rpc.CancelFulfillmentOrderRequest) -> rpc.CancelFulfillmentOrderResponse:
        """Ask the node to stop, and write down what it says."""
        wanted = wire.units(request.lines)
        key = key_of(request)
        async with self._database.begin() as conn:
            order = await store.get(conn, request.fulfillment_order_id, lock=request.reroute)
            kept = await store_shipments.labelled_units(conn, order.fulfillment_order_id) if request.reroute else None
            plan = {"units": asked_of_node(order, wanted, kept)}
            intent = await store_intents.keep(conn, key, plan, self._clock.now())
            if request.reroute and not intent.answered:
                # Said before the node is asked: it may report before its answer is home.
                await store.save(conn, order, order.rerouted(intent.plan["units"]), self._clock.now())
        asked: dict[str, int] = intent.plan["units"]
        ask = asked and not intent.answered
        answers = (
            await self._wms.cancel(
                request.fulfillment_order_id, asked, reason=request.reason, key=f"cancel/{request.request_id}"
            )
            if ask
            else {}
        )

        async def effect(conn: Connection) -> rpc.CancelFulfillmentOrderResponse:
            before = await store.get(conn, request.fulfillment_order_id, lock=True)
            now = self._clock.now()
            outcome = conclude(
                before,
                wanted=wanted,
                asked=asked,
                answers=answers,
                event_id=ids.derived(ids.EVENT, "cancel", request.request_id),
                reason=request.reason,
                now=now,
                reported_since=await store_events.stop_answered_since(
                    conn, request.fulfillment_order_id, intent.create_time
                ),
                reroute=request.reroute,
            )
            await store.save(conn, before, outcome.order, now)
            if outcome.event:
                await store_events.add_node_event(conn, outcome.event, now)
                await tell.of_node_event(conn, self._outbox, outcome.event)
            await store_intents.answered(conn, key)
            after = await store.get(conn, request.fulfillment_order_id)
            return rpc.CancelFulfillmentOrderResponse(
                lines=map(wire.cancelled_line, outcome.lines), fulfillment_order=wire.fulfillment_order(after)
            )

        response = await self._once(request, rpc.CancelFulfillmentOrderResponse, effect)
        self._relay.wake()
        return response

    async def record(self, events: Sequence[NodeEvent]) -> list[Recorded]:
        """Take what nodes say, in one transaction for each fulfillment order; return what became of each event."""
        results: dict[int, Recorded] = {}
        for fulfillment_order_id, its_events in grouped(events, lambda event: event.fulfillment_order_id).items():
            async with self._database.begin() as conn:
                outcomes = await self._record(conn, fulfillment_order_id, [event for _, event in its_events])
            results.update(zip((place for place, _ in its_events), outcomes, strict=True))
        self._relay.wake()
        return [results[place] for place in range(len(events))]

    async def _record(self, conn: Connection, fulfillment_order_id: str, events: Sequence[NodeEvent]) -> list[Recorded]:
        now = self._clock.now()
        try:
            before = await store.get(conn, fulfillment_order_id, lock=True)
        except UnknownFulfillmentOrder as unknown:
            for event in events:
                await store_events.add_node_event(conn, event, now, unknown.reason)
            return [Recorded(event_id=event.event_id, refusal=unknown) for event in events]
        known = await store_events.node_events_known(conn, fulfillment_order_id, [event.event_id for event in events])
        order, outcomes = before, []
        for event in events:
            if event.event_id in known:
                outcomes.append(Recorded(event_id=event.event_id, repeated=True))
                continue
            try:
                told, parts = told_apart(order, event)
                for part in parts:
                    told = await self._apply(conn, told, part)
                order = told
            except REFUSALS as refusal:
                await store_events.add_node_event(conn, event, now, refusal.reason)
                outcomes.append(Recorded(event_id=event.event_id, refusal=refusal))
            else:
                known.add(event.event_id)
                outcomes.append(Recorded(event_id=event.event_id))
        await store.save(conn, before, order, now)
        return outcomes

    async def _apply(self, conn: Connection, order: FulfillmentOrder, event: NodeEvent) -> FulfillmentOrder:
        """Write what the event changes, and return the order after it; refusals are raised before any write."""
        parcel = None
        if event.type is Type.SHIPPED or (event.type is Type.PACKED and event.tracking_number):
            parcel = await store_shipments.lock_of_work(conn, order.fulfillment_order_id, event.tracking_number)
            if parcel is None:
                raise UnknownParcel(event.tracking_number)
            event = replace(event, units=event.units or parcel.units)
        left = (
            parcel.handed_over(order, event.units, event.occur_time) if parcel and event.type is Type.SHIPPED else None
        )
        after, whole = apply(order, event)
        await store_events.add_node_event(conn, whole, self._clock.now())
        if parcel and left:
            await store_shipments.save(conn, parcel, left)
        await tell.of_node_event(conn, self._outbox, whole, left.shipment_id if left else "")
        if left:
            await tell.of_parcel(conn, self._outbox, left, await store_events.tracking_of(conn, left.shipment_id))
        return after


def key_of(request: rpc.CancelFulfillmentOrderRequest | rpc.PurchaseLabelRequest) -> store_intents.Key:
    """Return which request this is."""
    return store_intents.Key(
        rpc=request.DESCRIPTOR.full_name,
        request_id=request.request_id,
        digest=hashlib.sha256(request.SerializeToString(deterministic=True)).digest(),
    )
