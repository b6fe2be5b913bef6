"""Parcels with a label, and what carriers say of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.fulfillment.domain.problems import NothingWaiting, ParcelAlreadyShipped, UnknownParcel
from services.fulfillment.domain.work import FulfillmentOrder, Units


class Direction(StrEnum):
    """Which way a parcel goes."""

    OUTBOUND = "OUTBOUND"
    RETURN = "RETURN"


class Tracking(StrEnum):
    """Where a parcel is, in the order in which a smooth journey passes through."""

    LABEL_PURCHASED = "LABEL_PURCHASED"
    CONFIRMED = "CONFIRMED"
    PICKED_UP = "PICKED_UP"
    IN_TRANSIT = "IN_TRANSIT"
    DELAYED = "DELAYED"
    EXCEPTION = "EXCEPTION"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    ATTEMPTED_DELIVERY = "ATTEMPTED_DELIVERY"
    AVAILABLE_FOR_PICKUP = "AVAILABLE_FOR_PICKUP"
    RETURNING = "RETURNING"
    LOST = "LOST"
    DELIVERED = "DELIVERED"


# What the process must hear of.
MILESTONES = frozenset({Tracking.DELIVERED, Tracking.LOST, Tracking.EXCEPTION, Tracking.RETURNING})
_RANK = {status: rank for rank, status in enumerate(Tracking)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentLine:
    """Units in a parcel."""

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A labelled parcel on its way out (of a fulfillment order), or on its way back (of a return)."""

    shipment_id: str
    order_id: str
    direction: Direction
    node_id: str
    carrier_code: str
    service_code: str
    tracking_number: str
    label_uri: str
    lines: tuple[ShipmentLine, ...]
    create_time: datetime
    fulfillment_order_id: str = ""
    return_id: str = ""
    shipped: bool = False
    tracking_status: Tracking = Tracking.LABEL_PURCHASED
    ship_time: datetime | None = None
    deliver_time: datetime | None = None

    @property
    def units(self) -> dict[str, int]:
        """What is in it, by line."""
        return {line.line_id: line.quantity for line in self.lines}

    def handed_over(self, order: FulfillmentOrder, units: Units, occur_time: datetime) -> "Shipment":
        """Return it as it left the node: with what the node says is in it, whatever the label was bought for.

        Raises:
            UnknownParcel: it is not on its way out from this fulfillment order.
            ParcelAlreadyShipped: it left before.
        """
        if self.fulfillment_order_id != order.fulfillment_order_id:
            raise UnknownParcel(self.tracking_number)
        if self.shipped:
            raise ParcelAlreadyShipped(self.tracking_number)
        return replace(self, lines=shipment_lines(order, units), shipped=True, ship_time=occur_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingEvent:
    """One thing that a carrier says of a parcel."""

    event_id: str
    tracking_number: str
    status: Tracking
    occur_time: datetime
    raw_code: str = ""
    location: str = ""
    message: str = ""

    @property
    def place_in_time(self) -> tuple[datetime, int]:
        """Where it belongs among the others: carriers' clocks are coarse, and in one moment the end comes last."""
        return self.occur_time, _RANK[self.status]


def contents(order: FulfillmentOrder, asked: Units, labelled: Units) -> tuple[ShipmentLine, ...]:
    """Return what a new parcel holds: what was asked, or else all that waits and is in no other parcel yet.

    Raises:
        UnknownLine: the order has no such line.
        NothingWaiting: more units than wait.
    """
    free = {line_id: waiting - labelled.get(line_id, 0) for line_id, waiting in order.waiting.items()}
    units = asked or {line_id: quantity for line_id, quantity in free.items() if quantity > 0}
    if not units:
        raise NothingWaiting("", 0, 0)
    # Units named outright may be in another parcel: that is how a spoilt label is replaced. A unit still leaves once.
    for line_id, wanted in units.items():
        if wanted > (waiting := order.line(line_id).waiting):
            raise NothingWaiting(line_id, wanted, waiting)
    return shipment_lines(order, units)


def shipment_lines(order: FulfillmentOrder, units: Units) -> tuple[ShipmentLine, ...]:
    """Return these units of the order as lines of a parcel."""
    return tuple(
        ShipmentLine(line_id=line_id, sku=order.line(line_id).sku, quantity=quantity)
        for line_id, quantity in units.items()
    )


def tracked(shipment: Shipment, events: Iterable[TrackingEvent]) -> Shipment:
    """Return the shipment as all the events of it say it is, in whatever order they came."""
    known = sorted(events, key=lambda event: event.place_in_time)
    delivered = (event.occur_time for event in known if event.status is Tracking.DELIVERED)
    status = known[-1].status if known else shipment.tracking_status
    return replace(shipment, tracking_status=status, deliver_time=next(delivered, None))


def worth_telling(event: TrackingEvent, known: Iterable[TrackingEvent]) -> bool:
    """Tell whether the process must hear of the event, given all that is known of its parcel.

    Arrival is always told. Trouble is told unless the carrier has spoken of something later: then it is over.
    """
    if event.status is Tracking.DELIVERED:
        return True
    later = any(other.place_in_time > event.place_in_time for other in known)
    return event.status in MILESTONES and not later
