"""What goes on around a running system: channels deliver, stories happen, a desk takes payments, a lorry comes."""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from deploy.local.demo.story import Story
from deploy.local.demo.stream import Document, generate
from deploy.local.demo.system import System
from oms.intake.v1.intake_service_pb2 import (
    CountOrdersRequest,
    GetOrderRequest,
    IngestDocumentRequest,
    IngestDocumentResponse,
)
from oms.intake.v1.order_pb2 import Order

LOOK_SECONDS = 0.2


class World:
    """One run against one system; `number` tells it from other runs, and makes the same run ask with the same keys."""

    def __init__(self, system: System, number: int, *, orders: int = 0) -> None:
        """`orders` is how many documents of one order each `deliver` has to give."""
        self.system = system
        self.accepted: set[str] = set()
        self.documents: list[Document] = []
        self._number = number
        self._said: list[str] = []
        self._story = Story(system, number, self._said.append)
        self._stream = generate(orders, number)
        self._done = asyncio.Event()
        self._helpers: list[asyncio.Task[None]] = []
        self._scenes: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """The desk and the lorry begin to work."""
        self._helpers = [
            asyncio.create_task(self._story.pay(self._done)),
            asyncio.create_task(self._story.lorry(self._done)),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        tasks = [*self._helpers, *([self._scenes] if self._scenes else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def tell_stories(self) -> None:
        """Let the demonstration's six stories happen beside everything else."""
        self._scenes = asyncio.create_task(self._story.play())

    async def deliver(self, number: int) -> None:
        """Deliver the next documents of the stream, all at once, as their channels would."""
        documents = [document for _, document in zip(range(number), self._stream, strict=False)]
        await asyncio.gather(*map(self.ingest, documents))

    async def ingest(self, document: Document) -> IngestDocumentResponse:
        """Deliver a document, and remember which orders it made."""
        answer: IngestDocumentResponse = await self.system.intake.IngestDocument(
            IngestDocumentRequest(
                request_id=f"world/{self._number}/{document.channel}/{document.name}",
                channel=document.channel,
                format=document.format,
                content=document.content,
                name=document.name,
            )
        )
        self.documents.append(document)
        self.accepted |= {one.order_id for one in answer.orders}
        return answer

    @property
    def order_ids(self) -> set[str]:
        """Every order that the system said it has accepted in this run."""
        return self.accepted | set(self._story.order_ids)

    async def until_moving(self) -> None:
        """Wait until some unit is on its way: reserved, with a node, or with a carrier."""
        async with asyncio.timeout(120):
            while True:
                units = (await self.system.intake.CountOrders(CountOrdersRequest())).units
                if units.reserved or units.released or units.shipped:
                    return
                await asyncio.sleep(LOOK_SECONDS)

    async def until_rest(self, order_ids: Iterable[str] = (), *, seconds: float = 180) -> None:
        """Wait until every story is told and every order (of these, where some are named) has come to rest.

        Raises:
            TimeoutError: some order does not; says which, where it stands, and what was heard last.
        """
        ended = asyncio.get_running_loop().time() + seconds
        if self._scenes:
            async with asyncio.timeout(seconds):
                await self._scenes
        left = set(order_ids) or self.order_ids
        while left:
            self._check_helpers()
            orders = [await self.order(order_id) for order_id in left]
            left = {order.order_id for order in orders if not order.resting}
            if left and asyncio.get_running_loop().time() > ended:
                stuck = [f"{order.order_id} {' '.join(str(order.units).split())}" for order in orders]
                raise TimeoutError(f"after {seconds:.0f} s: {stuck}; heard: {self._said[-5:]}")
            await asyncio.sleep(LOOK_SECONDS)

    async def order(self, order_id: str) -> Order:
        """Read an order."""
        found: Order = (await self.system.intake.GetOrder(GetOrderRequest(order_id=order_id))).order
        return found

    def _check_helpers(self) -> None:
        for helper in self._helpers:
            if helper.done():
                helper.result()
