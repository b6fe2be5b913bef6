"""What is expected of a marketplace's document, in few words, and how a reading is told in the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.intake.domain.details import ChargeKind
from services.intake.domain.draft import Draft
from services.intake.domain.reading import Reading

Line = tuple[str, str, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order: amounts in minor units, lines as (id, SKU, quantity, unit price, discount, tax)."""

    external_id: str
    number: str
    currency: str
    total: int
    shipping: tuple[int, int] = (0, 0)
    lines: Sequence[Line]
    ship_to: tuple[str, ...]
    payment: str = "MARKETPLACE_HELD"
    service: str = "STANDARD"
    holds: tuple[tuple[str, str], ...] = ()
    # Whether the taxes of the lines are in their prices.
    inside: bool = False
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A problem."""

    reason: str
    position: str
    external_id: str = ""


def told(reading: Reading, expected: Sequence[Order | Wrong]) -> list[Order | Wrong]:
    """Return the reading in these words; of the details only those that the expected order names."""
    wanted = {order.external_id: order.details for order in expected if isinstance(order, Order)}
    orders = [_order(draft, wanted.get(draft.external_id, {})) for draft in reading.drafts]
    return orders + [
        Wrong(reason=problem.reason, position=problem.position, external_id=problem.external_id)
        for problem in reading.problems
    ]


def adds_up(draft: Draft) -> bool:
    """Tell whether lines, shipping and charges come to the stated total."""
    inside = any(line.prices_include_tax for line in draft.lines)
    found = sum(line.total.minor for line in draft.lines) + draft.shipping.minor + draft.shipping_tax.minor
    for charge in draft.details.charges:
        amount = charge.amount.minor + (charge.tax.minor if charge.tax and not inside else 0)
        found += -amount if charge.kind is ChargeKind.DISCOUNT else amount
    return found == draft.total.minor


def _order(draft: Draft, details: dict[str, Any]) -> Order:
    place = draft.ship_to
    words = (place.name, place.company, *place.lines, place.city, place.administrative_area, place.postal_code)
    return Order(
        external_id=draft.external_id,
        number=draft.order_number,
        currency=draft.currency_code,
        total=draft.total.minor,
        shipping=(draft.shipping.minor, draft.shipping_tax.minor),
        lines=tuple(
            (ln.external_line_id, ln.sku, ln.quantity, ln.unit_price.minor, ln.discount.minor, ln.tax.minor)
            for ln in draft.lines
        ),
        ship_to=(*(word for word in words if word), place.country_code),
        payment=draft.payment.state,
        service=draft.service_level,
        holds=tuple((hold.type.value, hold.external_line_id) for hold in draft.holds),
        inside=any(line.prices_include_tax for line in draft.lines),
        details={name: _said(draft, name) for name in details},
    )


def _said(draft: Draft, name: str) -> Any:
    if name in {"collected", "note", "email", "order_time", "gift", "skus"}:
        return {
            "collected": [
                part.amount.minor for line in draft.lines for part in line.details.taxes if part.collected_by_channel
            ],
            "gift": [dict(line.details.properties).get("gift message", "") for line in draft.lines],
            "skus": [line.details.channel_sku for line in draft.lines],
            "note": draft.note,
            "email": draft.email,
            "order_time": draft.order_time and draft.order_time.isoformat(),
        }[name]
    found = getattr(draft.details, name)
    return found.isoformat() if name.endswith("_time") and found else found
