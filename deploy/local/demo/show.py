"""What a run shows: a live table of orders going from room to room, and a summary that proves itself."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Group
from rich.table import Table
from rich.text import Text

from oms.intake.v1.intake_service_pb2 import CountOrdersResponse
from oms.intake.v1.order_pb2 import Order, OrderStatus
from oms.intake.v1.units_pb2 import Units

ROOMS = ("open", "backordered", "reserved", "released", "shipped", "delivered", "returned", "cancelled", "lost")
_COLOURS = {
    "open": "white",
    "backordered": "yellow",
    "reserved": "cyan",
    "released": "blue",
    "shipped": "magenta",
    "delivered": "green",
    "returned": "bright_black",
    "cancelled": "red",
    "lost": "bright_red",
}
_WIDTH = 60


def status_word(status: "OrderStatus.ValueType") -> str:
    """Return a status as people say it: "on hold"."""
    return OrderStatus.Name(status).removeprefix("ORDER_STATUS_").replace("_", " ").lower()


@dataclass(slots=True)
class Board:
    """What is known of the run, as it goes."""

    web_ui: str
    orders: Mapping[str, Order] = field(default_factory=dict)
    counts: CountOrdersResponse = field(default_factory=CountOrdersResponse)
    said: deque[str] = field(default_factory=lambda: deque(maxlen=8))
    documents: int = 0
    quarantined: int = 0

    def say(self, sentence: str) -> None:
        """Add a sentence to what happened."""
        self.said.append(sentence)

    def __rich__(self) -> Group:
        return Group(self._bar(), self._table(), self._words(), Text(f"Temporal Web UI  {self.web_ui}", style="bold"))

    def line(self) -> str:
        """Return the state of the run in one line, for a terminal that cannot be redrawn."""
        rooms = ", ".join(f"{getattr(self.counts.units, room)} {room}" for room in ROOMS)
        return f"{len(self.orders)} orders; units: {rooms}"

    def _bar(self) -> Text:
        """Draw all units as one bar, coloured by room."""
        units, whole = self.counts.units, max(1, self.counts.ordered_quantity)
        bar = Text("units ")
        for room in ROOMS:
            number = getattr(units, room)
            if number:
                bar.append("█" * max(1, round(_WIDTH * number / whole)), style=_COLOURS[room])
        bar.append("  ")
        for room in ROOMS:
            bar.append(f"{room} {getattr(units, room)}  ", style=_COLOURS[room])
        return bar

    def _table(self) -> Table:
        resting = sum(order.resting for order in self.orders.values())
        title = (
            f"{len(self.orders)} orders, {resting} at rest · {self.documents} documents, {self.quarantined} quarantined"
        )
        table = Table(title=title, title_justify="left")
        for column in ("order", "channel", "region", "status", "hold", *ROOMS, "promised"):
            table.add_column(column, justify="right" if column in ROOMS else "left", no_wrap=True)
        moving = sorted(self.orders.values(), key=lambda one: (one.resting, -one.update_time.ToNanoseconds()))
        for order in moving[:18]:
            table.add_row(
                order.order_number[:18],
                order.channel,
                order.region,
                status_word(order.status),
                ", ".join(hold_word(order))[:28],
                *(_cell(order.units, room) for room in ROOMS),
                order.promise_time.ToDatetime().strftime("%d %b") if order.HasField("promise_time") else "",
            )
        return table

    def _words(self) -> Text:
        return Text("\n".join(f"· {sentence}" for sentence in self.said), style="italic")


def hold_word(order: Order) -> list[str]:
    """Return the types of the holds that are in force."""
    from oms.intake.v1.hold_pb2 import Hold, HoldType

    return [
        HoldType.Name(hold.type).removeprefix("HOLD_TYPE_").replace("_", " ").lower()
        for hold in order.holds
        if hold.state == Hold.STATE_CREATED
    ]


def _cell(units: Units, room: str) -> Text:
    number = getattr(units, room)
    return Text(str(number) if number else "", style=_COLOURS[room])


def conserved(orders: Mapping[str, Order]) -> list[str]:
    """Return the lines whose rooms do not add up to what was ordered."""
    return [
        line.line_id
        for order in orders.values()
        for line in order.lines
        if sum(getattr(line.units, room) for room in ROOMS) != line.quantity
    ]
