"""Work that is taken back from a node so that somebody else ships it, and the list of what there is to take back."""

from datetime import timedelta

from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from tests.service.fulfillment.depot import NOON, Recorded, said, words


async def take_back(depot, order, key: str = "take-back"):
    request = rpc.CancelFulfillmentOrderRequest(
        request_id=f"{key}/{order.fulfillment_order_id}",
        fulfillment_order_id=order.fulfillment_order_id,
        reason="flooded",
        reroute=True,
    )
    return await depot.stub.CancelFulfillmentOrder(request)


def answers(answer) -> list[tuple[str, int, int, int]]:
    return [
        (one.line_id, one.cancelled_quantity, one.intercepting_quantity, one.too_late_quantity) for one in answer.lines
    ]


async def test_what_is_taken_back_to_be_shipped_by_others_is_rejected_and_not_cancelled(depot):
    order = await depot.create(a=2, b=1)
    answer = await take_back(depot, order)
    assert answers(answer) == [("a", 2, 0, 0), ("b", 1, 0, 0)]
    assert [line.rejected_quantity for line in answer.fulfillment_order.lines] == [2, 1]
    assert answer.fulfillment_order.request_status == FulfillmentOrder.REQUEST_STATUS_REJECTED
    assert words(await depot.signals(order)) == ["REJECTED"]
    assert answers(await take_back(depot, order)) == answers(answer)
    assert words(await depot.signals(order)) == ["REJECTED"]


async def test_units_in_a_labelled_parcel_are_left_where_they_are(depot):
    order = await depot.create(a=3)
    await depot.label(order, a=1)
    answer = await take_back(depot, order)
    assert answers(answer) == [("a", 2, 0, 1)]
    assert [line.waiting_quantity for line in answer.fulfillment_order.lines] == [1]


async def test_work_that_has_left_whole_has_nothing_to_take_back(depot):
    order = await depot.create(a=1)
    parcel = await depot.label(order, a=1)
    await depot.report(said(order, "SHIPPED", parcel=parcel.tracking_number))
    assert answers(await take_back(depot, order)) == []
    assert words(await depot.signals(order)) == ["SHIPPED"]


async def noted(depot, order) -> str:
    query = "SELECT rerouting FROM fulfillment.fulfillment_orders WHERE fulfillment_order_id = $1"
    return (await depot.rows(query, order.fulfillment_order_id))[0]["rerouting"]


async def note(depot, order, units: str) -> None:
    """Have it be as if the node had said that it tries to stop these units."""
    query = "UPDATE fulfillment.fulfillment_orders SET rerouting = $2 WHERE fulfillment_order_id = $1"
    await depot.rows(query, order.fulfillment_order_id, units)


async def test_what_the_node_stops_later_is_rejected_as_far_as_others_are_to_ship_it_and_cancelled_beyond(depot):
    order = await depot.create(a=3)
    await note(depot, order, '{"a": 2}')
    event = said(order, "CANCELLED", a=3)
    assert [one.outcome for one in await depot.report(event)] == [Recorded.OUTCOME_RECORDED]
    (line,) = (await depot.get(order)).lines
    assert (line.rejected_quantity, line.cancelled_quantity, line.waiting_quantity) == (2, 1, 0)
    assert words(await depot.signals(order)) == ["REJECTED", "CANCELLED"]
    assert [one.outcome for one in await depot.report(event)] == [Recorded.OUTCOME_REPEATED]
    assert await noted(depot, order) == "{}"


async def test_a_node_that_could_not_stop_is_not_waited_for_any_more(depot):
    order = await depot.create(a=2)
    await note(depot, order, '{"a": 2}')
    await depot.report(said(order, "CANCELLATION_REJECTED"))
    assert await noted(depot, order) == "{}"
    await depot.report(said(order, "CANCELLED", a=2))
    assert words(await depot.signals(order)) == ["CANCELLED"]


async def test_more_than_waits_changes_nothing_even_where_some_of_it_was_to_be_rerouted(depot):
    order = await depot.create(a=2)
    await note(depot, order, '{"a": 1}')
    assert [one.outcome for one in await depot.report(said(order, "CANCELLED", a=3))] == [Recorded.OUTCOME_REFUSED]
    assert await depot.signals(order) == []
    assert [line.waiting_quantity for line in (await depot.get(order)).lines] == [2]


async def test_open_work_is_listed_by_its_promise_and_paged(depot):
    made = []
    for days in (3, 1, None, 2):
        request = depot.work(a=1)
        request.carrier_code = "SANDBOX"
        if days:
            request.promise_time.FromDatetime(NOON + timedelta(days=days))
        made.append(await depot.submit(request))
    gone = await depot.create(a=1)
    await depot.cancel(gone)
    request = rpc.ListFulfillmentOrdersRequest(
        node_id="east", waiting_only=True, earliest_promise_first=True, page_size=3
    )
    first = await depot.stub.ListFulfillmentOrders(request)
    request.page_token = first.next_page_token
    second = await depot.stub.ListFulfillmentOrders(request)
    found = [one.fulfillment_order_id for page in (first, second) for one in page.fulfillment_orders]
    assert found == [made[place].fulfillment_order_id for place in (1, 3, 0, 2)]
    assert second.next_page_token == ""
    by = rpc.ListFulfillmentOrdersRequest(carrier_code="SANDBOX", service_code="GROUND", waiting_only=True)
    assert len((await depot.stub.ListFulfillmentOrders(by)).fulfillment_orders) == 4
    by.service_code = "AIR"
    assert len((await depot.stub.ListFulfillmentOrders(by)).fulfillment_orders) == 0
