"""What a customer may see of an order, for whoever proves to be one.

A wrong number and a wrong e-mail address are the same answer after the same work, and a number that was tried too often
is not looked at for a while, whether it exists or not. Tries are counted by each replica for itself.
"""

import hashlib
import hmac
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.chassis.database import Connection, Database
from services.intake import store, store_events, store_messages
from services.intake.domain.events import Event
from services.intake.domain.order import Order
from services.intake.status_links import StatusLinks
from services.kernel.clock import Clock
from services.kernel.errors import NotFound, ResourceExhausted

MOST_TRIES = 10
WINDOW = timedelta(minutes=15)
_MOST_NUMBERS = 10_000
_MOST_ORDERS = 20
_MOST_EVENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Failed tries, by order number."""

    clock: Clock
    _failed: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)

    def check(self, number: str) -> None:
        """Make sure that the number was not tried too often.

        Raises:
            ResourceExhausted: TOO_MANY_TRIES.
        """
        times, since = self._failed.get(number, deque()), self.clock.now() - WINDOW
        if sum(time > since for time in times) >= MOST_TRIES:
            raise ResourceExhausted("this order was asked for too often: try again later", reason="TOO_MANY_TRIES")

    def failed(self, number: str) -> None:
        """Count a failed try; numbers that were tried long ago are forgotten first."""
        self._failed.setdefault(number, deque(maxlen=MOST_TRIES)).append(self.clock.now())
        self._failed.move_to_end(number)
        while len(self._failed) > _MOST_NUMBERS:
            self._failed.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusViewer:
    """Finds the order that a customer may see, with everything that happened to it."""

    database: Database
    clock: Clock
    links: StatusLinks
    tries: Tries

    async def by_number(self, order_number: str, email: str) -> tuple[Order, list[Event]]:
        """Return the order with this number that was placed with this e-mail address.

        Raises:
            NotFound: NO_SUCH_ORDER. ResourceExhausted: TOO_MANY_TRIES.
        """
        number = order_number.strip().removeprefix("#").strip().lower()
        self.tries.check(number)
        async with self.database.connect() as conn:
            known = await store_messages.order_ids_by_number(conn, [number, f"#{number}"], limit=_MOST_ORDERS)
            orders = [await store.get_order(conn, order_id) for order_id in known]
            matching = [order for order in orders if _placed_with(order, email)]
            if matching:
                return matching[0], await _events(conn, matching[0].order_id)
        self.tries.failed(number)
        raise NotFound("there is no such order with this e-mail address", reason="NO_SUCH_ORDER")

    async def by_token(self, token: str) -> tuple[Order, list[Event]]:
        """Return the order that the link is about.

        Raises:
            PermissionDenied: LINK_INVALID. NotFound: ORDER_NOT_FOUND.
        """
        order_id = self.links.order_id(token, self.clock.now())
        async with self.database.connect() as conn:
            return await store.get_order(conn, order_id), await _events(conn, order_id)


async def _events(conn: Connection, order_id: str) -> list[Event]:
    events: list[Event] = []
    while True:
        page = await store_events.timeline(
            conn, order_id, after=events[-1].sequence if events else 0, limit=_MOST_EVENTS
        )
        events += page
        if len(page) < _MOST_EVENTS:
            return events


def _placed_with(order: Order, email: str) -> bool:
    wanted = _digest(email)
    known = (order.email, order.ship_to.email, order.bill_to.email if order.bill_to else "")
    # All are compared, so that the time tells nothing.
    found = [hmac.compare_digest(_digest(one), wanted) for one in known if one.strip()]
    return any(found)


def _digest(email: str) -> bytes:
    return hashlib.sha256(email.strip().casefold().encode()).digest()
