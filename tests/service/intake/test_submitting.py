import asyncio
from datetime import timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sqlalchemy import select, text

from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.hold_pb2 import (
    HOLD_DEADLINE_ACTION_CANCEL,
    HOLD_TYPE_AWAITING_PAYMENT,
    HOLD_TYPE_HIGH_RISK_OF_FRAUD,
    HoldSpec,
)
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.order_pb2 import ORDER_STATUS_ON_HOLD, ORDER_STATUS_OPEN, Payment
from oms.workflow.v1.order_workflow_pb2 import OrderInput
from services.intake.domain.acceptance import digest_before_details, normalised
from services.intake.tables import outbox_events
from services.intake.wire_draft import draft_from
from services.kernel.errors import AlreadyExists, InvalidArgument
from tests.service.intake.drafts import AUTHORIZED, PENDING, draft, line, submit


async def test_a_submitted_order_reads_back_as_it_was_answered(intake):
    sent = draft(line("A", 2, 1050), line("B"), note="ring twice", order_number="#1001")
    answered = (await intake.SubmitOrder(submit(sent))).order
    read = (await intake.GetOrder(rpc.GetOrderRequest(order_id=answered.order_id))).order
    found = await intake.LookupOrder(rpc.LookupOrderRequest(channel=sent.channel, external_id=sent.external_id))
    assert read == answered == found.order
    assert read.status == ORDER_STATUS_OPEN
    assert [(one.sku, one.quantity, one.units.open, one.external_line_id) for one in read.lines] == [
        ("A", 2, 2, "1"),
        ("B", 1, 1, "2"),
    ]
    assert (read.region, read.priority, read.units.open, read.resting) == ("US", 3, 3, False)
    assert read.ship_to == sent.ship_to
    assert read.lines[0].total_amount == Money(currency_code="USD", units=21)


async def test_an_order_that_is_not_paid_waits_for_its_money(intake, clock):
    order = (await intake.SubmitOrder(submit(draft(payment=PENDING)))).order
    (hold,) = order.holds
    assert (hold.handle, hold.type) == ("payment", HOLD_TYPE_AWAITING_PAYMENT)
    assert hold.deadline_action == HOLD_DEADLINE_ACTION_CANCEL
    assert hold.deadline_time.ToDatetime() == (clock.now() + timedelta(days=7)).replace(tzinfo=None)
    assert order.status == ORDER_STATUS_ON_HOLD
    assert (await intake.GetOrder(rpc.GetOrderRequest(order_id=order.order_id))).order == order
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events] == [OrderEvent.TYPE_SUBMITTED, OrderEvent.TYPE_HOLD_PLACED]
    assert [event.sequence for event in events] == [1, 2]


async def test_the_same_order_twice_is_one_order(intake):
    sent = draft()
    first = await intake.SubmitOrder(submit(sent))
    second = await intake.SubmitOrder(submit(sent))
    assert (first.replayed, second.replayed) == (False, True)
    assert first.order == second.order


async def test_twenty_callers_at_once_make_one_order(intake):
    sent = draft(line("A", 3), payment=PENDING)
    answers = await asyncio.gather(*(intake.SubmitOrder(submit(sent)) for _ in range(20)))
    assert len({answer.order.order_id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    counted = await intake.CountOrders(rpc.CountOrdersRequest())
    assert [row.order_count for row in counted.counts] == [1]
    assert counted.ordered_quantity == 3


async def test_another_order_under_the_same_id_is_a_conflict_on_the_timeline(intake):
    first = draft(external_id="7")
    order = (await intake.SubmitOrder(submit(first))).order
    for _ in range(2):
        with pytest.raises(AlreadyExists) as refused:
            await intake.SubmitOrder(submit(draft(line(quantity=2), external_id="7")))
        assert refused.value.reason == "ORDER_CONFLICT"
        assert refused.value.metadata["order_id"] == order.order_id
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events] == [OrderEvent.TYPE_SUBMITTED, OrderEvent.TYPE_CONFLICT]


async def test_a_request_id_is_good_for_one_order(intake):
    await intake.SubmitOrder(submit(draft(), "r-1"))
    with pytest.raises(AlreadyExists) as refused:
        await intake.SubmitOrder(submit(draft(), "r-1"))
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_the_process_is_started_by_the_outbox_without_personal_data(running):
    sent = draft(
        line("A", 2),
        line("B"),
        order_number="#1001",
        customer_reference="robin@example.com",
        note="for Robin",
        holds=[HoldSpec(handle="risk", type=HOLD_TYPE_HIGH_RISK_OF_FRAUD, note="Robin looks odd")],
    )
    order = (await running.stub.SubmitOrder(submit(sent))).order
    async with running.parts.database.connect() as conn:
        (row,) = (await conn.execute(select(outbox_events))).mappings()
    assert (row["key"], row["sink"]) == (f"order/{order.order_id}", "temporal")
    assert row["attributes"]["summary"] == "#1001 · shopify-us · 3 units · US"
    assert row["attributes"]["search_attributes"] == {
        "OmsStatus": "On hold",
        "OmsChannel": "shopify-us",
        "OmsRegion": "US",
        "OmsPriority": 3,
        "OmsHold": "HIGH_RISK_OF_FRAUD",
    }
    started = OrderInput.FromString(row["message"])
    assert [(one.line_id, one.sku, one.quantity) for one in started.lines] == [
        (one.line_id, one.sku, one.quantity) for one in order.lines
    ]
    assert [hold.hold_id for hold in started.holds] == [order.holds[0].hold_id]
    assert "Robin" not in str(dict(row)) + str(started)
    assert "robin" not in str(dict(row)) + str(started)


REFUSED = {
    "CURRENCY_MISMATCH": {"shipping_amount": Money(currency_code="EUR", units=1)},
    "INEXACT_AMOUNT": {"shipping_amount": Money(currency_code="USD", nanos=1)},
    "NEGATIVE_AMOUNT": {"shipping_amount": Money(currency_code="USD", units=-1)},
    "AMOUNT_TOO_LARGE": {"shipping_amount": Money(currency_code="USD", units=2**62)},
    "MISSING_COUNTRY": {"ship_to": Address(name="Robin Example")},
    "PAYMENT_STATE": {"payment": Payment.STATE_VOIDED},
    "DUPLICATE_LINE": {"lines": [line(external_line_id="1"), line(external_line_id="1")]},
    "DUPLICATE_HANDLE": {
        "holds": [HoldSpec(handle="a", type=HOLD_TYPE_AWAITING_PAYMENT)] * 2
        + [HoldSpec(handle="b", type=HOLD_TYPE_HIGH_RISK_OF_FRAUD)]
    },
    "UNKNOWN_LINE": {"holds": [HoldSpec(handle="a", type=HOLD_TYPE_AWAITING_PAYMENT, line_id="nine")]},
    "INVALID_TIME": {"order_time": Timestamp(seconds=10**15)},
    "INVALID_ARGUMENT": {"note": "nul \x00 in it"},
}


@pytest.mark.parametrize("reason", REFUSED)
async def test_what_cannot_be_an_order_is_refused_with_its_reason(intake, reason):
    with pytest.raises(InvalidArgument) as refused:
        await intake.SubmitOrder(submit(draft(**REFUSED[reason])))
    assert refused.value.reason == reason
    assert not (await intake.CountOrders(rpc.CountOrdersRequest())).counts


async def test_five_thousand_lines_are_one_order(intake):
    sent = draft(*(line(f"SKU-{n}", 2) for n in range(5000)), payment=AUTHORIZED)
    order = (await intake.SubmitOrder(submit(sent))).order
    assert order.units.open == 10_000
    assert (await intake.GetOrder(rpc.GetOrderRequest(order_id=order.order_id))).order == order


async def test_an_order_of_a_release_that_knew_less_is_the_same_order_when_it_comes_again(intake, running):
    sent = draft(external_id="earlier", email="robin@example.com")
    order_id = (await intake.SubmitOrder(submit(sent))).order.order_id
    before = digest_before_details(normalised(draft_from(sent)))
    async with running.parts.database.begin() as conn:
        written = {"digest": before, "order_id": order_id}
        await conn.execute(text("UPDATE intake.orders SET digest = :digest WHERE order_id = :order_id"), written)
    # This release would have known the address.
    with pytest.raises(AlreadyExists):
        await intake.SubmitOrder(submit(sent))
    async with running.parts.database.begin() as conn:
        await conn.execute(text("DELETE FROM intake.order_prints WHERE order_id = :order_id"), {"order_id": order_id})
    again = await intake.SubmitOrder(submit(sent))
    assert (again.replayed, again.order.order_id) == (True, order_id)
    sent.lines[0].quantity += 1
    with pytest.raises(AlreadyExists):
        await intake.SubmitOrder(submit(sent))
