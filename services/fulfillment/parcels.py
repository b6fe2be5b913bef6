"""Working with carriers: buying labels, taking what they say of parcels.

As with nodes, a carrier is asked between two transactions, with a key that stays the same on every attempt.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from services.chassis.database import Connection
from services.chassis.service import Parts
from services.fulfillment import store, store_events, store_intents, store_shipments, tell, wire
from services.fulfillment.carriers import CarrierPort, Label, LabelRequest
from services.fulfillment.domain.problems import LabelRefused, UnknownParcel
from services.fulfillment.domain.shipment import Direction, Shipment, ShipmentLine, TrackingEvent, contents, tracked
from services.fulfillment.nodes import key_of
from services.fulfillment.recorded import Recorded, grouped
from services.kernel import clock, ids


class Parcels:
    """What fulfillment does with carriers."""

    def __init__(self, parts: Parts, carrier: CarrierPort) -> None:
        self._database = parts.database
        self._once = parts.idempotency.once
        self._outbox = parts.outbox
        self._clock = parts.clock
        self._relay = parts.relay
        self._carrier = carrier

    async def label(self, request: rpc.PurchaseLabelRequest) -> rpc.PurchaseLabelResponse:
        """Decide what is in the parcel, buy its label, keep both."""
        key = key_of(request)
        async with self._database.begin() as conn:
            intent = await store_intents.find(conn, key)
            if intent is None:
                intent = await store_intents.keep(conn, key, await self._plan(conn, request), self._clock.now())
            wanted = await _label_request(conn, request, intent.plan)
        label = None if intent.answered else await self._carrier.purchase_label(wanted)

        async def effect(conn: Connection) -> rpc.PurchaseLabelResponse:
            if label is not None:
                shipment = _shipment(request, wanted, label, intent)
                if not await store_shipments.add(conn, shipment):
                    raise LabelRefused(f"its number {label.tracking_number} is another parcel's")
                await store_intents.answered(conn, key)
            bought = await store_shipments.get(conn, wanted.key)
            return rpc.PurchaseLabelResponse(shipment=wire.shipment(bought) if bought else None)

        return await self._once(request, rpc.PurchaseLabelResponse, effect)

    async def track(self, carrier_code: str, events: Sequence[TrackingEvent]) -> list[Recorded]:
        """Take what a carrier says, in one transaction for each parcel; return what became of each event."""
        results: dict[int, Recorded] = {}
        for tracking_number, its_events in grouped(events, lambda event: event.tracking_number).items():
            async with self._database.begin() as conn:
                outcomes = await self._track(conn, carrier_code, tracking_number, [event for _, event in its_events])
            results.update(zip((place for place, _ in its_events), outcomes, strict=True))
        self._relay.wake()
        return [results[place] for place in range(len(events))]

    async def _track(
        self, conn: Connection, carrier_code: str, tracking_number: str, events: Sequence[TrackingEvent]
    ) -> list[Recorded]:
        now = self._clock.now()
        before = await store_shipments.lock_of_carrier(conn, carrier_code, tracking_number)
        if before is None:
            unknown = UnknownParcel(tracking_number)
            for event in events:
                await store_events.add_tracking_event(
                    conn, carrier_code, event, now, shipment_id=None, refusal=unknown.reason
                )
            return [Recorded(event_id=event.event_id, refusal=unknown) for event in events]
        known = {event.event_id: event for event in await store_events.tracking_of(conn, before.shipment_id)}
        outcomes = []
        for event in events:
            outcomes.append(Recorded(event_id=event.event_id, repeated=event.event_id in known))
            if event.event_id not in known:
                known[event.event_id] = event
                await store_events.add_tracking_event(conn, carrier_code, event, now, shipment_id=before.shipment_id)
        await store_shipments.save(conn, before, tracked(before, known.values()))
        await tell.of_parcel(conn, self._outbox, before, known.values())
        return outcomes

    async def _plan(self, conn: Connection, request: rpc.PurchaseLabelRequest) -> Mapping[str, Any]:
        shipment_id = ids.new(ids.SHIPMENT, clock.milliseconds(self._clock.now()))
        if request.HasField("return_parcel"):
            lines = wire.parcel_lines(request.return_parcel.lines)
        else:
            order = await store.get(conn, request.outbound.fulfillment_order_id)
            labelled = await store_shipments.labelled_units(conn, order.fulfillment_order_id)
            lines = contents(order, wire.units(request.outbound.lines), labelled)
        return {
            "shipment_id": shipment_id,
            "lines": [{"line_id": line.line_id, "sku": line.sku, "quantity": line.quantity} for line in lines],
        }


async def _label_request(conn: Connection, request: rpc.PurchaseLabelRequest, plan: Mapping[str, Any]) -> LabelRequest:
    lines = tuple(ShipmentLine(**line) for line in plan["lines"])
    if request.HasField("return_parcel"):
        parcel = request.return_parcel
        return LabelRequest(
            key=plan["shipment_id"],
            direction=Direction.RETURN,
            order_id=parcel.order_id,
            reference=parcel.return_id,
            node_id=parcel.node_id,
            address=wire.address(parcel.ship_from),
            carrier_code="",
            service_code="",
            lines=lines,
        )
    order = await store.get(conn, request.outbound.fulfillment_order_id)
    return LabelRequest(
        key=plan["shipment_id"],
        direction=Direction.OUTBOUND,
        order_id=order.order_id,
        reference=order.fulfillment_order_id,
        node_id=order.node_id,
        address=order.ship_to,
        carrier_code=order.carrier_code,
        service_code=order.service_code,
        lines=lines,
    )


def _shipment(
    request: rpc.PurchaseLabelRequest, wanted: LabelRequest, label: Label, intent: store_intents.Intent
) -> Shipment:
    return Shipment(
        shipment_id=wanted.key,
        order_id=wanted.order_id,
        fulfillment_order_id=request.outbound.fulfillment_order_id,
        return_id=request.return_parcel.return_id,
        direction=wanted.direction,
        node_id=wanted.node_id,
        carrier_code=label.carrier_code,
        service_code=label.service_code,
        tracking_number=label.tracking_number,
        label_uri=label.label_uri,
        lines=wanted.lines,
        create_time=intent.create_time,
    )
