"""What templates may speak of: plain words and numbers of one order, made for one message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.messages import MessageKind, Occasion, name_of
from services.intake.domain.order import Order
from services.intake.domain.quiet_hours import local_date
from services.kernel.money import Money

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Units of one line."""

    title: str
    sku: str
    quantity: int
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a template may name; what is not known is empty."""

    kind: str
    language: str
    brand: str
    order_number: str
    order_date: str
    name: str
    # What the message is about; the whole order where it is not about some units.
    items: tuple[Item, ...]
    total: str
    promise_date: str
    hold_type: str
    carrier: str
    tracking_number: str
    tracking_url: str
    pickup_location: str
    # What was given back.
    amount: str
    status_url: str


def facts_of(order: Order, occasion: Occasion, *, language: str, status_url: str) -> Facts:
    """Return what there is to say."""
    references = occasion.references
    wanted = occasion.quantities or {line.line_id: line.quantity for line in order.lines}
    country = order.ship_to.country_code
    return Facts(
        kind=occasion.kind,
        language=language,
        brand=order.details.brand,
        order_number=order.order_number or order.external_id,
        order_date=day(order.order_time, language, country),
        name=name_of(order),
        items=tuple(
            Item(
                title=line.title or line.sku,
                sku=line.sku,
                quantity=wanted[line.line_id],
                total=str(Money(line.total, order.currency_code)),
            )
            for line in order.lines
            if line.line_id in wanted
        ),
        total=str(Money(order.total, order.currency_code)),
        promise_date=day(_promised(references) or order.promise_time, language, country),
        hold_type=occasion.hold_type,
        carrier=references.get("carrier", ""),
        tracking_number=references.get("tracking_number", ""),
        tracking_url=_link(references.get("tracking_url", "")),
        pickup_location=order.details.pickup_location,
        amount=references.get("amount", ""),
        status_url=status_url,
    )


def sample(kind: MessageKind, *, brand: str, language: str) -> Facts:
    """Return the facts of a made-up order, with which templates are tried."""
    return Facts(
        kind=kind,
        language=language,
        brand=brand,
        order_number="1001",
        order_date="2026-03-02",
        name="Robin <Example> & Söhne",
        items=(
            Item(title="T-shirt, black", sku="TEE-BLK-M", quantity=2, total="40.00 EUR"),
            Item(title="Mug “Ä”", sku="MUG-A", quantity=1, total="9.50 EUR"),
        ),
        total="54.40 EUR",
        promise_date="2026-03-06",
        hold_type="INCORRECT_ADDRESS",
        carrier="Example Parcel",
        tracking_number="EX123456789",
        tracking_url="https://example.com/track/EX123456789",
        pickup_location="Store 7",
        amount="20.00 EUR",
        status_url="https://example.com/status?token=…",
    )


def day(moment: datetime | None, language: str, country_code: str) -> str:
    """Return the day as it is said there; empty for None."""
    if moment is None:
        return ""
    date, spoken = local_date(moment, country_code), language.split("-", maxsplit=1)[0]
    months = _MONTHS.get(spoken)
    if months is None:
        return date.isoformat()
    dot = "." if spoken == "de" else ""
    return f"{date.day}{dot} {months.split()[date.month - 1]} {date.year}"


def _promised(references: Mapping[str, str]) -> datetime | None:
    try:
        return datetime.fromisoformat(references["promise_time"])
    except (KeyError, ValueError):
        return None


def _link(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""
