"""Plans orders again by the rule sets in shadow, after they were answered, and writes down what would have been.

Nobody waits for it and nothing depends on it: where there is too much to do some of it is left out, and where it fails
a line of the log says so.
"""

import asyncio
import contextlib
import contextvars
from collections import deque
from dataclasses import dataclass
from datetime import datetime

import structlog

from oms.routing.v1.decision_pb2 import Decision
from services.chassis.database import Database
from services.routing import store_rehearsal, wire_rehearsal
from services.routing.domain.comparing import takes
from services.routing.domain.outline import outline
from services.routing.domain.rules import Rules
from services.routing.pacing import Pace
from services.routing.planner import Decided, Planner
from services.routing.replaying import Replaying

log = structlog.get_logger()

# Decisions that wait for their shadows; each holds what it was made from, some 10 KB.
_MOST_WAITING = 500
# At the end of the process, for those that still wait.
_LAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    decided: Decided
    decision_id: str
    order_id: str
    create_time: datetime
    shadows: tuple[Rules, ...]


class Shadowing:
    """One worker for each process."""

    def __init__(self, database: Database, planner: Planner, replaying: Replaying) -> None:
        self._database = database
        self._planner = planner
        self._replaying = replaying
        # What waits, and marks of those who want to know when all before them is done.
        self._queue: deque[_Waiting | asyncio.Future[None]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self.dropped = 0

    def later(self, decided: Decided | None, decision: Decision) -> None:
        """Have the shadows plan what was just decided, if it was: once it is answered. Never waits, never fails."""
        if decided is None or not decided.known.shadows or decided.plan.explanation != decision.explanation:
            return
        known, demand = decided.known, decided.inputs.demand
        shadows = tuple(rules for rules in known.shadows if takes(rules, known.active, demand))
        if not shadows:
            return
        if len(self._queue) >= _MOST_WAITING:
            self.dropped += 1
            log.warning("a shadow was left out", decision_id=decision.decision_id, dropped=self.dropped)
            return
        waiting = _Waiting(decided, decision.decision_id, decision.order_id, decided.inputs.now, shadows)
        self._queue.append(waiting)
        if self._worker is None or self._worker.done():
            # Not the call's: it ends, with its deadline and its place in the log, long before the worker.
            self._worker = asyncio.create_task(self._work(), context=contextvars.Context())

    async def caught_up(self, seconds: float) -> None:
        """Wait until what waits now is done, but no longer than that."""
        if self._worker is None or self._worker.done():
            return
        mark = asyncio.get_running_loop().create_future()
        self._queue.append(mark)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await mark

    async def close(self) -> None:
        """Finish what waits, as far as that is quick."""
        await self.caught_up(_LAST_SECONDS)
        if self._worker is not None and not self._worker.done():
            self._worker.cancel()
            await asyncio.wait([self._worker])
            log.warning("shadows were left out at the end", left=len(self._queue))

    async def _work(self) -> None:
        pace = Pace()
        while self._queue:
            waiting = self._queue.popleft()
            if isinstance(waiting, asyncio.Future):
                if not waiting.done():
                    waiting.set_result(None)
                continue
            for rules in waiting.shadows:
                await pace.rest()
                try:
                    await self._plan(waiting, rules)
                except Exception:
                    # Whatever it is: the order was planned, and the next shadow may be better.
                    log.exception("a shadow failed", decision_id=waiting.decision_id, rule_version=rules.version)

    async def _plan(self, waiting: _Waiting, rules: Rules) -> None:
        decided = waiting.decided
        inputs = await self._replaying.by(decided.inputs, rules)
        plan = await self._planner.plan(inputs)
        document = wire_rehearsal.shadow_document(
            waiting.order_id, tried=outline(inputs, plan), baseline=outline(decided.inputs, decided.plan)
        )
        rule_set_id, _, version = rules.version.rpartition("@")
        async with self._database.begin() as conn:
            await store_rehearsal.add_shadow_result(
                conn,
                document,
                rule_set_id=rule_set_id,
                version=int(version),
                decision_id=waiting.decision_id,
                now=waiting.create_time,
            )
