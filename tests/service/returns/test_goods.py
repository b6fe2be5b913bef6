"""Goods that come back: whether they may, whether they did, and what became of them."""

import asyncio
from datetime import timedelta

import pytest

from oms.returns.v1 import returns_service_pb2 as rpc
from oms.returns.v1.return_pb2 import Return
from oms.workflow.v1.order_workflow_pb2 import OrderInputLine
from oms.workflow.v1.return_workflow_pb2 import (
    AuthorizationDecided,
    InspectionRecorded,
    ReceiptRecorded,
    ReturnInput,
)
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, Unavailable
from tests.service.returns.shop import INSPECT_AGAIN, RESTOCK, SCRAP


async def test_a_delivered_unit_may_come_back_at_once_within_the_window(shop, clock):
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    clock.advance(timedelta(days=30))
    record = await shop.ask_back(order, 1)
    assert record.authorization == Return.AUTHORIZATION_AUTHORIZED
    assert record.reception == Return.RECEPTION_AWAITED
    assert record.lines[0].reason == "too small"
    assert await shop.get(record) == record


async def test_after_the_window_somebody_must_decide(shop, clock):
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    clock.advance(timedelta(days=30, seconds=1))
    record = await shop.ask_back(order, 1)
    assert record.authorization == Return.AUTHORIZATION_PENDING


async def test_the_process_is_started_with_all_it_needs_and_no_personal_data(shop):
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    record = await shop.ask_back(order, 2, reason="Robin says it is too small")
    workflow_id = f"return/{record.return_id}"
    (start,) = await shop.outbox(workflow_id=workflow_id)
    line = order.lines[0]
    assert start["type"] == "start Return"
    assert ReturnInput.FromString(start["message"]) == ReturnInput(
        return_id=record.return_id,
        order_id=order.order_id,
        lines=[OrderInputLine(line_id=line.line_id, sku="SKU-1", quantity=2)],
        authorized=True,
    )
    assert "Return of 2 units of order #1001 (shopify-us)" in start["attributes"]
    assert '"OmsStatus": "Awaiting parcel"' in start["attributes"]
    assert "Robin" not in start["attributes"]
    assert b"Robin" not in start["message"]


async def test_the_same_request_is_one_return(shop):
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    first = await shop.ask_back(order, 1, key="once")
    assert await shop.ask_back(order, 1, key="once") == first
    with pytest.raises(AlreadyExists) as refusal:
        await shop.ask_back(order, 2, key="once")
    assert refusal.value.reason == "REQUEST_ID_REUSED"


async def test_no_more_units_come_back_than_were_delivered(shop):
    order = await shop.buy((3, 1000))
    await shop.bring(order, "delivered", 2)
    await shop.ask_back(order, 1)
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.ask_back(order, 2)
    assert refusal.value.reason == "NOT_RETURNABLE"
    assert refusal.value.metadata["returnable"] == "1"


async def test_many_who_ask_at_once_get_no_more_than_was_delivered(shop):
    order = await shop.buy((5, 1000), (3, 500))
    await shop.bring(order, "delivered", 5, 3)
    answers = await asyncio.gather(*(shop.ask_back(order, 1, 1) for _ in range(12)), return_exceptions=True)
    given = [answer for answer in answers if isinstance(answer, Return)]
    assert len(given) == 3
    refused = [answer for answer in answers if isinstance(answer, FailedPrecondition)]
    assert [one.reason for one in refused] == ["NOT_RETURNABLE"] * 9


async def test_units_that_moved_to_returned_are_counted_once(shop):
    order = await shop.buy((3, 1000))
    await shop.bring(order, "delivered")
    record = await shop.ask_back(order, 2)
    await shop.receive(record)
    await shop.move(order, "delivered", "returned", 2)
    await shop.ask_back(order, 1)
    with pytest.raises(FailedPrecondition):
        await shop.ask_back(order, 1)


async def test_the_same_line_twice_is_summed_first(shop):
    order = await shop.buy((3, 1000))
    await shop.bring(order, "delivered", 1)
    line_id = order.lines[0].line_id
    lines = [rpc.ReturnLineSpec(line_id=line_id, quantity=1), rpc.ReturnLineSpec(line_id=line_id, quantity=1)]
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.stub.RequestReturn(rpc.RequestReturnRequest(request_id="r", order_id=order.order_id, lines=lines))
    assert refusal.value.metadata["wanted"] == "2"


async def test_unknown_orders_lines_and_returns_are_named(shop):
    order = await shop.buy((1, 1000))
    line = rpc.ReturnLineSpec(line_id="lin_unknown", quantity=1)
    with pytest.raises(NotFound) as refusal:
        await shop.stub.RequestReturn(rpc.RequestReturnRequest(request_id="a", order_id="ord_unknown", lines=[line]))
    assert refusal.value.reason == "ORDER_NOT_FOUND"
    with pytest.raises(InvalidArgument) as wrong:
        await shop.stub.RequestReturn(rpc.RequestReturnRequest(request_id="b", order_id=order.order_id, lines=[line]))
    assert wrong.value.reason == "UNKNOWN_LINE"
    with pytest.raises(NotFound) as missing:
        await shop.stub.GetReturn(rpc.GetReturnRequest(return_id="ret_unknown"))
    assert missing.value.reason == "RETURN_NOT_FOUND"


async def test_intake_that_does_not_answer_is_unavailable(service, migrated_database):
    from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceStub
    from services.chassis.client import Channels
    from services.chassis.settings import Settings

    running = await service("returns", intake_address="127.0.0.1:9")
    async with Channels(Settings()) as channels:
        stub = channels.connect(ReturnsServiceStub, running.address)
        line = rpc.ReturnLineSpec(line_id="lin", quantity=1)
        with pytest.raises(Unavailable) as refusal:
            await stub.RequestReturn(rpc.RequestReturnRequest(request_id="a", order_id="ord", lines=[line]))
    assert refusal.value.reason == "INTAKE_UNAVAILABLE"


async def test_a_decision_twice_is_once_and_the_process_hears_it_once(shop, clock):
    order = await shop.buy((3, 1000))
    await shop.bring(order, "delivered")
    clock.advance(timedelta(days=31))
    for decision in ("Authorize", "Decline", "Cancel"):
        record = await shop.ask_back(order, 1)
        first = await shop.decide(record, decision)
        assert await shop.decide(record, decision) == first
        assert first.decision_reason == decision
        _start, told = await shop.outbox(workflow_id=f"return/{record.return_id}")
        fact = AuthorizationDecided.FromString(told["message"])
        assert fact.authorization == first.authorization != Return.AUTHORIZATION_PENDING


async def test_a_decision_is_not_turned_round(shop, clock):
    order = await shop.buy((4, 1000))
    await shop.bring(order, "delivered")
    clock.advance(timedelta(days=31))
    for first, second in (
        ("Decline", "Authorize"),
        ("Authorize", "Decline"),
        ("Decline", "Cancel"),
        ("Cancel", "Authorize"),
    ):
        record = await shop.ask_back(order, 1)
        decided = await shop.decide(record, first)
        with pytest.raises(FailedPrecondition) as refusal:
            await shop.decide(record, second)
        assert refusal.value.reason == "RETURN_DECIDED"
        assert await shop.get(record) == decided


async def test_a_return_that_was_given_up_lets_its_units_go_and_takes_no_goods(shop):
    record = await shop.delivered_and_asked_back(1)
    await shop.stub.CancelReturn(rpc.CancelReturnRequest(request_id="c", return_id=record.return_id))
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.receive(record)
    assert refusal.value.reason == "NOT_AUTHORIZED"
    order = await shop.order_of(record)
    assert (await shop.ask_back(order, 1)).authorization == Return.AUTHORIZATION_AUTHORIZED


async def test_what_never_came_of_a_closed_return_can_be_asked_back_again(shop):
    record = await shop.delivered_and_asked_back(3)
    await shop.receive(record, 1)
    await shop.close(record)
    with pytest.raises(FailedPrecondition) as late:
        await shop.receive(record, 1)
    assert late.value.reason == "MORE_THAN_AWAITED"
    order = await shop.order_of(record)
    await shop.ask_back(order, 2)
    with pytest.raises(FailedPrecondition):
        await shop.ask_back(order, 1)


async def test_a_return_of_which_something_came_cannot_be_cancelled(shop):
    record = await shop.delivered_and_asked_back(2)
    record = await shop.receive(record, 1)
    assert record.reception == Return.RECEPTION_PARTLY_RECEIVED
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.stub.CancelReturn(rpc.CancelReturnRequest(request_id="c", return_id=record.return_id))
    assert refusal.value.reason == "RETURN_RECEIVED"


async def test_a_receipt_without_lines_is_everything_that_is_awaited(shop):
    record = await shop.delivered_and_asked_back(2, 3)
    await shop.receive(record, 1)
    record = await shop.receive(record)
    assert [line.received_quantity for line in record.lines] == [2, 3]
    assert record.reception == Return.RECEPTION_RECEIVED
    _start, first, second = await shop.outbox(workflow_id=f"return/{record.return_id}")
    assert [line.quantity for line in ReceiptRecorded.FromString(first["message"]).lines] == [1]
    assert [line.quantity for line in ReceiptRecorded.FromString(second["message"]).lines] == [1, 3]
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.receive(record)
    assert refusal.value.reason == "MORE_THAN_AWAITED"


async def test_a_receipt_is_recorded_once_per_request_and_never_beyond_what_is_awaited(shop):
    record = await shop.delivered_and_asked_back(2)
    first = await shop.receive(record, 1, key="once")
    assert await shop.receive(record, 1, key="once") == first
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.receive(record, 2)
    assert (refusal.value.reason, refusal.value.metadata["awaited"]) == ("MORE_THAN_AWAITED", "1")
    unknown = rpc.RecordReceiptRequest(
        request_id="u", return_id=record.return_id, lines=[rpc.ReceivedLine(line_id="lin_unknown", quantity=1)]
    )
    with pytest.raises(InvalidArgument):
        await shop.stub.RecordReceipt(unknown)


async def test_receipts_at_once_never_receive_more_than_is_awaited(shop):
    record = await shop.delivered_and_asked_back(4)
    answers = await asyncio.gather(*(shop.receive(record, 1) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(answer, Return) for answer in answers) == 4
    assert (await shop.get(record)).lines[0].received_quantity == 4


async def test_units_to_be_looked_at_again_get_another_disposition_and_final_ones_do_not(shop):
    record = await shop.receive(await shop.delivered_and_asked_back(3), 2)
    record = await shop.inspect(record, INSPECT_AGAIN, 2)
    record = await shop.inspect(record, RESTOCK, 1)
    record = await shop.inspect(record, SCRAP, 1)
    assert {one.disposition: one.quantity for one in record.lines[0].dispositions} == {RESTOCK: 1, SCRAP: 1}
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.inspect(record, RESTOCK, 1)
    assert refusal.value.reason == "MORE_THAN_RECEIVED"
    told = (await shop.outbox(workflow_id=f"return/{record.return_id}"))[2:]
    facts = [InspectionRecorded.FromString(one["message"]) for one in told]
    assert [(fact.units[0].quantity, fact.units[0].disposition) for fact in facts] == [
        (2, INSPECT_AGAIN),
        (1, RESTOCK),
        (1, SCRAP),
    ]
    assert len({fact.event_id for fact in facts}) == 3


async def test_a_label_is_recorded_for_an_authorized_return_only(shop, clock):
    record = await shop.delivered_and_asked_back(1)
    label = {"shipment_id": "shp_1", "tracking_number": "1Z", "label_uri": "http://label", "node_id": "east"}
    answer = await shop.stub.RecordReturnLabel(
        rpc.RecordReturnLabelRequest(request_id="l", return_id=record.return_id, **label)
    )
    shown = answer.return_record
    assert {name: getattr(shown, name) for name in label} == label
    await shop.stub.CancelReturn(rpc.CancelReturnRequest(request_id="c", return_id=record.return_id))
    with pytest.raises(FailedPrecondition) as refusal:
        await shop.stub.RecordReturnLabel(
            rpc.RecordReturnLabelRequest(request_id="l2", return_id=record.return_id, **label)
        )
    assert refusal.value.reason == "NOT_AUTHORIZED"


async def test_lists_are_newest_first_filtered_and_paged_without_gaps(shop, clock):
    records = []
    for _ in range(5):
        records.append(await shop.delivered_and_asked_back(1))
        clock.advance(timedelta(seconds=1))
    await shop.stub.CancelReturn(rpc.CancelReturnRequest(request_id="c", return_id=records[2].return_id))
    found, token = [], ""
    while True:
        page = await shop.stub.ListReturns(rpc.ListReturnsRequest(page_size=2, page_token=token))
        found += [one.return_id for one in page.return_records]
        token = page.next_page_token
        if not token:
            break
    assert found == [one.return_id for one in reversed(records)]
    cancelled = await shop.stub.ListReturns(rpc.ListReturnsRequest(authorization=Return.AUTHORIZATION_CANCELLED))
    assert [one.return_id for one in cancelled.return_records] == [records[2].return_id]
    of_order = await shop.stub.ListReturns(rpc.ListReturnsRequest(order_id=records[0].order_id))
    assert [one.return_id for one in of_order.return_records] == [records[0].return_id]
    first = await shop.stub.ListReturns(rpc.ListReturnsRequest(page_size=2))
    with pytest.raises(InvalidArgument):
        await shop.stub.ListReturns(rpc.ListReturnsRequest(order_id="other", page_token=first.next_page_token))


async def test_text_that_cannot_be_stored_is_refused_as_the_callers_mistake(shop):
    order = await shop.buy((1, 1000))
    await shop.bring(order, "delivered")
    with pytest.raises(InvalidArgument):
        await shop.ask_back(order, 1, reason="nul \x00 byte")
