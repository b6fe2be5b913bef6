"""Group commit: reservations that are asked for at the same time are made in one transaction.

A hot SKU is one row, and a row changes as often as a transaction commits. So the requests that arrive while others are
being written are gathered, decided in the order in which they came, and written together; each is answered for itself.

A request that cannot be decided with the others (units are kept for it, its key was used by somebody at the same time,
or a value breaks the statement of all) is done alone, in the ordinary way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from oms.inventory.v1.inventory_service_pb2 import ReserveStockRequest, ReserveStockResponse
from services.chassis.context import context_caller
from services.chassis.database import Database, translate
from services.chassis.idempotency import digest_of, reused
from services.chassis.lanes import Lanes
from services.inventory import store_gathering, wire
from services.inventory.domain import reserving
from services.inventory.domain.reservation import Reservation
from services.inventory.domain.reserving import Demand
from services.inventory.domain.shelf import Shelf
from services.inventory.store_gathering import Answer, Driver, Known
from services.kernel.clock import Clock
from services.kernel.errors import Aborted, OmsError, Unavailable

# What one transaction takes at most, in requests and in lines: locks are held for milliseconds.
_REQUESTS = 256
_LINES = 2_000
# Groups at work at once: while one waits for the disk, the next one is decided, if it is worth its own statements.
_LANES = 4
_ENOUGH = 16
# How often a group is tried together before each is tried alone.
_ATTEMPTS = 4

RPC = ReserveStockRequest.DESCRIPTOR.full_name

_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Asked:
    """A request that waits for its answer."""

    request: ReserveStockRequest
    demand: Demand
    digest: bytes
    answer: "asyncio.Future[ReserveStockResponse]"


class Gatherer:
    """Makes reservations, together where they come together. `alone` makes one in a transaction of its own."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        alone: Callable[[ReserveStockRequest, Demand], Awaitable[ReserveStockResponse]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._alone = alone
        self._lanes = Lanes(
            self._answer,
            key=lambda asked: asked.demand.request_id,
            weight=lambda asked: len(asked.demand.lines),
            most=_REQUESTS,
            heaviest=_LINES,
            lanes=_LANES,
            enough=_ENOUGH,
        )

    async def reserve(self, request: ReserveStockRequest) -> ReserveStockResponse:
        """Make the reservations of a request, at most once for its request_id.

        Raises:
            InsufficientStock: and nothing of it was reserved.
            AlreadyExists: REQUEST_ID_REUSED.
        """
        return await self.ask(request, context_caller())

    def ask(self, request: ReserveStockRequest, actor: str) -> "asyncio.Future[ReserveStockResponse]":
        """Ask without waiting; the future has the answer, or the refusal."""
        answer: asyncio.Future[ReserveStockResponse] = asyncio.get_running_loop().create_future()
        self._lanes.add(Asked(request, wire.demand(request, actor), digest_of(request), answer))
        return answer

    async def _answer(self, group: Sequence[Asked]) -> None:
        """Answer a group, again from the start where something changed meanwhile or a connection was lost.

        Trying again is safe: whatever was written has its answer, and is answered with it.
        """
        for _ in range(_ATTEMPTS):
            group = [asked for asked in group if not asked.answer.done()]
            try:
                return await self._together(group)
            except Exception as error:
                known = error if isinstance(error, OmsError) else translate(error)
                if not isinstance(known, Aborted | Unavailable):
                    _log.warning("a group failed, each is tried alone", error=str(error), requests=len(group))
                    break
        await asyncio.gather(*(self._one(asked) for asked in group if not asked.answer.done()))
        return None

    async def _one(self, asked: Asked) -> None:
        try:
            answer = await self._alone(asked.request, asked.demand)
        except Exception as error:
            _settle(asked, error)
        else:
            _settle(asked, answer)

    async def _together(self, group: Sequence[Asked]) -> None:
        """Answer those of the group that can be answered together, and the others one by one."""
        now = self._clock.now()
        async with self._database.driver() as driver:
            known = await store_gathering.look(driver, RPC, [asked.demand for asked in group], now)
            new: list[Asked] = []
            for asked in group:
                if (stored := known.answers.get(asked.demand.request_id)) is not None:
                    _settle(asked, _repeated(asked, *stored))
                elif asked.demand.owner_id not in known.kept:
                    new.append(asked)
            for asked, outcome in await self._decide(driver, new, known, now) if new else ():
                _settle(asked, outcome)
        # Those that units are kept for, and those that somebody else has answered since they were looked at.
        await asyncio.gather(*(self._one(asked) for asked in group if not asked.answer.done()))

    async def _decide(
        self, driver: Driver, new: Sequence[Asked], known: Known, now: datetime
    ) -> list[tuple[Asked, ReserveStockResponse | OmsError]]:
        """Decide each in its turn, and write; return what each is answered."""
        shelf = Shelf(known.positions, known.made_of)
        outcomes: list[tuple[Asked, ReserveStockResponse | OmsError]] = []
        made: list[tuple[Reservation, str]] = []
        answers: list[Answer] = []
        for asked in new:
            try:
                rights, shortfalls = reserving.decide(asked.demand, shelf, now)
            except OmsError as refusal:
                outcomes.append((asked, refusal))
                continue
            response = wire.reserved(rights, shortfalls)
            outcomes.append((asked, response))
            made += [(one, asked.demand.actor) for one in rights]
            answers.append(Answer(asked.demand.request_id, asked.digest, response.SerializeToString()))
        if answers:
            # Committed by us, not by itself: what a replica that died was about to write must not come true later, when
            # its callers have asked another one and were refused.
            async with driver.transaction():
                await store_gathering.write(driver, made, answers, shelf, rpc=RPC, now=now)
        if len(answers) < len(new):
            # Somebody may have answered the same request since it was looked at: that answer stands, and not a refusal.
            refused = [asked.demand.request_id for asked, outcome in outcomes if isinstance(outcome, OmsError)]
            meanwhile = await store_gathering.answered(driver, RPC, refused)
            outcomes = [one for one in outcomes if one[0].demand.request_id not in meanwhile]
        return outcomes


def _repeated(asked: Asked, digest: bytes, response: bytes) -> ReserveStockResponse | OmsError:
    if digest != asked.digest:
        return reused(asked.demand.request_id)
    return ReserveStockResponse.FromString(response)


def _settle(asked: Asked, outcome: ReserveStockResponse | BaseException) -> None:
    if asked.answer.done():  # whoever asked has gone
        return
    if isinstance(outcome, BaseException):
        asked.answer.set_exception(outcome)
    else:
        asked.answer.set_result(outcome)
