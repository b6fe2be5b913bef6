"""Messages, templates and the view for customers, as messages of the API."""

from dataclasses import dataclass

from oms.intake.v1.message_pb2 import Message as MessageMessage
from oms.intake.v1.message_pb2 import MessageKind as KindNumber
from oms.intake.v1.message_pb2 import MessageMedium as MediumNumber
from oms.intake.v1.message_pb2 import MessageTemplate, OrderStatusView
from services.intake.domain.events import Event, EventType
from services.intake.domain.messages import Message, MessageKind, language_of, shown_status
from services.intake.domain.order import Order
from services.intake.domain.rooms import Room
from services.intake.domain.status import derive
from services.intake.messages.facts import day
from services.intake.messages.rendering import Words, spoken, status_page, status_words
from services.intake.store_templates import Template
from services.intake.wire_values import money_message, number_of, stamp, word_from
from services.kernel.money import Money


def kind_from(number: int) -> MessageKind:
    """Return the kind that a request names."""
    return word_from(KindNumber, number, MessageKind, MessageKind.CONFIRMED)


def message_message(message: Message, *, with_words: bool) -> MessageMessage:
    """Return the message; its words only where they were asked for."""
    return MessageMessage(
        message_id=message.message_id,
        order_id=message.order_id,
        kind=number_of(KindNumber, message.kind),
        medium=number_of(MediumNumber, message.medium),
        state=number_of(MessageMessage.State, message.state),
        address=message.address,
        language=message.language,
        subject=message.subject,
        text=message.text if with_words else "",
        html=message.html if with_words else "",
        event_key=message.event_key,
        event_id=message.event_id,
        attempts=message.attempts,
        reason=message.reason,
        next_attempt_time=stamp(message.next_attempt_time) if message.state == "PENDING" else None,
        send_time=stamp(message.send_time),
        create_time=stamp(message.create_time),
    )


def words_from(request: object) -> Words:
    """Return the words that a request brings."""
    return Words(**{part: getattr(request, part) for part in ("subject", "text", "html", "sms")})


def template_message(template: Template) -> MessageTemplate:
    return MessageTemplate(
        kind=number_of(KindNumber, template.kind),
        brand=template.brand,
        language=template.language,
        subject=template.words.subject,
        text=template.words.text,
        html=template.words.html,
        sms=template.words.sms,
        updated_by=template.updated_by,
        update_time=stamp(template.update_time),
    )


def view_message(order: Order, events: list[Event], language: str) -> OrderStatusView:
    """Return what a customer may see, in the language or in the order's."""
    language = spoken(language or language_of(order))
    words, country = status_words(language), order.ship_to.country_code
    view = OrderStatusView(
        order_number=order.order_number or order.external_id,
        order_time=stamp(order.order_time),
        status_text=words[shown_status(order)],
        lines=[
            OrderStatusView.Line(
                title=line.title or line.sku, quantity=line.quantity, status_text=words[derive(line.units, 0)]
            )
            for line in order.lines
        ],
        parcels=_parcels(events),
        promise_time=stamp(order.promise_time),
        total_amount=money_message(order.total, order.currency_code),
        language=language,
    )
    view.html = status_page(words, _page(order, view, day(order.promise_time, language, country)), language)
    return view


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageParcel:
    carrier: str
    tracking_number: str
    tracking_url: str
    delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    order_number: str
    status_text: str
    promise_date: str
    lines: tuple[OrderStatusView.Line, ...]
    parcels: tuple[_PageParcel, ...]
    total: str


def _page(order: Order, view: OrderStatusView, promise_date: str) -> _Page:
    return _Page(
        order_number=view.order_number,
        status_text=view.status_text,
        promise_date=promise_date,
        lines=tuple(view.lines),
        parcels=tuple(
            _PageParcel(
                carrier=parcel.carrier,
                tracking_number=parcel.tracking_number,
                tracking_url=parcel.tracking_url,
                delivered=parcel.HasField("deliver_time"),
            )
            for parcel in view.parcels
        ),
        total=str(Money(order.total, order.currency_code)),
    )


def _parcels(events: list[Event]) -> list[OrderStatusView.Parcel]:
    parcels: dict[str, OrderStatusView.Parcel] = {}
    for event in events:
        if event.fact.type != EventType.UNITS_MOVED:
            continue
        references = event.fact.references
        key = references.get("shipment_id") or event.fact.key
        shipped = sum(move.quantity for move in event.fact.moves if move.to_room == Room.SHIPPED)
        arrived = any(move.to_room == Room.DELIVERED for move in event.fact.moves)
        if shipped:
            url = references.get("tracking_url", "")
            parcels[key] = OrderStatusView.Parcel(
                carrier=references.get("carrier", ""),
                tracking_number=references.get("tracking_number", ""),
                tracking_url=url if url.startswith(("https://", "http://")) else "",
                ship_time=stamp(event.create_time),
                quantity=shipped,
            )
        elif arrived and key in parcels:
            parcels[key].deliver_time.FromDatetime(event.create_time)
    return list(parcels.values())
