"""Reservations over a stream: many requests a message, and each outcome as soon as it is known.

A message costs about as much as a call, whatever is in it; a checkout that is busy puts what it has into one.
"""

import asyncio
from collections.abc import AsyncIterator

from google.rpc.status_pb2 import Status

from oms.inventory.v1.inventory_service_pb2 import (
    ReservationOutcome,
    ReserveStockRequest,
    ReserveStockResponse,
    StreamReservationsRequest,
)
from services.chassis.database import translate
from services.chassis.errors import to_message
from services.chassis.validation import validate
from services.inventory.gathering import Gatherer
from services.kernel.errors import OmsError

# Requests of one stream that are not answered yet; more are read when some are.
_AT_ONCE = 4096
_DOMAIN = "inventory.oms"


async def streamed(
    gatherer: Gatherer, messages: AsyncIterator[StreamReservationsRequest], actor: str
) -> AsyncIterator[list[ReservationOutcome]]:
    """Yield outcomes, as many together as are ready together, until all requests have one."""
    stream = _Stream(gatherer, actor)
    reading = asyncio.create_task(stream.read(messages))
    try:
        while outcomes := await stream.ready():
            yield outcomes
        await reading  # a message that breaks the rules is told after the outcomes of those before it
    finally:
        reading.cancel()


class _Stream:
    def __init__(self, gatherer: Gatherer, actor: str) -> None:
        self._gatherer = gatherer
        self._actor = actor
        self._outcomes: list[ReservationOutcome] = []
        self._open = 0
        self._reading = True
        self._changed = asyncio.Event()

    async def read(self, messages: AsyncIterator[StreamReservationsRequest]) -> None:
        try:
            async for message in messages:
                for request in message.requests:
                    self._ask(request)
                while self._open >= _AT_ONCE:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            self._reading = False
            self._changed.set()

    async def ready(self) -> list[ReservationOutcome]:
        """Return the outcomes that are ready, waiting for one; none when there will be none."""
        while not self._outcomes and (self._reading or self._open):
            self._changed.clear()
            await self._changed.wait()
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def _ask(self, request: ReserveStockRequest) -> None:
        try:
            validate(request)
            answer = self._gatherer.ask(request, self._actor)
        except OmsError as refusal:
            self._outcomes.append(ReservationOutcome(request_id=request.request_id, error=_status(refusal)))
            self._changed.set()
            return
        self._open += 1
        answer.add_done_callback(lambda done: self._answered(request.request_id, done))

    def _answered(self, request_id: str, done: "asyncio.Future[ReserveStockResponse]") -> None:
        self._open -= 1
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._outcomes.append(ReservationOutcome(request_id=request_id, response=done.result()))
        else:
            self._outcomes.append(ReservationOutcome(request_id=request_id, error=_status(error)))
        self._changed.set()


def _status(error: BaseException) -> Status:
    known = error if isinstance(error, OmsError) else translate(error)
    return to_message(known or OmsError("something broke here; it has been logged", reason="INTERNAL"), _DOMAIN)
