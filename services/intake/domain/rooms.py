"""Units in rooms: the only thing that ever happens to a unit is a move, and only these moves exist.

open → backordered → reserved → released → shipped → delivered → returned; what is not shipped can be cancelled, what
was taken back from a node is open again, and what was lost is open (shipped again), cancelled (refunded) or turns up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from services.kernel.errors import FailedPrecondition, InvalidArgument


class Room(StrEnum):
    """Where a unit is; the value is also the name of its count in `Units` and of its column."""

    OPEN = "open"
    BACKORDERED = "backordered"
    RESERVED = "reserved"
    RELEASED = "released"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    LOST = "lost"


ALLOWED: Mapping[Room, frozenset[Room]] = {
    Room.OPEN: frozenset({Room.BACKORDERED, Room.RESERVED, Room.CANCELLED}),
    Room.BACKORDERED: frozenset({Room.RESERVED, Room.OPEN, Room.CANCELLED}),
    Room.RESERVED: frozenset({Room.RELEASED, Room.OPEN, Room.CANCELLED}),
    Room.RELEASED: frozenset({Room.SHIPPED, Room.OPEN, Room.CANCELLED}),
    Room.SHIPPED: frozenset({Room.DELIVERED, Room.LOST}),
    Room.DELIVERED: frozenset({Room.RETURNED}),
    Room.RETURNED: frozenset(),
    Room.CANCELLED: frozenset(),
    # A parcel that everybody had given up on may still turn up.
    Room.LOST: frozenset({Room.OPEN, Room.CANCELLED, Room.DELIVERED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """How many units are in each room."""

    open: int = 0
    backordered: int = 0
    reserved: int = 0
    released: int = 0
    shipped: int = 0
    delivered: int = 0
    returned: int = 0
    cancelled: int = 0
    lost: int = 0

    @property
    def total(self) -> int:
        return self.before_node + self.released + self.gone + self.cancelled

    @property
    def before_node(self) -> int:
        """Units that no node was told to ship: a hold can still stop them."""
        return self.open + self.backordered + self.reserved

    @property
    def cancellable(self) -> int:
        """Units that have not left: a cancellation may still reach them."""
        return self.before_node + self.released

    @property
    def gone(self) -> int:
        """Units that left a node, wherever they are now."""
        return self.shipped + self.delivered + self.returned + self.lost

    def __add__(self, other: "Units") -> "Units":
        return Units(**{name: getattr(self, name) + getattr(other, name) for name in ROOM_NAMES})


ROOM_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Units))


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Units of one line that go from one room to another."""

    line_id: str
    from_room: Room
    to_room: Room
    quantity: int


def total(units: Iterable[Units]) -> Units:
    """Return all these units together."""
    together = Units()
    for some in units:
        together += some
    return together


def apply(lines: Mapping[str, Units], moves: Iterable[Move]) -> dict[str, Units]:
    """Return the lines after these moves, made one after the other; `lines` itself is left alone.

    Raises:
        InvalidArgument: UNKNOWN_LINE, ILLEGAL_MOVE.
        FailedPrecondition: UNITS_NOT_THERE, where a room has fewer units than are to leave it.
    """
    after = dict(lines)
    for move in moves:
        if move.line_id not in after:
            raise unknown_line(move.line_id)
        after[move.line_id] = _moved(after[move.line_id], move)
    return after


def unknown_line(line_id: str) -> InvalidArgument:
    """Return the error for a line that the order does not have."""
    return InvalidArgument(f"the order has no line {line_id}", reason="UNKNOWN_LINE", line_id=line_id)


def _moved(units: Units, move: Move) -> Units:
    if move.to_room not in ALLOWED[move.from_room]:
        raise InvalidArgument(
            f"units never go from {move.from_room} to {move.to_room}",
            reason="ILLEGAL_MOVE",
            line_id=move.line_id,
            from_room=move.from_room.name,
            to_room=move.to_room.name,
        )
    there: int = getattr(units, move.from_room)
    if there < move.quantity:
        raise FailedPrecondition(
            f"line {move.line_id} has {there} units {move.from_room}, not {move.quantity}",
            reason="UNITS_NOT_THERE",
            line_id=move.line_id,
            room=move.from_room.name,
            wanted=move.quantity,
            there=there,
        )
    arrived: int = getattr(units, move.to_room)
    return replace(units, **{move.from_room: there - move.quantity, move.to_room: arrived + move.quantity})
