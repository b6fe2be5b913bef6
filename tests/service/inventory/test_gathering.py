"""Reservations that are asked for together: made in one transaction, and each answered for itself."""

import asyncio

import pytest

from oms.inventory.v1.inventory_service_pb2 import ReservationLine, ReserveStockRequest, StreamReservationsRequest
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.inventory.checkout import Checkout
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, OmsError, Unavailable
from tests.service.inventory.shop import Shop


def asked(key: str, *lines: tuple[str, str, int], owner: str = "", mode: int = 0) -> ReserveStockRequest:
    request = ReserveStockRequest(request_id=key, owner_id=owner or f"ord_{key}", mode=mode)  # type: ignore[arg-type]
    for number, (sku, node, units) in enumerate(lines):
        request.lines.append(ReservationLine(line_id=f"lin_{number}", sku=sku, node_id=node, quantity=units))
    return request


async def outcomes(shop: Shop, *requests: ReserveStockRequest) -> list[object]:
    return await asyncio.gather(*map(shop.stub.ReserveStock, requests), return_exceptions=True)


async def test_of_a_hundred_callers_at_once_exactly_as_many_succeed_as_there_are_units(shop):
    await shop.adjust("TEE", "east", 37)
    answers = await outcomes(shop, *(asked(f"k{number}", ("TEE", "east", 1)) for number in range(100)))
    refused = [one for one in answers if isinstance(one, FailedPrecondition)]
    assert len(refused) == 63
    assert {one.metadata["available"] for one in refused} == {"0"}
    assert (await shop.position("TEE", "east")).reserved == 37


async def test_whoever_cannot_be_served_does_not_disturb_those_beside(shop):
    await shop.adjust("TEE", "east", 10)
    forbidden = asked("bad", ("T\0E", "east", 1))
    answers = await outcomes(
        shop,
        asked("one", ("TEE", "east", 2)),
        forbidden,
        asked("many", ("TEE", "east", 11)),
        asked("nowhere", ("TEE", "moon", 1)),
        asked("two", ("TEE", "east", 3)),
    )
    kinds = [type(one).__name__ for one in answers]
    assert kinds == [
        "ReserveStockResponse",
        "InvalidArgument",
        "FailedPrecondition",
        "FailedPrecondition",
        "ReserveStockResponse",
    ]
    assert (await shop.position("TEE", "east")).reserved == 5


async def test_one_key_many_times_at_once_is_done_once_and_answered_alike(shop):
    await shop.adjust("TEE", "east", 10)
    answers = await outcomes(shop, *(asked("once", ("TEE", "east", 2)) for _ in range(20)))
    assert len({one.reservations[0].reservation_id for one in answers}) == 1
    assert (await shop.position("TEE", "east")).reserved == 2


async def test_one_key_for_two_requests_at_once_is_refused_to_the_second(shop):
    await shop.adjust("TEE", "east", 10)
    answers = await outcomes(shop, asked("once", ("TEE", "east", 2)), asked("once", ("TEE", "east", 3)))
    assert sorted(type(one).__name__ for one in answers) == ["AlreadyExists", "ReserveStockResponse"]


async def test_an_answer_is_repeated_when_everything_is_sold(shop):
    await shop.adjust("TEE", "east", 1)
    first = await shop.stub.ReserveStock(asked("first", ("TEE", "east", 1)))
    with pytest.raises(FailedPrecondition):
        await shop.stub.ReserveStock(asked("second", ("TEE", "east", 1)))
    assert await shop.stub.ReserveStock(asked("first", ("TEE", "east", 1))) == first


async def test_a_request_that_was_refused_may_be_sent_again_when_there_is_stock(shop):
    again = asked("again", ("TEE", "east", 1))
    with pytest.raises(FailedPrecondition):
        await shop.stub.ReserveStock(again)
    await shop.adjust("TEE", "east", 1)
    assert (await shop.stub.ReserveStock(again)).reservations[0].quantity == 1


async def test_a_group_of_bundles_and_their_parts_never_takes_a_part_twice(shop):
    from oms.inventory.v1.inventory_service_pb2 import SetBundleRequest

    request = SetBundleRequest(request_id="bundle")
    request.bundle.sku = "SET"
    request.bundle.components.add(sku="CUP", quantity=2)
    request.bundle.components.add(sku="POT", quantity=1)
    await shop.stub.SetBundle(request)
    await shop.adjust("CUP", "east", 7)
    await shop.adjust("POT", "east", 9)
    wanted = [asked(f"k{number}", ("SET" if number % 2 else "CUP", "east", 1)) for number in range(20)]
    answers = await outcomes(shop, *wanted)
    made = [one.reservations[0] for one in answers if not isinstance(one, OmsError)]
    sets = sum(one.quantity for one in made if one.sku == "SET")
    cups = sum(one.quantity for one in made if one.sku == "CUP")
    assert 2 * sets + cups == (await shop.position("CUP", "east")).reserved <= 7
    assert sets == (await shop.position("POT", "east")).reserved
    assert 2 * sets + cups >= 6  # nothing that would have done for somebody is left


async def test_callers_of_a_segment_take_its_pool_first_and_others_never_do(shop):
    from oms.inventory.v1.inventory_service_pb2 import SetPoolRequest

    await shop.adjust("TEE", "east", 10)
    await shop.stub.SetPool(SetPoolRequest(request_id="pool", sku="TEE", node_id="east", segment="B2B", quantity=6))

    def want(number: int) -> ReserveStockRequest:
        one = asked(f"k{number}", ("TEE", "east", 1))
        one.segment = "B2B" if number % 2 else ""
        return one

    answers = await outcomes(shop, *map(want, range(24)))
    made = [one.reservations[0] for one in answers if not isinstance(one, OmsError)]
    assert len(made) == 10
    assert sum(one.segment == "" for one in made) <= 4
    assert sum(one.pool_quantity for one in made) == 6
    position = await shop.position("TEE", "east")
    assert (position.reserved, dict(position.pools)) == (10, {"B2B": 0})


async def test_a_stream_answers_each_request_for_itself(shop):
    await shop.adjust("TEE", "east", 5)
    async with Checkout(shop.stub) as checkout:
        answers = await asyncio.gather(
            checkout.reserve(asked("fits", ("TEE", "east", 3))),
            checkout.reserve(asked("large", ("TEE", "east", 3))),
            checkout.reserve(asked("wrong", ("", "east", 1))),
            checkout.reserve(asked("rest", ("TEE", "east", 2))),
            return_exceptions=True,
        )
    assert [type(one).__name__ for one in answers] == [
        "ReserveStockResponse",
        "FailedPrecondition",
        "InvalidArgument",
        "ReserveStockResponse",
    ]
    assert isinstance(answers[1], FailedPrecondition)
    assert (answers[1].reason, answers[1].metadata["available"]) == ("INSUFFICIENT_STOCK", "2")
    assert isinstance(answers[2], InvalidArgument)


async def test_a_key_is_the_same_over_a_stream_and_over_a_call(shop):
    await shop.adjust("TEE", "east", 5)
    called = await shop.stub.ReserveStock(asked("key", ("TEE", "east", 3)))
    async with Checkout(shop.stub) as checkout:
        assert await checkout.reserve(asked("key", ("TEE", "east", 3))) == called
        with pytest.raises(AlreadyExists):
            await checkout.reserve(asked("key", ("TEE", "east", 4)))


async def test_an_empty_message_ends_the_stream_and_what_was_asked_before_is_answered(shop):
    await shop.adjust("TEE", "east", 5)

    async def messages():
        yield StreamReservationsRequest(requests=[asked("before", ("TEE", "east", 3))])
        yield StreamReservationsRequest()

    answered: list[str] = []

    async def read() -> None:
        async for message in shop.stub.StreamReservations(messages()):
            answered.extend(one.request_id for one in message.outcomes)

    with pytest.raises(InvalidArgument):
        await read()
    assert answered == ["before"]


async def test_a_thousand_callers_share_a_stream(shop):
    await shop.adjust("TEE", "east", 900)
    async with Checkout(shop.stub) as checkout:
        wanted = [checkout.reserve(asked(f"k{number}", ("TEE", "east", 1))) for number in range(1000)]
        answers = await asyncio.gather(*wanted, return_exceptions=True)
    assert sum(isinstance(one, FailedPrecondition) for one in answers) == 100


async def test_callers_of_a_server_that_is_away_hear_it_and_are_served_when_it_is_back(shop, service):
    await shop.adjust("TEE", "east", 5)
    async with Channels(Settings(call_timeout_seconds=5)) as channels:
        nobody = channels.connect(InventoryServiceStub, "127.0.0.1:9")
        async with Checkout(nobody) as checkout:
            for _ in range(2):  # the second opens a stream of its own
                with pytest.raises(Unavailable):
                    await checkout.reserve(asked("key", ("TEE", "east", 1)))


async def test_a_caller_who_goes_away_leaves_its_request_to_be_asked_for_again(shop):
    await shop.adjust("TEE", "east", 5)
    call = shop.stub.ReserveStock(asked("gone", ("TEE", "east", 2)))
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    answer = await shop.stub.ReserveStock(asked("gone", ("TEE", "east", 2)))
    assert answer.reservations[0].quantity == 2
    assert (await shop.position("TEE", "east")).reserved == 2
