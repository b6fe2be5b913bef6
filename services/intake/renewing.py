"""Money that is set aside only until a moment: asked for again before it, and the order held where it is not given.

Safe with several replicas: an order is claimed for a while before the payment service is asked, and what is asked has a
key of its own for each period.
"""

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.chassis.database import Database
from services.chassis.outbox import Outbox
from services.intake import payment_news, store, store_payment_events
from services.intake.domain.order import Order
from services.intake.domain.payment_events import PaymentEvent, PaymentKind
from services.intake.payments import PaymentPort
from services.kernel.clock import Clock
from services.kernel.errors import FailedPrecondition, OmsError, Unavailable
from services.kernel.money import Money

# So long before its time is over.
RENEW_BEFORE = timedelta(hours=12)
# Between two attempts.
RETRY = timedelta(hours=1)
_BATCH = 50
_log = structlog.get_logger(__name__)
ACTOR = "intake"


class Renewer:
    """Keeps money set aside, and applies what the payment service said before its order came."""

    def __init__(self, database: Database, outbox: Outbox, payments: PaymentPort, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._payments = payments
        self._clock = clock

    async def go_on(self) -> int:
        """Renew what is due, apply what waits, and return how many orders it was about."""
        async with self._database.connect() as conn:
            waiting = await store_payment_events.waiting_events(conn, _BATCH)
        applied = [event_id for event_id in waiting if await self._tried("a payment event", self._apply(event_id))]
        async with self._database.begin() as conn:
            now = self._clock.now()
            due = await store_payment_events.claim_expiring(
                conn, before=now + RENEW_BEFORE, now=now, retry=RETRY, size=_BATCH
            )
        for one in due:
            await self._tried("money set aside", self._renew(one.order_id))
        return len(applied) + len(due)

    async def renew(self, order_id: str) -> bool:
        """Ask for longer now; tell whether it was given.

        Raises:
            NotFound, FailedPrecondition (NOTHING_TO_RENEW), Unavailable (PAYMENT_UNAVAILABLE).
        """
        async with self._database.connect() as conn:
            order = await store.get_order(conn, order_id)
        if order.payment.outstanding <= 0:
            raise FailedPrecondition("no money is set aside for this order", reason="NOTHING_TO_RENEW")
        return await self._ask(order)

    async def _tried(self, what: str, work: Coroutine[Any, Any, bool]) -> bool:
        """Do it; whatever goes wrong with one keeps nobody else waiting."""
        try:
            return await work
        except Exception as error:
            level = "warning" if isinstance(error, OmsError) else "error"
            getattr(_log, level)("will be tried again", what=what, error=str(error)[:300])
            return False

    async def _apply(self, event_id: str) -> bool:
        async with self._database.begin() as conn:
            event = await store_payment_events.lock_waiting(conn, event_id)
            if event is None:
                return False
            await payment_news.apply(conn, self._outbox, event, now=self._clock.now(), actor=ACTOR)
            return True

    async def _renew(self, order_id: str) -> bool:
        async with self._database.connect() as conn:
            order = await store.get_order(conn, order_id)
        try:
            given = await self._ask(order)
        except Unavailable:
            given = False
        expires = order.payment.expire_time
        if not given and expires is not None and expires <= self._clock.now():
            await self._say(order, PaymentKind.EXPIRED, f"expire/{order_id}/{_moment(expires)}", None)
        return given

    async def _ask(self, order: Order) -> bool:
        period = _moment(order.payment.expire_time)
        money = Money(order.payment.outstanding, order.currency_code)
        until = await self._payments.renew(
            reference=order.payment.reference or order.order_id,
            amount=money,
            authorized=Money(order.payment.authorized, order.currency_code),
            key=f"{order.order_id}/renew/{period}",
        )
        if until is None:
            return False
        await self._say(order, PaymentKind.AUTHORIZED, f"renew/{order.order_id}/{_moment(until)}", until)
        return True

    async def _say(self, order: Order, kind: PaymentKind, event_id: str, until: datetime | None) -> None:
        now = self._clock.now()
        event = PaymentEvent(
            event_id=event_id,
            reference=order.payment.reference or order.order_id,
            kind=kind,
            amount=Money(order.payment.authorized, order.currency_code),
            occur_time=now,
            expire_time=until,
            order_id=order.order_id,
            create_time=now,
        )
        async with self._database.begin() as conn:
            await payment_news.take_note(conn, self._outbox, event, now=now, actor=ACTOR)


def _moment(moment: datetime | None) -> str:
    return moment.strftime("%Y%m%dT%H%M%S") if moment else "never"
