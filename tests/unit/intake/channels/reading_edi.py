"""EDI drafts in the few words in which their expectations are written down."""

from dataclasses import dataclass, field, fields
from typing import Any

from services.intake.domain.draft import Draft, DraftLine
from services.intake.domain.reading import Reading

Line = tuple[str, str, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order as it was read off a sample by hand; amounts in minor units.

    `lines` are (id, SKU, quantity, unit price, discount, tax): all of them, or, where `count` is not 0, the first and
    the last of so many lines with so many `units` in all that cost `goods`.
    """

    id: str
    currency: str
    total: int
    lines: tuple[Line, ...]
    ship_to: tuple[str, ...] = ()
    location: str = ""
    holds: tuple[str, ...] = ()
    customer: str = ""
    ordered: str = ""
    service: str = "STANDARD"
    count: int = 0
    units: int = 0
    goods: int = 0
    details: dict[str, Any] = field(default_factory=dict)


def told(draft: Draft) -> Order:
    """Return the draft in those words."""
    many = len(draft.lines) > 4
    shown = (draft.lines[0], draft.lines[-1]) if many else draft.lines
    to = draft.ship_to
    place = (to.name, to.company, *to.lines, to.city, to.administrative_area, to.postal_code, to.country_code)
    return Order(
        id=draft.external_id,
        currency=draft.currency_code,
        total=draft.total.minor,
        lines=tuple(_line(line) for line in shown),
        ship_to=tuple(part for part in (*place, to.phone, to.email) if part),
        location=draft.details.location_code,
        holds=tuple(hold.handle for hold in draft.holds),
        customer=draft.customer_reference,
        ordered=f"{draft.order_time:%Y-%m-%d}" if draft.order_time else "",
        service=draft.service_level.value,
        count=len(draft.lines) if many else 0,
        units=sum(line.quantity for line in draft.lines) if many else 0,
        goods=sum(line.total.minor for line in draft.lines) if many else 0,
        details=_details(draft),
    )


def wrong(reading: Reading) -> list[tuple[str, str, str]]:
    """Return reason, position and order of every problem."""
    return [(problem.reason, problem.position, problem.external_id) for problem in reading.problems]


def _line(line: DraftLine) -> Line:
    return (
        line.external_line_id,
        line.sku,
        line.quantity,
        line.unit_price.minor,
        line.discount.minor,
        line.tax.minor,
    )


def _details(draft: Draft) -> dict[str, Any]:
    """Return what is not empty, times as text, charges as kind and amount."""
    told: dict[str, Any] = {}
    for name in (each.name for each in fields(draft.details)):
        value = getattr(draft.details, name)
        if not value or name == "location_code":
            continue
        if name == "charges":
            value = [(charge.kind.value, charge.title, charge.amount.minor) for charge in value]
        told[name] = f"{value:%Y-%m-%d %H:%M}" if name.endswith("_time") else value
    if draft.shipping.minor:
        told["shipping"] = draft.shipping.minor
    return told
