import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1 import order_pb2 as orders
from oms.intake.v1 import units_pb2 as units
from oms.intake.v1.cancellation_pb2 import LineCancellation, LineQuantity
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.units_pb2 import Move
from services.chassis import migration
from services.kernel.errors import Aborted, AlreadyExists, InvalidArgument, NotFound, Unavailable
from tests.service.intake.drafts import draft, line, submit


async def submitted(intake: Any, *lines: Any, **fields: Any) -> Any:
    return (await intake.SubmitOrder(submit(draft(*lines, **fields)))).order


async def walk(intake: Any, line_id: Any, order: Any, quantity: Any, *rooms: Any) -> Any:
    for old, new in pairwise(rooms):
        move = Move(line_id=line_id, from_room=old, to_room=new, quantity=quantity)
        key = f"{line_id}/{old}/{new}"
        await intake.RecordMoves(rpc.RecordMovesRequest(request_id=key, order_id=order.order_id, moves=[move]))


async def take(stream: Any, count: Any) -> Any:
    return [await asyncio.wait_for(anext(stream), 10) for _ in range(count)]


async def test_a_watcher_misses_nothing_and_sees_nothing_twice(intake):
    known = [await submitted(intake) for _ in range(3)]
    stream = aiter(intake.WatchOrders(rpc.WatchOrdersRequest()))
    seen = await take(stream, 3)
    assert [one.event.order_id for one in seen] == [order.order_id for order in known]
    later = await submitted(intake)
    assert [one.event.order_id for one in await take(stream, 1)] == [later.order_id]
    cursor = seen[1].event.cursor
    resumed = await take(aiter(intake.WatchOrders(rpc.WatchOrdersRequest(after_cursor=cursor))), 2)
    assert [one.event.order_id for one in resumed] == [known[2].order_id, later.order_id]


async def test_many_writers_at_once_are_each_seen_once_and_each_order_in_order(intake):
    order = await submitted(intake, line("A", 20))
    stream = aiter(intake.WatchOrders(rpc.WatchOrdersRequest(order_id=order.order_id)))
    line_id = order.lines[0].line_id
    step = Move(line_id=line_id, from_room=units.ROOM_OPEN, to_room=units.ROOM_RESERVED, quantity=1)
    await asyncio.gather(
        *(
            intake.RecordMoves(rpc.RecordMovesRequest(request_id=f"m{n}", order_id=order.order_id, moves=[step]))
            for n in range(20)
        )
    )
    seen = await take(stream, 21)
    assert [one.event.sequence for one in seen] == list(range(1, 22))


async def test_a_watcher_from_now_on_hears_only_what_happens_from_now_on(intake):
    await submitted(intake)
    call = intake.WatchOrders(rpc.WatchOrdersRequest(from_now=True, channel="shopify-uk"))
    stream = aiter(call)
    first = asyncio.ensure_future(anext(stream))
    await call.initial_metadata()
    await submitted(intake)
    wanted = await submitted(intake, channel="shopify-uk")
    heard = await asyncio.wait_for(first, 10)
    assert (heard.event.order_id, heard.status) == (wanted.order_id, orders.ORDER_STATUS_OPEN)


async def test_a_cursor_that_is_none_and_an_order_that_is_none_are_refused(intake):
    for cursor in ("x", "!!", "bm90LmEuY3Vyc29y", "MC4AAC4w"):
        with pytest.raises(InvalidArgument) as refused:
            await anext(aiter(intake.WatchOrders(rpc.WatchOrdersRequest(after_cursor=cursor))))
        assert refused.value.reason == "INVALID_CURSOR"
    with pytest.raises(NotFound):
        await anext(aiter(intake.WatchOrders(rpc.WatchOrdersRequest(order_id="ord_x"))))


async def test_orders_are_listed_newest_first_by_every_filter(intake, clock):
    first = await submitted(intake, line("A"))
    clock.advance(timedelta(hours=1))
    second = await submitted(intake, line("B"), channel="shopify-uk")
    middle = Timestamp()
    middle.FromDatetime(clock.now())
    clock.advance(timedelta(hours=1))
    third = await submitted(intake, line("A"), line("B"))
    a = third.lines[0].line_id
    await walk(intake, a, third, 1, units.ROOM_OPEN, units.ROOM_BACKORDERED)
    cases: list[tuple[list[Any], dict[str, Any]]] = [
        ([third, second, first], {}),
        ([third, first], {"sku": "A"}),
        ([second], {"channel": "shopify-uk"}),
        ([third], {"statuses": [orders.ORDER_STATUS_BACKORDERED]}),
        ([third, second, first], {"region": "US"}),
        ([third, second], {"after_time": middle}),
        ([first], {"before_time": middle}),
        ([], {"region": "EU"}),
    ]
    for wanted, filters in cases:
        found = (await intake.ListOrders(rpc.ListOrdersRequest(**filters))).orders
        assert [order.order_id for order in found] == [order.order_id for order in wanted], filters
    page = await intake.ListOrders(rpc.ListOrdersRequest(page_size=1))
    with pytest.raises(InvalidArgument) as refused:
        await intake.ListOrders(rpc.ListOrdersRequest(region="US", page_token=page.next_page_token))
    assert refused.value.reason == "INVALID_PAGE_TOKEN"
    counted = await intake.CountOrders(rpc.CountOrdersRequest(channel="shopify-us"))
    assert {row.status: row.order_count for row in counted.counts} == {
        orders.ORDER_STATUS_OPEN: 1,
        orders.ORDER_STATUS_BACKORDERED: 1,
    }


async def test_a_timeline_pages_through(intake):
    order = await submitted(intake, line("A", 1))
    rooms = (units.ROOM_OPEN, units.ROOM_RESERVED, units.ROOM_RELEASED, units.ROOM_SHIPPED, units.ROOM_DELIVERED)
    await walk(intake, order.lines[0].line_id, order, 1, *rooms)
    request, sequences = rpc.ListOrderEventsRequest(order_id=order.order_id, page_size=2), []
    while True:
        page = await intake.ListOrderEvents(request)
        sequences += [event.sequence for event in page.events]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert sequences == [1, 2, 3, 4, 5]


async def test_what_has_left_or_is_cancelled_is_answered_without_the_process(intake):
    order = await submitted(intake, line("A", 2), line("B", 1), line("C", 1))
    a, b, c = (one.line_id for one in order.lines)
    await walk(intake, a, order, 2, units.ROOM_OPEN, units.ROOM_RESERVED, units.ROOM_RELEASED, units.ROOM_SHIPPED)
    await walk(intake, b, order, 1, units.ROOM_OPEN, units.ROOM_CANCELLED)
    request = rpc.CancelOrderRequest(
        request_id="cancel", order_id=order.order_id, lines=[LineQuantity(line_id=a), LineQuantity(line_id=b)]
    )
    answer = await intake.CancelOrder(request)
    assert list(answer.lines) == [
        LineCancellation(line_id=a, outcome=LineCancellation.OUTCOME_TOO_LATE, too_late_quantity=2),
        LineCancellation(line_id=b, outcome=LineCancellation.OUTCOME_CANCELLED, cancelled_quantity=1),
    ]
    again = await intake.CancelOrder(request)
    assert again == answer
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events].count(OrderEvent.TYPE_CANCELLATION_REQUESTED) == 1
    with pytest.raises(AlreadyExists) as reused:
        await intake.CancelOrder(
            rpc.CancelOrderRequest(request_id="cancel", order_id=order.order_id, lines=[LineQuantity(line_id=a)])
        )
    assert reused.value.reason == "REQUEST_ID_REUSED"
    assert c not in {one.line_id for one in answer.lines}


async def test_a_process_that_does_not_answer_is_said_in_time_and_can_be_asked_again(intake):
    order = await submitted(intake, line("A", 2))
    request = rpc.CancelOrderRequest(request_id="cancel", order_id=order.order_id, etag=order.etag)
    for _ in range(2):
        with pytest.raises(Unavailable) as refused:
            await intake.CancelOrder(request, timeout=3)
        assert refused.value.reason == "PROCESS_UNAVAILABLE"
    events = (await intake.ListOrderEvents(rpc.ListOrderEventsRequest(order_id=order.order_id))).events
    assert [event.type for event in events] == [OrderEvent.TYPE_SUBMITTED, OrderEvent.TYPE_CANCELLATION_REQUESTED]


async def test_a_cancellation_of_an_order_that_has_changed_or_of_no_line_is_refused(intake):
    order = await submitted(intake, line("A", 2))
    a = order.lines[0].line_id
    await walk(intake, a, order, 1, units.ROOM_OPEN, units.ROOM_RESERVED)
    with pytest.raises(Aborted) as changed:
        await intake.CancelOrder(rpc.CancelOrderRequest(request_id="c", order_id=order.order_id, etag=order.etag))
    assert changed.value.reason == "ETAG_CHANGED"
    with pytest.raises(InvalidArgument) as unknown:
        await intake.CancelOrder(
            rpc.CancelOrderRequest(request_id="c", order_id=order.order_id, lines=[LineQuantity(line_id="x")])
        )
    assert unknown.value.reason == "UNKNOWN_LINE"


async def test_the_migrated_schema_is_what_the_tables_say(migrated_database):
    url = migrated_database("intake")
    assert await asyncio.to_thread(migration.check, url, "intake") == []
