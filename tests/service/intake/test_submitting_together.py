"""Orders that are submitted at the same time are written together, and each is answered for itself."""

import asyncio

from sqlalchemy import text

from oms.intake.v1.intake_service_pb2 import GetOrderRequest, ListOrderEventsRequest, SubmitOrderRequest
from services.kernel.errors import OmsError
from tests.service.intake.drafts import draft


async def ask(intake, request):
    """Return the order's id, or why there is none."""
    try:
        return (await intake.SubmitOrder(request)).order.order_id
    except OmsError as error:
        return error.reason


def request(number, **changes):
    return SubmitOrderRequest(request_id=f"req-{number}", draft=draft(external_id=f"web-{number}", **changes))


async def test_a_crowd_of_new_repeated_conflicting_and_bad_orders_hear_each_its_own(intake, running):
    bad = request("bad")
    bad.draft.lines[0].unit_price.currency_code = "EUR"
    other = request("other")
    other.draft.external_id = "web-3"
    other.draft.lines[0].quantity += 1
    crowd = [request(number) for number in range(40)]
    answers = await asyncio.gather(
        *(ask(intake, one) for one in (*crowd, bad, request(1), request(1), *crowd[5:10])),
    )
    new, (refused, *again), repeated = answers[:40], answers[40:43], answers[43:]
    assert len(set(new)) == 40
    assert all(order_id.startswith("ord_") for order_id in new)
    assert refused == "CURRENCY_MISMATCH"
    assert again == [new[1]] * 2
    assert repeated == new[5:10]
    assert await ask(intake, other) == "ORDER_CONFLICT"
    async with running.parts.database.connect() as conn:
        counts = {
            table: (await conn.execute(text(f"SELECT count(*) FROM intake.{table}"))).scalar_one()
            for table in ("orders", "payments", "idempotency_keys")
        }
        started = text("SELECT count(*), count(DISTINCT key) FROM intake.outbox_events WHERE sink = 'temporal'")
        assert tuple((await conn.execute(started)).one()) == (40, 40)
    assert counts == {"orders": 40, "payments": 40, "idempotency_keys": 40}


async def test_the_same_order_under_many_keys_at_once_is_one_order(intake):
    requests = [request(1) for _ in range(20)]
    for number, one in enumerate(requests):
        one.request_id = f"key-{number}"
    answers = await asyncio.gather(*(intake.SubmitOrder(one) for one in requests))
    assert len({answer.order.order_id for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False, *[True] * 19]


async def test_an_order_written_with_others_reads_back_as_it_was_answered(intake):
    answers = await asyncio.gather(*(intake.SubmitOrder(request(number)) for number in range(10)))
    for answer in answers:
        order_id = answer.order.order_id
        assert (await intake.GetOrder(GetOrderRequest(order_id=order_id))).order == answer.order
        events = (await intake.ListOrderEvents(ListOrderEventsRequest(order_id=order_id))).events
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert answer.order.etag == f"v{len(events)}"
