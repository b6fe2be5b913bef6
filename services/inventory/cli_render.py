"""How answers of inventory look in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from rich.markup import escape

from oms.inventory.v1.position_pb2 import Position
from oms.inventory.v1.reservation_pb2 import Reservation
from services.cli_output import table

_POSITION = (
    *("SKU", "Node", "On hand", "Reserved", "Safety", "Unsellable"),
    *("Damaged", "Quality control", "Quarantine", "Available", "Pools"),
)
_RESERVATION = (
    *("Reservation", "Owner", "Line", "SKU", "Node", "Units", "Shipped", "Given back", "State"),
    *("Until", "Segment", "From pool", "Made of", "Kept"),
)


def positions(title: str, *found: Position) -> None:
    """Print positions."""
    rows = [
        (
            *(one.sku, one.node_id, one.on_hand, one.reserved, one.safety_stock, one.unsellable),
            *(one.damaged or "", one.quality_control or "", one.quarantine or "", one.available, units(one.pools)),
        )
        for one in found
    ]
    lean(title, _POSITION, rows, optional=("Damaged", "Quality control", "Quarantine", "Pools"))


def rights(title: str, *found: Reservation) -> None:
    """Print reservations."""
    rows = [
        (
            *(one.reservation_id, one.owner_id, one.line_id, one.sku, one.node_id),
            *(one.quantity, one.consumed_quantity, one.released_quantity),
            name(Reservation.State, one.state, "STATE_"),
            when(one.expire_time) if one.state == Reservation.STATE_SOFT else "",
            one.segment,
            one.pool_quantity or "",
            units({part.sku: part.quantity for part in one.components}),
            "for a backorder" if one.backorder else "",
        )
        for one in found
    ]
    lean(title, _RESERVATION, rows, optional=_RESERVATION[9:])


def lean(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, optional: Sequence[str] = ()) -> None:
    """Print a table, without those of its optional columns that are empty in every row."""
    cells = [[escape(str(cell)) for cell in row] for row in rows]
    shown = [
        place for place, column in enumerate(columns) if column not in optional or any(row[place] for row in cells)
    ]
    table(title, [columns[place] for place in shown], [[row[place] for place in shown] for row in cells])


def units(found: Mapping[str, int]) -> str:
    """Return units by name."""
    return ", ".join(f"{one} {number}" for one, number in sorted(found.items()))


def name(enum: Any, value: int, prefix: str) -> str:
    """Return the word of an enum value, without what all of its words begin with."""
    return str(enum.Name(value)).removeprefix(prefix)


def when(moment: Timestamp) -> str:
    """Return a moment, in UTC, to the second; nothing where it is not set."""
    return moment.ToDatetime().isoformat(sep=" ", timespec="seconds") if moment.seconds else ""


def signed(number: int) -> str:
    """Return a difference with its sign; nothing where there is none."""
    return f"{number:+d}" if number else ""
