import asyncio
import json
from typing import Any

import pytest

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.document_pb2 import Document
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.order_pb2 import ORDER_STATUS_OPEN
from services.kernel.errors import InvalidArgument, NotFound

Outcome = rpc.IngestedOrder


def shop_order(number: int, quantity: int = 1, **fields: Any) -> Any:
    address = {"address1": "1 Main St", "city": "Troy", "zip": "12180", "province_code": "NY", "country_code": "US"}
    line = {"id": number * 10, "sku": "TEE-BLK-M", "title": "Tee", "quantity": quantity, "price": "10.00"}
    return {
        "id": number,
        "name": f"#{number}",
        "currency": "USD",
        "total_price": f"{quantity * 10}.00",
        "financial_status": "paid",
        "line_items": [line],
        "shipping_address": address,
    } | fields


def ingest(content: Any, channel: Any = "shopify-us", key: Any = "k", **fields: Any) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return rpc.IngestDocumentRequest(request_id=key, channel=channel, content=body, **fields)


async def test_a_document_becomes_its_order_and_is_kept_as_it_came(intake):
    request = ingest(shop_order(1), name="order.json")
    answer = await intake.IngestDocument(request)
    assert (answer.document.state, answer.document.format) == (Document.STATE_ACCEPTED, "shopify")
    (one,) = answer.orders
    assert (one.external_id, one.outcome) == ("1", Outcome.OUTCOME_ACCEPTED)
    order = (await intake.GetOrder(rpc.GetOrderRequest(order_id=one.order_id))).order
    assert (order.document_id, order.status) == (answer.document.document_id, ORDER_STATUS_OPEN)
    kept = await intake.GetDocument(rpc.GetDocumentRequest(document_id=order.document_id))
    assert kept.document.content == request.content
    assert (kept.document.name, list(kept.document.order_ids)) == ("order.json", [one.order_id])


async def test_the_same_bytes_again_are_the_same_document_and_orders(intake):
    first = await intake.IngestDocument(ingest(shop_order(1)))
    for key in ("k", "another"):
        again = await intake.IngestDocument(ingest(shop_order(1), key=key))
        assert again.replayed
        assert again.document == first.document
        assert [(one.order_id, one.outcome) for one in again.orders] == [
            (first.orders[0].order_id, Outcome.OUTCOME_REPEATED)
        ]


async def test_ten_deliveries_at_once_are_one_document_and_one_order(intake):
    answers = await asyncio.gather(*(intake.IngestDocument(ingest(shop_order(1), key=f"k{n}")) for n in range(10)))
    assert len({answer.document.document_id for answer in answers}) == 1
    assert len({one.order_id for answer in answers for one in answer.orders}) == 1
    assert [row.order_count for row in (await intake.CountOrders(rpc.CountOrdersRequest())).counts] == [1]


async def test_what_cannot_be_read_is_quarantined_with_reason_and_place(intake):
    answer = await intake.IngestDocument(ingest(b'{"id": 1,'))
    assert answer.document.state == Document.STATE_QUARANTINED
    (problem,) = answer.document.problems
    assert problem.reason == "NOT_JSON"
    assert problem.position
    listed = await intake.ListDocuments(rpc.ListDocumentsRequest(state=Document.STATE_QUARANTINED))
    assert [document.document_id for document in listed.documents] == [answer.document.document_id]
    replayed = await intake.ReplayDocument(
        rpc.ReplayDocumentRequest(request_id="again", document_id=answer.document.document_id)
    )
    assert replayed.document.problems == answer.document.problems


async def test_a_bad_order_does_not_keep_the_good_ones_out(intake):
    orders = [shop_order(1), shop_order(2, line_items=[]), shop_order(3)]
    answer = await intake.IngestDocument(ingest({"orders": orders}))
    assert [(one.external_id, one.outcome) for one in answer.orders] == [
        ("1", Outcome.OUTCOME_ACCEPTED),
        ("3", Outcome.OUTCOME_ACCEPTED),
    ]
    assert answer.document.state == Document.STATE_QUARANTINED
    assert len(answer.document.problems) == 1


async def test_another_document_for_the_same_order_is_a_conflict_and_changes_nothing(intake):
    first = await intake.IngestDocument(ingest(shop_order(1)))
    answer = await intake.IngestDocument(ingest(shop_order(1, quantity=2), key="other"))
    order_id = first.orders[0].order_id
    assert [(one.order_id, one.outcome) for one in answer.orders] == [(order_id, Outcome.OUTCOME_CONFLICT)]
    assert [problem.reason for problem in answer.document.problems] == ["CONFLICT"]
    assert answer.document.state == Document.STATE_QUARANTINED
    order = (await intake.GetOrder(rpc.GetOrderRequest(order_id=order_id))).order
    assert order.units.open == 1
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order_id))).events
    assert events[-1].type == OrderEvent.TYPE_CONFLICT
    assert events[-1].references["document_id"] == answer.document.document_id


@pytest.mark.parametrize("note", ["nul \x00 in it", "half a pair \ud800", "x" * 100_000])
async def test_an_order_with_text_that_cannot_be_kept_is_an_answer_not_an_error(intake, note):
    answer = await intake.IngestDocument(ingest(shop_order(1, note=note), key="odd"))
    assert answer.document.state in (Document.STATE_ACCEPTED, Document.STATE_QUARANTINED)
    assert bool(answer.orders) != bool(answer.document.problems)


async def test_bytes_that_were_read_as_the_wrong_format_are_read_again_as_the_right_one(intake):
    wrong = await intake.IngestDocument(ingest(shop_order(1), channel="acme", format="x12"))
    assert wrong.document.state == Document.STATE_QUARANTINED
    right = await intake.IngestDocument(ingest(shop_order(1), channel="acme", format="shopify", key="right"))
    assert right.document.document_id == wrong.document.document_id
    assert right.document.state == Document.STATE_ACCEPTED


async def test_a_format_that_nobody_reads_is_refused_and_no_document_of_none_is_found(intake):
    with pytest.raises(InvalidArgument) as refused:
        await intake.IngestDocument(ingest(b"x", channel="fax-us"))
    assert refused.value.reason == "UNKNOWN_FORMAT"
    for call in (
        intake.GetDocument(rpc.GetDocumentRequest(document_id="doc_x")),
        intake.ReplayDocument(rpc.ReplayDocumentRequest(request_id="r", document_id="doc_x")),
    ):
        with pytest.raises(NotFound) as missing:
            await call
        assert missing.value.reason == "DOCUMENT_NOT_FOUND"


async def test_a_list_of_two_hundred_orders_is_read_and_pages_through(intake):
    answer = await intake.IngestDocument(ingest({"orders": [shop_order(n) for n in range(1, 201)]}), timeout=60)
    assert len(answer.orders) == 200
    assert answer.document.state == Document.STATE_ACCEPTED
    seen, request = [], rpc.ListOrdersRequest(page_size=45)
    while True:
        page = await intake.ListOrders(request)
        seen += [order.external_id for order in page.orders]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert sorted(seen, key=int) == [str(n) for n in range(1, 201)]
