"""One search over everything, the story of an order, notes and tags, a person's data, and who owns what."""

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import care_service_pb2 as care
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1 import ownership_service_pb2 as own
from oms.intake.v1 import units_pb2 as units
from oms.intake.v1.care_service_pb2_grpc import CareServiceStub
from oms.intake.v1.ownership_service_pb2_grpc import OwnershipServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.errors import InvalidArgument, OmsError
from tests.service.intake.drafts import draft, line, submit

Kind = care.MatchingOrder.Kind


@pytest.fixture
async def desk(running: Any) -> Any:
    async with Channels(Settings()) as channels:
        yield channels.connect(CareServiceStub, running.address)


@pytest.fixture
async def contract(running: Any) -> Any:
    async with Channels(Settings()) as channels:
        yield channels.connect(OwnershipServiceStub, running.address)


async def place(intake: Any, number: str, **fields: Any) -> str:
    sent = draft(line(fields.pop("sku", "TEE-BLK-M")), external_id=f"x-{number}", order_number=number, **fields)
    return (await intake.SubmitOrder(submit(sent))).order.order_id


async def find(desk: Any, query: str) -> dict[str, list[str]]:
    found = await desk.ListMatchingOrders(care.ListMatchingOrdersRequest(query=query))
    return {
        one.order.order_number: [Kind.Name(kind).removeprefix("KIND_") for kind in one.kinds] for one in found.matches
    }


async def move(intake: Any, order_id: str, *rooms: Any, **references: str) -> None:
    """Walk the only unit of an order through these rooms."""
    line_id = (await intake.GetOrder(rpc.GetOrderRequest(order_id=order_id))).order.lines[0].line_id
    for at, (before, after) in enumerate(pairwise(rooms)):
        await intake.RecordMoves(
            rpc.RecordMovesRequest(
                request_id=f"{order_id}/{at}",
                order_id=order_id,
                moves=[units.Move(line_id=line_id, from_room=before, to_room=after, quantity=1)],
                references=references,
            )
        )


TO_THE_DOOR = (
    units.ROOM_OPEN,
    units.ROOM_RESERVED,
    units.ROOM_RELEASED,
    units.ROOM_SHIPPED,
    units.ROOM_DELIVERED,
)


async def test_an_order_is_found_by_whatever_a_customer_can_say(intake, desk):
    address = Address(
        name="Zoë Ångström", lines=["7 Elm Court"], city="Springfield", postal_code="62704", country_code="US"
    )
    await place(intake, "#1001", ship_to=address, email="Zoe@Example.com", phone="+1 (217) 555-0147", sku="HAT-1")
    other = await place(intake, "1002")
    await move(intake, other, *TO_THE_DOOR[:4], tracking_number="1Z999AA10123456784", shipment_id="shp_1")
    assert await find(desk, "1001") == {"#1001": ["NUMBER"]}
    assert await find(desk, "x-1002") == {"1002": ["ID"]}
    assert await find(desk, " zoe@example.COM ") == {"#1001": ["EMAIL"]}
    assert await find(desk, "217-555-0147") == {"#1001": ["PHONE"]}
    assert await find(desk, "HAT-1") == {"#1001": ["SKU"]}
    assert await find(desk, "1Z999AA10123456784") == {"1002": ["TRACKING_NUMBER"]}
    assert await find(desk, "ångström") == {"#1001": ["WORDS"]}
    assert await find(desk, "elm spring") == {"#1001": ["WORDS"]}
    assert await find(desk, "elm chicago") == {}
    assert await find(desk, "'; DROP TABLE --") == {}
    assert await find(desk, "' & !:*") == {}


async def test_a_search_pages_through_many_orders_newest_first(intake, desk):
    address = Address(name="Sam Many", lines=["1 A St"], city="Troy", postal_code="12180", country_code="US")
    placed = [await place(intake, f"m-{number}", ship_to=address) for number in range(7)]
    seen: list[str] = []
    token = ""
    while True:
        request = care.ListMatchingOrdersRequest(query="sam many", page_size=3, page_token=token)
        page = await desk.ListMatchingOrders(request)
        seen += [one.order.order_id for one in page.matches]
        token = page.next_page_token
        if not token:
            break
    assert seen == sorted(placed, reverse=True)


async def test_notes_and_tags_are_in_the_story_and_notes_are_told_to_nobody_else(intake, desk, running):
    order_id = await place(intake, "2001")
    await desk.AddOrderNote(care.AddOrderNoteRequest(request_id="n1", order_id=order_id, text="Called, wants blue."))
    for _ in range(2):
        request = care.ChangeOrderTagsRequest(request_id="t1", order_id=order_id, add=["vip", "gift"], remove=["old"])
        assert (await desk.ChangeOrderTags(request)).tags == ["gift", "vip"]
    story = (await desk.ListOrderStory(care.ListOrderStoryRequest(order_id=order_id))).entries
    assert [entry.sentence for entry in story] == [
        "The order was accepted.",
        "A note was written.",
        "Tags were changed: +gift, +vip.",
    ]
    assert [entry.note for entry in story] == ["", "Called, wants blue.", ""]
    assert "blue" not in str(story[1].event)
    assert await find(desk, "tag:vip") == {"2001": ["TAG"]}
    assert list((await intake.GetOrder(rpc.GetOrderRequest(order_id=order_id))).order.tags) == ["gift", "vip"]


async def test_a_person_is_exported_and_erased_and_the_figures_stay(intake, desk, running):
    address = Address(name="Uma Gone", lines=["9 Lost Ln"], city="Oslo", postal_code="0150", country_code="NO")
    fields = {"ship_to": address, "email": "uma@example.com", "note": "ring twice", "customer_reference": "cust-9"}
    there = await place(intake, "3001", **fields)
    under_way = await place(intake, "3002", **fields)
    await move(intake, there, *TO_THE_DOOR)
    await desk.AddOrderNote(care.AddOrderNoteRequest(request_id="n2", order_id=there, text="Uma called"))
    before = (await intake.GetOrder(rpc.GetOrderRequest(order_id=there))).order
    exported = await desk.GetPersonalData(care.GetPersonalDataRequest(email="UMA@example.com"))
    told = json.dumps(json.loads(exported.json), ensure_ascii=False)
    assert exported.order_count == 2
    assert all(word in told for word in ("Uma Gone", "9 Lost Ln", "ring twice", "Uma called"))
    request = care.ErasePersonalDataRequest(request_id="e1", email="uma@example.com", reason="asked for")
    erased = await desk.ErasePersonalData(request)
    assert (list(erased.erased_order_ids), list(erased.kept_order_ids)) == ([there], [under_way])
    after = (await intake.GetOrder(rpc.GetOrderRequest(order_id=there))).order
    assert (after.total_amount, after.lines, after.units) == (before.total_amount, before.lines, before.units)
    assert after.ship_to == Address(city="Oslo", country_code="NO")
    assert (after.email, after.note, after.customer_reference) == ("", "", "")
    async with running.parts.database.connect() as conn:
        for table in ("orders", "order_notes", "idempotency_keys", "documents", "holds"):
            rows = await conn.execute(
                text(
                    f"SELECT count(*) FROM intake.{table} AS t WHERE t::text ILIKE '%uma%'"
                    + (" AND order_id <> :kept" if table == "orders" else "")
                    + (
                        " AND request_id NOT IN (SELECT key FROM intake.order_events WHERE order_id = :kept)"
                        if table == "idempotency_keys"
                        else ""
                    )
                ),
                {"kept": under_way} if table in {"orders", "idempotency_keys"} else {},
            )
            assert rows.scalar_one() == 0, table
    with pytest.raises(InvalidArgument, match="whose"):
        await desk.GetPersonalData(care.GetPersonalDataRequest())


async def test_a_channel_that_says_something_else_is_counted_field_by_field(intake, contract):
    sent = draft(line(quantity=2), external_id="own-1")
    await intake.SubmitOrder(submit(sent))
    sent.lines[0].quantity = 3
    sent.ship_to.city = "Elsewhere"
    answers = await asyncio.gather(*(intake.SubmitOrder(submit(sent)) for _ in range(2)), return_exceptions=True)
    assert {error.reason for error in answers if isinstance(error, OmsError)} == {"ORDER_CONFLICT"}
    found = (await contract.ListOwnershipDrift(own.ListOwnershipDriftRequest(channel="shopify-us"))).drifts
    assert {(one.field, one.kind) for one in found} == {
        ("line.quantity", own.OwnershipDrift.KIND_DRIFT),
        ("order.ship_to", own.OwnershipDrift.KIND_DRIFT),
    }


async def test_what_is_agreed_with_a_channel_goes_before_what_is_agreed_with_all(contract):
    agreed = own.OwnershipEntry(field="order.ship_to", owner="oms")
    await contract.SetOwnership(own.SetOwnershipRequest(request_id="o1", channel="edi-acme", entries=[agreed]))
    for channel, owner in (("edi-acme", "oms"), ("web", "shared")):
        entries = (await contract.GetOwnership(own.GetOwnershipRequest(channel=channel))).entries
        assert {one.field: one.owner for one in entries}["order.ship_to"] == owner
    unknown = own.OwnershipEntry(field="order.colour", owner="oms")
    with pytest.raises(InvalidArgument, match="there is no field"):
        await contract.SetOwnership(own.SetOwnershipRequest(request_id="o2", entries=[unknown]))


async def test_what_a_channel_does_not_own_it_cannot_change_and_that_is_counted(intake, contract):
    from tests.unit.intake.channels.reading_documents import loaded

    agreed = own.OwnershipEntry(field="order.cancellation", owner="oms")
    await contract.SetOwnership(own.SetOwnershipRequest(request_id="o3", channel="shopify-us", entries=[agreed]))
    order = loaded("shopify/01-us-paid.json")

    async def ingest(topic: str) -> Any:
        return await intake.IngestDocument(
            rpc.IngestDocumentRequest(
                request_id=f"i-{topic}",
                channel="shopify-us",
                content=json.dumps(order).encode(),
                headers={"X-Shopify-Topic": topic},
            )
        )

    accepted = (await ingest("orders/create")).orders[0].order_id
    order.get("order", order)["cancelled_at"] = "2026-03-02T11:00:00Z"
    (problem,) = (await ingest("orders/cancelled")).document.problems
    assert problem.reason == "NOT_OWNER"
    assert (await intake.GetOrder(rpc.GetOrderRequest(order_id=accepted))).order.units.cancelled == 0
    (drift,) = (await contract.ListOwnershipDrift(own.ListOwnershipDriftRequest())).drifts
    assert (drift.field, drift.kind, drift.count) == ("order.cancellation", own.OwnershipDrift.KIND_REFUSED, 1)


async def test_what_we_write_otherwise_ourselves_is_no_drift_of_the_channel(intake, contract):
    place = Address(name="R", lines=["1 Main St"], city="Troy", postal_code="121801234", country_code="US")
    sent = draft(external_id="own-2", channel="neat", ship_to=place)
    assert (await intake.SubmitOrder(submit(sent))).order.ship_to.postal_code == "12180-1234"
    sent.note = "said later"
    with pytest.raises(OmsError, match="another order"):
        await intake.SubmitOrder(submit(sent))
    assert not (await contract.ListOwnershipDrift(own.ListOwnershipDriftRequest(channel="neat"))).drifts
