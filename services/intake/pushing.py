"""Writing pushes: the feed of all orders is read by one replica at a time, and each event that the channel of its order
hears of becomes a push, in the transaction that moves on. Nothing is sent here."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.database import Connection, Database
from services.chassis.outbox import Outbox
from services.intake import process_channels, store, store_channels, store_events, store_messages, store_pushes
from services.intake.channels.push_formats import push_format_of
from services.intake.domain.events import Event, EventType
from services.intake.domain.feed import position_of
from services.intake.domain.order import Order
from services.intake.domain.pushes import PUSH, Push, PushKind, pushes_of
from services.kernel import ids
from services.kernel.clock import Clock

_READER = "pushes"
# The lock of the one replica that reads the feed for pushes, among the database's advisory locks.
_READING_LOCK = 5_260_814
_PAGE = 200
_TELLING = frozenset({EventType.SUBMITTED, EventType.PROMISED, EventType.UNITS_MOVED, EventType.PAYMENT_CHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PushWriter:
    """Writes what the channels are to be told."""

    database: Database
    outbox: Outbox
    clock: Clock

    async def write(self) -> int:
        """Write what is to be told, up to the end of the feed, and return how many pushes it became."""
        written = 0
        while True:
            async with self.database.begin() as conn:
                if not await store_messages.try_lock(conn, _READING_LOCK):
                    return written
                found, more = await self._page(conn)
            written += found
            if not more:
                return written

    async def _page(self, conn: Connection) -> tuple[int, bool]:
        position = await store_messages.position(conn, _READER)
        if position is None:
            # What happened before this was there is not told.
            await store_messages.save_position(conn, await store_events.end_of_feed(conn), _READER)
            return 0, False
        page = [
            event for event, _ in await store_events.feed(conn, order_id="", channel="", after=position, limit=_PAGE)
        ]
        if not page:
            return 0, False
        written = await self._tell(conn, [event for event in page if event.fact.type in _TELLING])
        await store_messages.save_position(conn, position_of(page[-1]), _READER)
        return written, len(page) == _PAGE

    async def _tell(self, conn: Connection, events: list[Event]) -> int:
        kinds = await self._kinds(conn) if events else {}
        if not kinds:
            return 0
        orders = await store.get_orders(conn, list({event.order_id for event in events}))
        written: dict[str, int] = {}
        for event in events:
            order = orders.get(event.order_id)
            if order is None or order.channel not in kinds:
                continue
            if event.fact.type == EventType.PROMISED:
                await store_pushes.promise(conn, order.order_id, order.promise_time)
            new = sum(
                [await store_pushes.write(conn, push) for push in self._pushes(event, order, kinds[order.channel])]
            )
            written[order.channel] = written.get(order.channel, 0) + new
        for channel in sorted(channel for channel, new in written.items() if new):
            await self.outbox.add(conn, *process_channels.waiting(channel))
        return sum(written.values())

    async def _kinds(self, conn: Connection) -> Mapping[str, frozenset[PushKind]]:
        """Return what each channel hears of; those that hear nothing are left out."""
        told = [(channel.channel, push_format_of(channel)) for channel in await store_channels.told_channels(conn)]
        return {name: form.kinds for name, form in told if form}

    def _pushes(self, event: Event, order: Order, kinds: frozenset[PushKind]) -> list[Push]:
        now = self.clock.now()
        return [
            Push(
                push_id=ids.derived(PUSH, event.event_id, kind),
                order_id=order.order_id,
                channel=order.channel,
                kind=kind,
                event_id=event.event_id,
                event_key=event.fact.key,
                sequence=event.sequence,
                payload=payload,
                promise_time=order.promise_time or order.details.due_time,
                create_time=event.create_time,
                next_attempt_time=now,
            )
            for kind, payload in pushes_of(event, order, kinds)
        ]
