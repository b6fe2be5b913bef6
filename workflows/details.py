"""What an operator reads in the Temporal Web UI when an order is opened: where it stands, in words and numbers."""

from datetime import datetime

from workflows.state.order import OrderState

_COLUMNS = ("ordered", "open", "backordered", "reserved", "working", "delivered", "cancelled", "lost")
_HEADINGS = ("SKU", *(column if column != "working" else "with a node" for column in _COLUMNS))
# The server takes 20,000 bytes; an order of a thousand lines is read elsewhere.
_LINES_SHOWN = 50


def order_details(order: OrderState, channel: str, nodes: str, promise: datetime | None) -> str:
    """Return the details as Markdown. They cost no event."""
    holds = [
        f"- held: **{hold.type}**" + (f", until {hold.deadline:%Y-%m-%d %H:%M} UTC" if hold.deadline else "")
        for hold in order.holds.values()
    ]
    waits = [
        f"- waits for {sku}" + (f", expected {expected.day} {expected:%b}" if expected else "")
        for sku, expected in sorted(order.awaited().items())
    ]
    rows = [_row(line.sku, *(getattr(line, column) for column in _COLUMNS)) for line in order.lines.values()]
    return "\n".join(
        [
            f"**{order.status()}** · from {channel}"
            + (f" · at {nodes}" if nodes else "")
            + (f" · promised for {promise:%Y-%m-%d}" if promise else ""),
            *holds,
            *waits[:_LINES_SHOWN],
            "",
            _row(*_HEADINGS),
            _row(*("---" for _ in _HEADINGS)),
            *rows[:_LINES_SHOWN],
            *([f"… and {len(rows) - _LINES_SHOWN} lines more"] if len(rows) > _LINES_SHOWN else []),
        ]
    )


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"
