"""Moves of units between rooms, as intake takes them."""

from collections.abc import Iterable

from oms.intake.v1.units_pb2 import Move, Room
from oms.workflow.v1.order_workflow_pb2 import OrderInputLine, WorkLine


def moves(
    units: Iterable[OrderInputLine] | Iterable[WorkLine], source: "Room.ValueType", target: "Room.ValueType"
) -> list[Move]:
    """Return one move for each line, whichever reservations its units are on."""
    quantities: dict[str, int] = {}
    for one in units:
        quantities[one.line_id] = quantities.get(one.line_id, 0) + one.quantity
    return [
        Move(line_id=line_id, from_room=source, to_room=target, quantity=quantity)
        for line_id, quantity in quantities.items()
    ]
