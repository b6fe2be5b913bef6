"""Documents of real shops and partners: each becomes an order that walks to its end, or is kept with what is wrong.

Some of each collection; the adapters' own tests read all of them.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.demo.system import System
from deploy.local.stack import Stack
from oms.intake.v1.document_pb2 import Document
from oms.intake.v1.hold_pb2 import Hold
from oms.intake.v1.intake_service_pb2 import (
    GetOrderRequest,
    IngestDocumentRequest,
    IngestDocumentResponse,
    IngestedOrder,
    ListDocumentsRequest,
    ListOrdersRequest,
    ResolveHoldRequest,
)
from tests.e2e import proof
from tests.e2e.shell import Shell
from tests.e2e.world import World

SAMPLES = Path(os.environ.get("OMS_SAMPLES") or Path(__file__).parents[3] / "shared/samples/open")
# Of a collection. All of them keep a machine busy for minutes.
MOST_FILES = 3
FORMATS = ("shopify", "woocommerce", "x12")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("stack"),
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"there are no samples in {SAMPLES}"),
]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The files of a channel, and the documents that intake keeps of it, by digest."""

    channel: str
    files: tuple[Path, ...]
    said: Mapping[str, object]
    documents: Mapping[str, Document]

    def document(self, file: Path) -> Document:
        """Return what intake keeps of a file."""
        return self.documents[hashlib.sha256(file.read_bytes()).hexdigest()]


def _channels() -> dict[str, list[Path]]:
    """Files by channel: each collection is a shop of its own, whose ids mean nothing to the others."""
    found: dict[str, list[Path]] = {}
    for form in FORMATS:
        for file in sorted((SAMPLES / form).iterdir(), key=lambda file: ("order" not in file.name, file.name)):
            found.setdefault(f"{form}-{file.name.partition('_')[0]}", []).append(file)
    return {channel: files[:MOST_FILES] for channel, files in found.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def delivered(oms: Shell, system: System) -> list[Delivered]:
    """Everything, delivered by `oms ingest`."""
    return [
        Delivered(
            channel,
            tuple(files),
            await oms.json("ingest", *files, "--channel", channel),
            {one.digest: one for one in await _documents(system, channel)},
        )
        for channel, files in _channels().items()
    ]


async def test_every_document_is_kept_and_is_an_order_or_says_what_is_wrong_and_where(
    delivered: list[Delivered],
) -> None:
    for one in delivered:
        assert (one.said["documents"], one.said["failed"]) == (len(one.files), [])
        for file in one.files:
            document = one.document(file)
            assert document.order_ids or document.problems, file
            for problem in document.problems:
                assert problem.reason, file
                # A conflict is about a whole order, which its own id names.
                assert problem.position or (problem.reason == "CONFLICT" and problem.external_id), f"{file}: {problem}"
                assert problem.message, file
    assert len(_order_ids(delivered)) >= 8


async def test_every_order_of_them_walks_to_its_end(delivered: list[Delivered], stack: Stack, system: System) -> None:
    async with World(system, 60) as world:
        await _let_go(system, _order_ids(delivered))
        await world.until_rest(_order_ids(delivered), seconds=200)
    await proof.assert_nothing_lost_or_doubled(stack)
    await proof.assert_stock_adds_up(system)
    proof.assert_no_bug_was_logged(stack)


async def test_a_second_delivery_makes_no_order_and_hears_the_same(delivered: list[Delivered], system: System) -> None:
    before = await _orders_of(system, delivered)
    for one in delivered:
        for file in one.files:
            answer = await _ingest(system, one.channel, file.read_bytes(), f"again-{file.name}")
            assert answer.replayed, file
            assert answer.document == one.document(file)
            assert {order.outcome for order in answer.orders} <= {IngestedOrder.OUTCOME_REPEATED}
            assert [order.order_id for order in answer.orders] == list(answer.document.order_ids)
    assert await _orders_of(system, delivered) == before


async def test_another_order_under_a_known_id_is_a_conflict_and_changes_nothing(
    delivered: list[Delivered], system: System
) -> None:
    one, file = next(
        (one, file)
        for one in delivered
        for file in one.files
        if one.channel.startswith("shopify") and len(one.document(file).order_ids) == 1 and _line_items(file)
    )
    order_id = one.document(file).order_ids[0]
    before = (await system.intake.GetOrder(GetOrderRequest(order_id=order_id))).order
    body = json.loads(file.read_text())
    body.get("order", body)["line_items"][0]["quantity"] += 1
    answer = await _ingest(system, one.channel, json.dumps(body).encode(), "changed.json")
    assert [(order.outcome, order.order_id) for order in answer.orders] == [(IngestedOrder.OUTCOME_CONFLICT, order_id)]
    assert answer.document.state == Document.STATE_QUARANTINED
    assert [problem.reason for problem in answer.document.problems] == ["CONFLICT"]
    after = (await system.intake.GetOrder(GetOrderRequest(order_id=order_id))).order
    assert (after.lines, after.units, after.total_amount) == (before.lines, before.units, before.total_amount)


@pytest.mark.parametrize("form", FORMATS)
async def test_a_document_that_breaks_off_is_kept_with_reason_and_position(
    delivered: list[Delivered], system: System, form: str
) -> None:
    one, content = _order_alone(delivered, form)
    # An X12 document cannot be read if its envelope is cut; what is lost behind it is another matter, below.
    broken = content[:80] if form == "x12" else content[: len(content) // 2]
    answer = await _ingest(system, one.channel, broken, "broken")
    assert answer.document.state == Document.STATE_QUARANTINED
    assert not answer.orders
    assert answer.document.problems
    assert all(problem.reason and problem.position and problem.message for problem in answer.document.problems)


async def test_an_x12_order_that_breaks_off_is_never_shipped_unseen(delivered: list[Delivered], system: System) -> None:
    one, content = _order_alone(delivered, "x12")
    half = content[: len(content) // 2]
    known = await _ingest(system, one.channel, half, "half")
    assert [order.outcome for order in known.orders] == [IngestedOrder.OUTCOME_CONFLICT]
    new = await _ingest(system, "x12-half", half, "half")
    assert [order.outcome for order in new.orders] == [IngestedOrder.OUTCOME_ACCEPTED]
    order = (await system.intake.GetOrder(GetOrderRequest(order_id=new.orders[0].order_id))).order
    assert "truncated" in {hold.handle for hold in order.holds if hold.state == Hold.STATE_CREATED}


def _order_alone(delivered: list[Delivered], form: str) -> tuple[Delivered, bytes]:
    """Return a document in which there is one order, and nothing wrong with it."""
    return next(
        (one, file.read_bytes())
        for one in delivered
        for file in one.files
        if one.channel.startswith(form) and len(one.document(file).order_ids) == 1 and not one.document(file).problems
    )


def _line_items(file: Path) -> list[object]:
    body = json.loads(file.read_text())
    items: list[object] = body.get("order", body).get("line_items", [])
    return items


async def _ingest(system: System, channel: str, content: bytes, name: str) -> IngestDocumentResponse:
    request = IngestDocumentRequest(
        request_id=f"{channel}/{name}", channel=channel, format=channel.partition("-")[0], content=content, name=name
    )
    answer: IngestDocumentResponse = await system.intake.IngestDocument(request)
    return answer


async def _documents(system: System, channel: str) -> list[Document]:
    page = await system.intake.ListDocuments(ListDocumentsRequest(channel=channel, page_size=200))
    assert not page.next_page_token
    return list(page.documents)


async def _orders_of(system: System, delivered: list[Delivered]) -> dict[str, str]:
    """Return every order of these channels, with what says that it has changed."""
    found: dict[str, str] = {}
    for one in delivered:
        page = await system.intake.ListOrders(ListOrdersRequest(channel=one.channel, page_size=200))
        assert not page.next_page_token
        found.update({order.order_id: order.etag for order in page.orders})
    return found


async def _let_go(system: System, order_ids: set[str]) -> None:
    """Answer every hold with yes: also those that are no matter of a payment desk, such as earlier refunds."""
    for order_id in order_ids:
        for hold in (await system.intake.GetOrder(GetOrderRequest(order_id=order_id))).order.holds:
            await system.intake.ResolveHold(
                ResolveHoldRequest(
                    request_id=f"let-go/{hold.hold_id}", order_id=order_id, handle=hold.handle, reason="looked at"
                )
            )


def _order_ids(delivered: list[Delivered]) -> set[str]:
    return {order_id for one in delivered for document in one.documents.values() for order_id in document.order_ids}
