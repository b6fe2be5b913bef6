"""How answers of inventory look in a terminal."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1.position_pb2 import Position
from oms.inventory.v1.reservation_pb2 import Reservation
from services.cli_output import table

_POSITION = ("SKU", "Node", "On hand", "Reserved", "Safety", "Unsellable", "Available")
_RESERVATION = ("Reservation", "Owner", "Line", "SKU", "Node", "Units", "Shipped", "Given back", "State")


def positions(*found: Position) -> None:
    """Print positions."""
    rows = [
        (one.sku, one.node_id, one.on_hand, one.reserved, one.safety_stock, one.unsellable, one.available)
        for one in found
    ]
    table("Positions", _POSITION, rows)


def rights(title: str, *found: Reservation) -> None:
    """Print reservations."""
    rows = [
        (
            one.reservation_id,
            one.owner_id,
            one.line_id,
            one.sku,
            one.node_id,
            one.quantity,
            one.consumed_quantity,
            one.released_quantity,
            name(Reservation.State, one.state, "STATE_"),
        )
        for one in found
    ]
    table(title, _RESERVATION, rows)


def name(enum: Any, value: int, prefix: str) -> str:
    """Return the word of an enum value, without what all of its words begin with."""
    return str(enum.Name(value)).removeprefix(prefix)


def when(moment: Timestamp) -> str:
    """Return a moment, in UTC, to the second."""
    return moment.ToDatetime().isoformat(sep=" ", timespec="seconds")


def signed(number: int) -> str:
    """Return a difference with its sign; nothing where there is none."""
    return f"{number:+d}" if number else ""
