"""The orders of a run: the documents kept beside this file, then a generated stream, delivered as channels would."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.local.demo.stream import Document, generate
from deploy.local.demo.system import System
from oms.intake.v1.intake_service_pb2 import IngestDocumentRequest, IngestDocumentResponse, IngestedOrder

DOCUMENTS = Path(__file__).with_name("documents")
# Those that sell what the demonstration has in stock; the others are there to be read.
SELLING = ("magento", "mirakl", "prestashop", "shopify", "woocommerce", "x12")


def documents() -> Iterator[Document]:
    """Yield the documents that are kept here and sell the demonstration's goods, each for a channel of its format."""
    for kind in SELLING:
        for path in sorted((DOCUMENTS / kind).iterdir()):
            yield Document(f"{kind}-demo", kind, path.read_bytes(), path.name)


async def feed(system: System, stream: int, seed: int, said: Callable[[IngestDocumentResponse], None]) -> list[str]:
    """Deliver everything, a few at a time, and return the ids of the orders that are new."""
    accepted: list[str] = []
    pause = asyncio.Semaphore(8)

    async def deliver(document: Document) -> None:
        async with pause:
            answer = await system.intake.IngestDocument(
                IngestDocumentRequest(
                    request_id=f"demo/{seed}/{document.channel}/{document.name}",
                    channel=document.channel,
                    format=document.format,
                    content=document.content,
                    name=document.name,
                )
            )
        accepted.extend(one.order_id for one in answer.orders if one.outcome == IngestedOrder.OUTCOME_ACCEPTED)
        said(answer)

    await asyncio.gather(*(deliver(document) for document in (*documents(), *generate(stream, seed))))
    return accepted
