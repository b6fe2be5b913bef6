"""Documents of every format that went wrong, some delivered twice and at once: all are kept, none makes a second order.

`OMS_FUZZ_EXAMPLES=20000` delivers so many of them, others than those of every run.
"""

import asyncio
import hashlib
import os
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from oms.intake.v1 import intake_service_pb2 as rpc
from services.intake.channels import FORMATS
from tests.property.mutating import headers, mutated
from tests.property.mutating_tables import tables
from tests.unit.intake.channels.reading_documents import our_documents, shared_documents

EXAMPLES = int(os.environ.get("OMS_FUZZ_EXAMPLES", "0"))
DELIVERED = max(80, EXAMPLES)
AT_ONCE = 8
OURS = [*our_documents(), *tables()]
EVERYTHING = [*OURS, *shared_documents()]
COUNTED = {
    "documents": "SELECT channel, digest, size, state, problems::text, document_id FROM intake.documents",
    "orders": "SELECT channel, external_id, order_id, sequence FROM intake.orders",
    "lines": "SELECT order_id, count(*), sum(quantity) FROM intake.order_lines GROUP BY order_id",
    "events": "SELECT order_id, count(*) FROM intake.order_events GROUP BY order_id",
    "changes": "SELECT order_id, count(*) FROM intake.order_changes GROUP BY order_id",
}


@pytest.mark.timeout(120 + DELIVERED)
async def test_documents_that_went_wrong_are_all_kept_and_no_order_is_there_twice(running):
    sent = [_request(number) for number in range(EXAMPLES, EXAMPLES + DELIVERED)]
    answers = await _deliver(running.stub, [*sent, *(_again(request, "twice") for request in sent[::3])])
    kept = await _rows(running)
    assert {row[:3] for row in kept["documents"]} == {_identity(request) for request in sent}, "one is lost"
    assert len(kept["documents"]) == len({_identity(request) for request in sent})
    assert not [row for row in kept["documents"] if "ADAPTER_FAILED" in row[4]], "an adapter crashed"
    ids = [row[:2] for row in kept["orders"]]
    assert len(ids) > 20, "too few of them are orders for this to say anything"
    assert len(set(ids)) == len(ids), "an order is there twice"
    told = {one.order_id for answer in answers for one in answer.orders}
    assert told == {row[2] for row in kept["orders"]}

    repeated = await _deliver(running.stub, [_again(request, "later") for request in sent])
    assert all(answer.replayed for answer in repeated)
    assert {one.outcome for answer in repeated for one in answer.orders} == {rpc.IngestedOrder.OUTCOME_REPEATED}
    assert await _rows(running) == kept


def _request(number: int) -> Any:
    """Return a delivery: some are documents as they were made, so that what went wrong meets what is right."""
    random = Random(f"deliver {number}")
    form = sorted(FORMATS)[number % len(FORMATS)]
    among = EVERYTHING if random.random() < 0.2 else OURS
    content = random.choice([content for kind, _, content in among if kind == form])
    if random.random() < 0.75:
        content = mutated(content, random)
    said = headers(random)
    return rpc.IngestDocumentRequest(
        request_id=f"first/{number}", channel=f"{form}-wrong", content=content, headers=said
    )


def _again(request: Any, key: str) -> Any:
    """Return the same delivery under another key."""
    again = type(request).FromString(request.SerializeToString())
    again.request_id = f"{key}/{request.request_id}"
    return again


def _identity(request: Any) -> tuple[str, str, int]:
    return request.channel, hashlib.sha256(request.content).hexdigest(), len(request.content)


async def _deliver(stub: Any, requests: list[Any]) -> list[Any]:
    """Return the answers: an error, of whatever kind, is none."""
    pause = asyncio.Semaphore(AT_ONCE)

    async def deliver(request: Any) -> Any:
        async with pause:
            return await stub.IngestDocument(request, timeout=30)

    shuffled = list(requests)
    Random(len(requests)).shuffle(shuffled)
    return await asyncio.gather(*map(deliver, shuffled))


async def _rows(running: Any) -> dict[str, list[Any]]:
    async with running.parts.database.connect() as conn:
        return {
            name: sorted(tuple(row) for row in await conn.execute(text(statement)))
            for name, statement in COUNTED.items()
        }
