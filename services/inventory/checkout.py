"""A client for busy checkouts: many callers of one process share one stream.

    async with Checkout(channels.connect(InventoryServiceStub, address)) as checkout:
        answer = await checkout.reserve(request)

Whatever callers ask for at the same moment goes out in one message, and comes back as it is decided. When the stream
breaks, every caller that has no answer yet hears Unavailable, and a new stream is opened for the next request: sending
the same request again is safe, as always.
"""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from oms.inventory.v1.inventory_service_pb2 import (
    ReserveStockRequest,
    ReserveStockResponse,
    StreamReservationsRequest,
    StreamReservationsResponse,
)
from services.chassis.errors import from_message
from services.kernel.errors import OmsError, Unavailable

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub

# What the server takes in one message.
_AT_ONCE = 1000


class Checkout:
    """Reserves over one stream, for as many callers as there are."""

    def __init__(self, stub: "InventoryServiceAsyncStub") -> None:
        self._stub = stub
        self._asked: list[ReserveStockRequest] = []
        self._waiting: dict[str, asyncio.Future[ReserveStockResponse]] = {}
        self._something = asyncio.Event()
        self._stream: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.cancel()
            await asyncio.wait([self._stream])

    async def reserve(self, request: ReserveStockRequest) -> ReserveStockResponse:
        """Make the reservations of a request, at most once for its request_id; a key that is on its way is shared.

        Raises:
            OmsError: as ReserveStock refuses.
        """
        answer = self._waiting.get(request.request_id)
        if answer is None:
            answer = asyncio.get_running_loop().create_future()
            self._waiting[request.request_id] = answer
            self._asked.append(request)
            self._something.set()
            if self._stream is None or self._stream.done():
                self._stream = asyncio.create_task(self._keep())
        return await asyncio.shield(answer)

    async def _keep(self) -> None:
        error: OmsError = Unavailable("the stream of reservations ended: try again", reason="STREAM_ENDED")
        try:
            async for message in self._stub.StreamReservations(self._messages(self._something)):
                self._settle(message)
        except OmsError as refusal:
            error = refusal
        except Exception as broken:
            error = Unavailable(f"the stream of reservations broke: {broken}", reason="STREAM_ENDED")
        finally:
            # The messages of this stream end with it: they must not take what is asked for on the next one.
            ended, self._something = self._something, asyncio.Event()
            ended.set()
            self._asked.clear()
            left, self._waiting = self._waiting, {}
            for answer in left.values():
                if not answer.done():
                    answer.set_exception(error)
                    answer.exception()  # whoever asked may have gone

    async def _messages(self, something: asyncio.Event) -> AsyncIterator[StreamReservationsRequest]:
        while await something.wait() and something is self._something:
            some, self._asked = self._asked[:_AT_ONCE], self._asked[_AT_ONCE:]
            if not self._asked:
                something.clear()
            if some:
                yield StreamReservationsRequest(requests=some)

    def _settle(self, message: StreamReservationsResponse) -> None:
        for outcome in message.outcomes:
            answer = self._waiting.pop(outcome.request_id, None)
            if answer is None or answer.done():
                continue
            if outcome.HasField("error"):
                answer.set_exception(from_message(outcome.error))
                answer.exception()
            else:
                answer.set_result(outcome.response)
