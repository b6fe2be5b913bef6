"""Group commit: orders that are submitted at the same time are written in one transaction.

An order that cannot be written with the others (it was submitted before, or something is wrong with it) is accepted
alone, in the ordinary way, and hears what there is to hear.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from oms.intake.v1.intake_service_pb2 import SubmitOrderRequest, SubmitOrderResponse
from services.chassis.context import context_caller
from services.chassis.idempotency import digest_of
from services.chassis.lanes import Lanes
from services.chassis.service import Parts
from services.intake import accepting, store_accepting
from services.intake.domain.draft import Draft
from services.intake.screening import Screener, Screening
from services.intake.store_accepting import Writing
from services.intake.wire import order_message
from services.intake.wire_draft import draft_from

# What one transaction takes at most, in orders and in lines: locks are held for milliseconds.
_ORDERS = 64
_LINES = 2_000
# Groups at work at once: while one waits for the disk, the next one is made ready, if it is worth its own statement.
_LANES = 3
_ENOUGH = 8

RPC = SubmitOrderRequest.DESCRIPTOR.full_name

_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Asked:
    """A request that waits for its answer."""

    request: SubmitOrderRequest
    draft: Draft
    screening: Screening
    actor: str
    answer: "asyncio.Future[SubmitOrderResponse]"


class Gatherer:
    """Accepts orders, together where they come together. `alone` accepts one in a transaction of its own."""

    def __init__(
        self,
        parts: Parts,
        screener: Screener,
        alone: Callable[[SubmitOrderRequest, Draft, Screening, str], Awaitable[SubmitOrderResponse]],
    ) -> None:
        self._screener = screener
        self._database = parts.database
        self._outbox = parts.outbox
        self._clock = parts.clock
        self._written = parts.relay.wake
        self._alone = alone
        self._lanes = Lanes(
            self._answer,
            key=lambda asked: asked.request.request_id,
            weight=lambda asked: len(asked.draft.lines),
            most=_ORDERS,
            heaviest=_LINES,
            lanes=_LANES,
            enough=_ENOUGH,
        )

    async def submit(self, request: SubmitOrderRequest) -> SubmitOrderResponse:
        """Accept the order, at most once for its request_id and once for its channel's id.

        Raises:
            What `accepting.accept` raises, and AlreadyExists: REQUEST_ID_REUSED.
        """
        draft = draft_from(request.draft)
        screening = await self._screener.ready(draft)
        # A CloudEvent says where it stands in the feed, which the transaction must tell.
        if self._outbox.publishes or not screening.complete(draft):
            return await self._alone(request, draft, screening, context_caller())
        answer: asyncio.Future[SubmitOrderResponse] = asyncio.get_running_loop().create_future()
        self._lanes.add(Asked(request, draft, screening, context_caller(), answer))
        return await answer

    async def _answer(self, group: list[Asked]) -> None:
        try:
            await self._together(group)
        except Exception as error:
            # Whatever it was, each is told its own: what was written meanwhile is answered with what was written.
            _log.info("accepted_alone", orders=len(group), error=str(error)[:200])
        await asyncio.gather(*(self._one(asked) for asked in group if not asked.answer.done()))

    async def _one(self, asked: Asked) -> None:
        try:
            answer = await self._alone(asked.request, asked.draft, asked.screening, asked.actor)
        except Exception as error:
            if not asked.answer.done():
                asked.answer.set_exception(error)
        else:
            if not asked.answer.done():
                asked.answer.set_result(answer)

    async def _together(self, group: list[Asked]) -> None:
        made: dict[str, tuple[Asked, SubmitOrderResponse]] = {}
        writings: list[Writing] = []
        alike: set[int] = set()
        for asked in group:
            try:
                writing, response = self._writing(asked)
            except Exception:  # noqa: S112 - alone, it is told what is wrong with it
                continue
            if writing.prints.order in alike:
                continue  # alone, it finds the other one
            alike |= {writing.prints.order} if writing.prints.order is not None else set()
            made[writing.order.order_id] = asked, response
            writings.append(writing)
        if not writings:
            return
        async with self._database.driver() as driver:
            written = await store_accepting.write(driver, writings, around=self._screener.around)
        self._written()
        for order_id in written:
            asked, response = made[order_id]
            if not asked.answer.done():
                asked.answer.set_result(response)

    def _writing(self, asked: Asked) -> tuple[Writing, SubmitOrderResponse]:
        now = self._clock.now()
        drawn = accepting.draw_up(
            asked.draft, screening=asked.screening, now=now, actor=asked.actor, key=asked.request.request_id
        )
        response = SubmitOrderResponse(order=order_message(drawn.order))
        writing = Writing(
            order=drawn.order,
            digest=drawn.digest,
            offered=drawn.offered,
            events=drawn.events,
            outbox=self._outbox.rows(drawn.start),
            rpc=RPC,
            request_id=asked.request.request_id,
            request_digest=digest_of(asked.request),
            response=response.SerializeToString(),
            now=now,
            prints=drawn.prints,
        )
        return writing, response
