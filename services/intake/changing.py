"""Changing orders: what was asked is written first, then the process decides, and its answer stays for ever."""

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.context import remaining_seconds
from services.chassis.database import Connection, Database, translate
from services.chassis.outbox import Outbox
from services.chassis.service import Parts
from services.intake import store, store_changes
from services.intake.deciding import decide, forecast
from services.intake.domain.changes import ChangeState, EditResult, OrderChange, Reason
from services.intake.domain.changes_check import check
from services.intake.domain.changes_named import named, problem_of
from services.intake.domain.changes_outlook import outlook
from services.intake.domain.document import Document
from services.intake.domain.draft import Problem
from services.intake.domain.edits import ChangeDraft, Edit
from services.intake.domain.events import EventType, Fact
from services.intake.domain.order import Order, OrderLine
from services.intake.merging import brought, hand_over_command, other_of, refusal_of
from services.intake.process import Process, ProcessClosedError, unavailable
from services.intake.process_edits import command_of
from services.intake.recording import record
from services.intake.wire_changes import check_limits
from services.kernel import ids
from services.kernel.clock import Clock, milliseconds
from services.kernel.errors import Aborted, AlreadyExists, InvalidArgument, NotFound, OmsError, Unavailable

# So that the answer, or the reason why there is none, gets home before the caller has gone.
_WAY_HOME_SECONDS = 0.3
_SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """A change that somebody asks for."""

    request_id: str
    order_id: str
    edits: Sequence[Edit]
    reason: str
    etag: str
    actor: str

    @property
    def digest(self) -> str:
        """What tells it from another one; the etag is a condition, not part of what is wanted."""
        words = repr((self.order_id, tuple(self.edits), self.reason))
        return hashlib.sha256(words.encode(errors="backslashreplace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changer:
    """Answers changes, each the same way for ever."""

    database: Database
    outbox: Outbox
    process: Process
    clock: Clock
    limit_seconds: float

    async def change(self, request: ChangeRequest) -> tuple[OrderChange, Order]:
        """Return the change, decided, and the order afterwards.

        Raises:
            NotFound, InvalidArgument (see `domain.changes_check.check`), Aborted (ETAG_CHANGED),
            AlreadyExists (REQUEST_ID_REUSED), Unavailable (PROCESS_UNAVAILABLE).
        """
        async with self.database.begin() as conn:
            order, change = await self._ask(conn, request)
        if change.state == ChangeState.REQUESTED:
            await self._answer(order, change)
        async with self.database.connect() as conn:
            decided = await store_changes.get(conn, change.change_id)
            return decided, await store.get_order(conn, request.order_id)

    async def change_by_document(
        self,
        document: Document,  # noqa: ARG002 - the port's
        change: ChangeDraft,
        *,
        actor: str,
    ) -> Problem | None:
        """Make a change that a channel's document asks for; the same `change_id` again is the same change."""
        try:
            async with self.database.connect() as conn:
                order = await store.lookup_order(conn, change.channel, change.external_id)
            edits = named(order, change)
            check_limits(edits)
            request = ChangeRequest(
                request_id=f"channel/{change.channel}/{change.change_id}",
                order_id=order.order_id,
                edits=edits,
                reason=change.reason,
                etag="",
                actor=actor,
            )
            made, _ = await self.change(request)
        except Exception as error:
            # What cannot be stored is said by the database; everything else that is not about the order goes on up.
            refusal = error if isinstance(error, OmsError) else translate(error)
            if not isinstance(refusal, NotFound | InvalidArgument | AlreadyExists | Unavailable):
                raise
            position = f"change {change.change_id}"
            return Problem(
                reason=refusal.reason, position=position, message=refusal.message, external_id=change.external_id
            )
        return problem_of(made, change)

    async def take_over(self, change_id: str) -> tuple[EditResult, Sequence[OrderLine]]:
        """Have the process of the order that a change takes in hand it over; return the lines that it brought.

        Raises:
            NotFound: ORDER_NOT_FOUND, CHANGE_NOT_FOUND.
            Unavailable: PROCESS_UNAVAILABLE.
        """
        async with self.database.connect() as conn:
            change = await store_changes.get(conn, change_id)
            other = await other_of(conn, change)
        if other is None:
            raise NotFound("the change takes no order in", reason="CHANGE_NOT_FOUND", change_id=change_id)
        # Its process has ended, or says no, where it was not handed over.
        with contextlib.suppress(ProcessClosedError):
            await self.process.change(other, hand_over_command(change), self._limit())
        async with self.database.connect() as conn:
            lines = brought(await store.get_order(conn, change.order_id), other, change)
        if not lines:
            return EditResult(applied=False, reason=Reason.UNITS_NOT_FREE), ()
        return EditResult(applied=True, order_id=other.order_id), lines

    async def foresee(self, order_id: str, edits: Sequence[Edit]) -> tuple[OrderChange, Order]:
        """Return what a change would come to now; nothing is written and nobody is asked.

        Raises:
            NotFound, InvalidArgument (see `domain.changes_check.check`).
        """
        async with self.database.connect() as conn:
            order = await store.get_order(conn, order_id)
            check(order, edits)
            change = _change(order, edits, change_id="", clock=self.clock)
            other, refusal = await other_of(conn, change), await refusal_of(conn, order, change)
        results, lines = outlook(order, edits, merge_refusal=refusal)
        return forecast(order, change, results, lines, other=other), order

    async def _ask(self, conn: Connection, request: ChangeRequest) -> tuple[Order, OrderChange]:
        await store.lock_order(conn, request.order_id)
        order = await store.get_order(conn, request.order_id)
        known = await store_changes.find(conn, request.order_id, request.request_id, request.digest)
        if known:
            # A request that was taken stays taken: asking again for its answer is no second change.
            return order, known
        if request.etag and request.etag != order.etag:
            raise Aborted(
                "the order has changed since you read it: read it again", reason="ETAG_CHANGED", etag=order.etag
            )
        check(order, request.edits)
        change = _change(
            order,
            request.edits,
            change_id=ids.new(ids.CHANGE, milliseconds(self.clock.now())),
            clock=self.clock,
            request=request,
        )
        await other_of(conn, change)
        change = await store_changes.ask(conn, change, request_id=request.request_id, digest=request.digest)
        fact = Fact(
            type=EventType.CHANGE_REQUESTED,
            key=change.change_id,
            actor=request.actor,
            reason=request.reason,
            references={"change_id": change.change_id, "version": str(change.version)},
        )
        await record(conn, self.outbox, request.order_id, [fact], change.request_time)
        return order, change

    async def _answer(self, order: Order, change: OrderChange) -> None:
        # Asked a second time, nothing may be left to do because the process has done it: it is asked again.
        if not change.by_rooms:
            try:
                async with self.database.connect() as conn:
                    refusal = await refusal_of(conn, order, change)
                await self.process.change(order, command_of(order, change, refusal), self._limit())
            except ProcessClosedError:
                async with self.database.connect() as conn:
                    order = await store.get_order(conn, order.order_id)
                    undecided = (await store_changes.get(conn, change.change_id)).state == ChangeState.REQUESTED
                if undecided and not order.resting:
                    raise unavailable(order.order_id) from None
            else:
                return
        # Nobody changes the order any more: the rooms say all there is to say.
        results, lines = outlook(order, change.edits, change.change_id)
        async with self.database.begin() as conn:
            now = self.clock.now()
            await decide(conn, self.outbox, order.order_id, change.change_id, results=results, lines=lines, now=now)

    def _limit(self) -> float:
        remaining = remaining_seconds()
        limit = self.limit_seconds if remaining is None else min(remaining, self.limit_seconds)
        return max(_SHORTEST_SECONDS, limit - _WAY_HOME_SECONDS)


def changer_of(parts: Parts) -> Changer:
    """Return what changes orders, for RPCs and for documents."""
    return Changer(
        database=parts.database,
        outbox=parts.outbox,
        process=Process(parts.temporal),
        clock=parts.clock,
        limit_seconds=parts.settings.call_timeout_seconds,
    )


def _change(
    order: Order, edits: Sequence[Edit], *, change_id: str, clock: Clock, request: ChangeRequest | None = None
) -> OrderChange:
    return OrderChange(
        change_id=change_id,
        order_id=order.order_id,
        version=0,
        state=ChangeState.REQUESTED,
        edits=tuple(edits),
        reason=request.reason if request else "",
        actor=request.actor if request else "",
        etag=request.etag if request else "",
        currency_code=order.currency_code,
        request_time=clock.now(),
        by_rooms=order.resting,
    )
