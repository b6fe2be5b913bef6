"""Differences above the limit: never a silent overwrite, but a decision."""

from datetime import timedelta

import pytest

from oms.common.v1.outbox_service_pb2 import ListOutboxEventsRequest
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceStub
from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.service.inventory.outside import Outside, figures, state
from tests.service.inventory.shop import Shop

SECOND = timedelta(seconds=1)


@pytest.fixture
async def wms(shop) -> Outside:
    """A source whose last snapshot agreed with us: 100 of A."""
    wms = Outside(shop)
    await wms.snapshot(1, {"A": 100})
    return wms


async def test_a_first_figure_is_taken_over_however_large(wms):
    assert await wms.on_hand("A") == 100
    assert await wms.exceptions() == []


async def test_a_difference_above_the_limit_is_not_taken_over_and_waits(wms, clock):
    answer = await wms.snapshot(2, {"A": 79, "B": 5})
    assert figures(answer) == [("A", 100, 79), ("B", 0, 5)]
    (waiting,) = await wms.exceptions()
    assert [one.drift_exception_id for one in answer.drifts] == [waiting.drift_exception_id, ""]
    assert (waiting.source, waiting.sku, waiting.node_id, waiting.sequence) == ("wms", "A", "east", 2)
    assert (waiting.was_on_hand, waiting.on_hand, waiting.proposed_delta) == (100, 79, -21)
    assert (state(waiting), waiting.create_time.ToDatetime(clock.now().tzinfo)) == ("OPEN", clock.now())
    assert (await wms.on_hand("A"), await wms.on_hand("B")) == (100, 5)
    (source,) = await wms.sources()
    assert (source.open_exception_count, source.drifted_sku_count) == (1, 2)
    assert (source.surplus_quantity, source.deficit_quantity) == (5, 21)


async def test_whoever_subscribes_is_told_of_it(service, clock):
    running = await service(
        "inventory",
        clock=clock,
        webhook_url="http://127.0.0.1:9/",
        webhook_secret="whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    )
    async with Channels(Settings()) as channels:
        wms = Outside(Shop(channels, running.address))
        await wms.snapshot(1, {"A": 100})
        await wms.snapshot(2, {"A": 0})
        outbox = channels.connect(OutboxServiceStub, running.address)
        (event,) = (await outbox.ListOutboxEvents(ListOutboxEventsRequest(page_size=500))).events
    assert (event.key, event.type) == ("east/A", "oms.inventory.v1.DriftExceptionOpened")


async def test_what_a_complete_snapshot_does_not_name_is_subject_to_the_limit(wms):
    answer = await wms.snapshot(2, {"B": 1}, complete=True)
    assert [(one.sku, bool(one.drift_exception_id)) for one in answer.drifts] == [("A", True), ("B", False)]
    assert await wms.on_hand("A") == 100


async def test_accepting_makes_the_correction_to_what_is_there_by_then(wms, shop):
    await wms.snapshot(2, {"A": 60})
    await shop.adjust("A", "east", 7)
    (waiting,) = await wms.exceptions()
    decided = await wms.decide(waiting.drift_exception_id, accept=True, note="recounted")
    assert (state(decided), decided.note, bool(decided.decide_actor)) == ("ACCEPTED", "recounted", True)
    assert decided.HasField("decide_time")
    assert await wms.on_hand("A") == 67
    (entry, *_) = await shop.ledger(sku="A")
    assert (entry.reason, entry.on_hand_delta) == (MovementReason.MOVEMENT_REASON_DRIFT, -40)
    assert entry.reference == waiting.drift_exception_id
    assert await wms.exceptions() == []
    assert await wms.exceptions(all=True) == [decided]


async def test_rejecting_keeps_our_figure(wms):
    await wms.snapshot(2, {"A": 60})
    (waiting,) = await wms.exceptions()
    assert state(await wms.decide(waiting.drift_exception_id, accept=False)) == "REJECTED"
    assert await wms.on_hand("A") == 100


async def test_nothing_is_decided_twice(wms):
    await wms.snapshot(2, {"A": 60})
    (waiting,) = await wms.exceptions()
    await wms.decide(waiting.drift_exception_id, accept=True)
    with pytest.raises(FailedPrecondition) as caught:
        await wms.decide(waiting.drift_exception_id, accept=True)
    assert caught.value.reason == "DRIFT_EXCEPTION_DECIDED"
    assert await wms.on_hand("A") == 60
    with pytest.raises(NotFound) as missing:
        await wms.decide("dft_none", accept=True)
    assert missing.value.reason == "DRIFT_EXCEPTION_NOT_FOUND"


async def test_a_correction_of_more_than_is_left_is_refused(wms, shop):
    await wms.snapshot(2, {"A": 60})
    await shop.adjust("A", "east", -70, reason=MovementReason.MOVEMENT_REASON_LOSS)
    (waiting,) = await wms.exceptions()
    with pytest.raises(FailedPrecondition) as caught:
        await wms.decide(waiting.drift_exception_id, accept=True)
    assert caught.value.reason == "STOCK_BELOW_ZERO"
    assert [state(one) for one in await wms.exceptions()] == ["OPEN"]


@pytest.mark.parametrize(("next_count", "open_now", "on_hand"), [(100, [], 100), (95, [], 95), (50, [(50, 3)], 100)])
async def test_a_newer_count_of_the_source_settles_it(wms, clock, next_count, open_now, on_hand):
    await wms.snapshot(2, {"A": 60})
    clock.advance(SECOND)
    await wms.snapshot(3, {"A": next_count})
    assert [(one.on_hand, one.sequence) for one in await wms.exceptions()] == open_now
    assert next(state(one) for one in await wms.exceptions(all=True)) == "SUPERSEDED"
    assert await wms.on_hand("A") == on_hand


async def test_a_complete_snapshot_that_does_not_name_it_settles_it_too(wms, shop):
    await wms.snapshot(2, {"Z": 1, "A": 60})
    await shop.adjust("A", "east", -100)
    await wms.snapshot(3, {"Z": 1}, complete=True)
    assert [state(one) for one in await wms.exceptions(all=True)] == ["SUPERSEDED"]


async def test_sources_differ_each_for_itself(wms, shop, clock):
    await wms.snapshot(2, {"A": 60})
    clock.advance(SECOND)
    erp = Outside(shop, "erp")
    await erp.snapshot(1, {"A": 140})
    assert [(one.source, one.proposed_delta) for one in await wms.exceptions()] == [("wms", -40), ("erp", 40)]
    assert [one.source for one in await wms.exceptions(source="erp")] == ["erp"]


async def test_a_limit_of_its_own_comes_before_that_of_all(wms, shop):
    await wms.limit(0, 0, source="")
    await wms.snapshot(2, {"A": 99})
    assert len(await wms.exceptions()) == 1
    await wms.limit(50, 0)
    await wms.snapshot(3, {"A": 60})
    assert (await wms.exceptions(), await wms.on_hand("A")) == ([], 60)
    await Outside(shop, "erp").snapshot(1, {"A": 59})
    limits = [(one.source, one.limit.units, one.limit.percent) for one in await wms.sources()]
    assert limits == [("erp", 0, 0), ("wms", 50, 0)]


async def test_the_limit_is_10_units_and_20_percent_until_somebody_says_otherwise(wms):
    (source,) = await wms.sources()
    assert (source.limit.units, source.limit.percent) == (10, 20)


async def test_without_a_limit_differences_of_any_size_are_taken_over(wms):
    await wms.no_limit()
    await wms.snapshot(2, {"A": 1})
    assert await wms.on_hand("A") == 1
    (source,) = await wms.sources()
    assert not source.HasField("limit")


async def test_a_limit_below_zero_is_refused(wms):
    with pytest.raises(InvalidArgument) as caught:
        await wms.limit(-1, 5)
    assert caught.value.reason == "INVALID_LIMIT"


async def test_deltas_are_facts_and_have_no_limit(wms):
    await wms.delta(2, {"A": -90})
    assert (await wms.on_hand("A"), await wms.exceptions()) == (10, [])


async def test_pages_give_every_difference_and_every_source_once(wms, shop):
    await wms.snapshot(2, {"A": 100, **{f"S{number}": 100 for number in range(6)}})
    await wms.snapshot(3, {f"S{number}": 1 for number in range(6)})
    for name in "bcd":
        await Outside(shop, name).snapshot(1, {"A": 100})
    request, seen = rpc.ListDriftExceptionsRequest(page_size=4), []
    while True:
        page = await shop.stub.ListDriftExceptions(request)
        seen += [one.sku for one in page.drift_exceptions]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert sorted(seen) == [f"S{number}" for number in range(6)]
    first = await shop.stub.ListStockSources(rpc.ListStockSourcesRequest(page_size=3))
    second = await shop.stub.ListStockSources(
        rpc.ListStockSourcesRequest(page_size=3, page_token=first.next_page_token)
    )
    assert [one.source for one in [*first.sources, *second.sources]] == ["b", "c", "d", "wms"]
