"""Cancelling: what was asked is written first, then the process decides, then its answer is written for ever."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oms.intake.v1.cancellation_pb2 import LineQuantity
from oms.workflow.v1.order_workflow_pb2 import CancelOrderCommand
from services.chassis.context import remaining_seconds
from services.chassis.database import Connection, Database
from services.chassis.outbox import Outbox
from services.intake import store, store_cancellations
from services.intake.domain.cancellation import LineCancellation, from_rooms, needs_process, wanted
from services.intake.domain.events import EventType, Fact
from services.intake.domain.order import Order
from services.intake.process import Process, ProcessClosedError, unavailable
from services.intake.recording import record
from services.kernel.clock import Clock
from services.kernel.errors import Aborted

# So that the answer, or the reason why there is none, gets home before the caller has gone.
_WAY_HOME_SECONDS = 0.3
_SHORTEST_SECONDS = 0.1

Answer = tuple[LineCancellation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A cancellation that somebody asks for."""

    request_id: str
    order_id: str
    lines: Sequence[tuple[str, int]]
    reason: str
    etag: str
    actor: str

    @property
    def digest(self) -> str:
        """What tells it from another one; the etag is a condition, not part of what is wanted."""
        words = repr((self.order_id, [tuple(line) for line in self.lines], self.reason))
        return hashlib.sha256(words.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceller:
    """Answers cancellations, each the same way for ever."""

    database: Database
    outbox: Outbox
    process: Process
    clock: Clock
    limit_seconds: float

    async def cancel(self, request: Request) -> tuple[Answer, Order]:
        """Return what really happened, and the order afterwards.

        Raises:
            NotFound, InvalidArgument (UNKNOWN_LINE), Aborted (ETAG_CHANGED), AlreadyExists (REQUEST_ID_REUSED),
            Unavailable (PROCESS_UNAVAILABLE).
        """
        async with self.database.begin() as conn:
            order, asked, answer = await self._ask(conn, request)
        if answer is None:
            answer = await self._answer(order, asked, request)
            async with self.database.begin() as conn:
                await store_cancellations.write_answer(conn, request.order_id, request.request_id, answer)
        async with self.database.connect() as conn:
            return answer, await store.get_order(conn, request.order_id)

    async def _ask(self, conn: Connection, request: Request) -> tuple[Order, Mapping[str, int], Answer | None]:
        now = self.clock.now()
        await store.lock_order(conn, request.order_id)
        order = await store.get_order(conn, request.order_id)
        asked = wanted(order, request.lines)
        known, answer = await store_cancellations.find_answer(
            conn, request.order_id, request.request_id, request.digest
        )
        if known:
            return order, asked, answer
        # A request that was taken stays taken: asking again for its answer is no second change.
        if request.etag and request.etag != order.etag:
            raise Aborted(
                "the order has changed since you read it: read it again", reason="ETAG_CHANGED", etag=order.etag
            )
        await store_cancellations.ask(conn, request.order_id, request.request_id, request.digest, now)
        fact = Fact(
            type=EventType.CANCELLATION_REQUESTED, key=request.request_id, actor=request.actor, reason=request.reason
        )
        await record(conn, self.outbox, request.order_id, [fact], now)
        return order, asked, None

    async def _answer(self, order: Order, asked: Mapping[str, int], request: Request) -> Answer:
        if not needs_process(order, asked):
            return from_rooms(order, asked)
        try:
            return await self.process.cancel(order, _command(request), self._limit())
        except ProcessClosedError:
            async with self.database.connect() as conn:
                order = await store.get_order(conn, order.order_id)
            if needs_process(order, asked):
                raise unavailable(order.order_id) from None
            return from_rooms(order, asked)

    def _limit(self) -> float:
        remaining = remaining_seconds()
        limit = self.limit_seconds if remaining is None else min(remaining, self.limit_seconds)
        return max(_SHORTEST_SECONDS, limit - _WAY_HOME_SECONDS)


def _command(request: Request) -> CancelOrderCommand:
    return CancelOrderCommand(
        lines=[LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in request.lines],
        actor=request.actor,
        reason=request.reason,
        request_id=request.request_id,
    )
