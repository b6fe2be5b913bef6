"""Writing messages: the feed of all orders is read by one replica at a time, and each event that concerns the customer
becomes a row for each medium, in the transaction that moves on. Nothing is sent here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.chassis.database import Connection, Database
from services.intake import store, store_events, store_messages, store_templates
from services.intake.domain.events import Event, EventType
from services.intake.domain.feed import position_of
from services.intake.domain.messages import (
    TOO_LATE,
    Medium,
    Message,
    MessageState,
    Occasion,
    email_of,
    language_of,
    occasion_of,
    phone_of,
)
from services.intake.domain.order import Order
from services.intake.messages.facts import facts_of
from services.intake.messages.rendering import Words, fill
from services.intake.status_links import StatusLinks
from services.kernel import ids
from services.kernel.clock import Clock, milliseconds
from services.kernel.errors import InvalidArgument

_log = structlog.get_logger()

_PAGE = 100
_LINK_GOOD_FOR = timedelta(days=90)
_TELLING = frozenset(
    {
        EventType.SUBMITTED,
        EventType.HOLD_PLACED,
        EventType.PROMISED,
        EventType.UNITS_MOVED,
        EventType.PAYMENT_CHANGED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes messages for these media; text messages only for the brands and channels that have them."""

    database: Database
    clock: Clock
    links: StatusLinks
    media: Collection[Medium]
    sms_for: Collection[str]

    async def write(self) -> int:
        """Write what is due to be told, up to the end of the feed, and return how many messages it became."""
        written = 0
        while True:
            async with self.database.begin() as conn:
                if not await store_messages.try_lock(conn):
                    return written
                found, more = await self._page(conn)
            written += found
            if not more:
                return written

    async def _page(self, conn: Connection) -> tuple[int, bool]:
        position = await store_messages.position(conn)
        if position is None:
            # Whoever switches messages on does not want to tell of all that ever happened.
            await store_messages.save_position(conn, await store_events.end_of_feed(conn))
            return 0, False
        page = await store_events.feed(conn, order_id="", channel="", after=position, limit=_PAGE)
        if not page:
            return 0, False
        written = 0
        too_late = self.clock.now() - TOO_LATE
        for event, _ in page:
            if event.fact.type in _TELLING and event.create_time >= too_late:
                written += await self._tell(conn, event)
        await store_messages.save_position(conn, position_of(page[-1][0]))
        return written, len(page) == _PAGE

    async def _tell(self, conn: Connection, event: Event) -> int:
        order = await store.get_order(conn, event.order_id)
        before = None
        if event.fact.type == EventType.PROMISED:
            before = await store_messages.promised_before(conn, event.order_id, event.sequence)
        occasion = occasion_of(event, order, promised_before=before)
        if occasion is None:
            return 0
        language = language_of(order)
        written = await store_templates.fitting(conn, occasion.kind, order.details.brand, language)
        status_url = self.links.url_of(order.order_id, self.clock.now() + _LINK_GOOD_FOR)
        facts = facts_of(order, occasion, language=language, status_url=status_url)
        try:
            words, problem = fill(occasion.kind, written, facts), ""
        except InvalidArgument as error:
            _log.error("message template does not work", kind=occasion.kind, order_id=order.order_id)
            words, problem = Words(), error.message
        messages = [
            self._message(event, order, occasion, medium=one, words=words, problem=problem)
            for one in self._media(order)
        ]
        return sum([await store_messages.write(conn, message) for message in messages])

    def _media(self, order: Order) -> list[Medium]:
        chosen = [Medium.EMAIL] if Medium.EMAIL in self.media else []
        wanted = {"*", order.details.brand, order.channel}.intersection(self.sms_for) - {""}
        if Medium.SMS in self.media and wanted and phone_of(order):
            chosen.append(Medium.SMS)
        return chosen

    def _message(
        self, event: Event, order: Order, occasion: Occasion, *, medium: Medium, words: Words, problem: str
    ) -> Message:
        now = self.clock.now()
        email = medium == Medium.EMAIL
        address = email_of(order) if email else phone_of(order)
        state, reason = MessageState.PENDING, ""
        if not address:
            state, reason = MessageState.SUPPRESSED, "there is no address"
        elif problem:
            state, reason = MessageState.FAILED, problem
        return Message(
            message_id=ids.new(ids.MESSAGE, milliseconds(now)),
            order_id=order.order_id,
            kind=occasion.kind,
            medium=medium,
            event_key=occasion.event_key,
            event_id=event.event_id,
            state=state,
            address=address,
            country_code=order.ship_to.country_code,
            brand=order.details.brand,
            language=language_of(order),
            subject=words.subject if email else "",
            text=words.text if email else words.sms,
            html=words.html if email else "",
            reason=reason,
            create_time=now,
            next_attempt_time=now,
        )
