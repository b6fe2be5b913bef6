"""Once per request, whoever asks and however often."""

import asyncio

import pytest
import sqlalchemy as sa

from oms.inventory.v1 import inventory_service_pb2 as pb
from services.chassis.idempotency import Idempotency
from services.kernel.errors import AlreadyExists, FailedPrecondition
from tests.service.chassis import scratch


def request(request_id="key", owner_id="ord_1"):
    return pb.CloseBackorderRequest(request_id=request_id, owner_id=owner_id)


async def count(database):
    async with database.connect() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(scratch.effects))).scalar_one()


@pytest.fixture
async def database(postgres_url):
    async with scratch.schema(postgres_url) as opened:
        yield opened


@pytest.fixture
def answers(database, clock):
    return Idempotency(database, scratch.answers, clock)


def effect(number):
    async def write(connection):
        await connection.execute(scratch.effects.insert().values(word=str(number)))
        return pb.CloseBackorderResponse(closed_count=number)

    return write


async def test_the_second_request_hears_the_first_ones_answer_and_does_nothing(database, answers):
    first = await answers.once(request(), pb.CloseBackorderResponse, effect(1))
    second = await answers.once(request(), pb.CloseBackorderResponse, effect(2))
    assert first.closed_count == second.closed_count == 1
    assert await count(database) == 1


async def test_twenty_at_once_are_one(database, answers):
    heard = await asyncio.gather(
        *(answers.once(request(), pb.CloseBackorderResponse, effect(number)) for number in range(20))
    )
    assert len({answer.closed_count for answer in heard}) == 1
    assert await count(database) == 1


async def test_a_key_of_another_request_is_refused(answers):
    await answers.once(request(), pb.CloseBackorderResponse, effect(1))
    with pytest.raises(AlreadyExists) as refused:
        await answers.once(request(owner_id="ord_2"), pb.CloseBackorderResponse, effect(2))
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_a_request_that_failed_may_be_sent_again(database, answers):
    async def fail(connection):
        await connection.execute(scratch.effects.insert().values(word="half"))
        raise FailedPrecondition("not now")

    with pytest.raises(FailedPrecondition):
        await answers.once(request(), pb.CloseBackorderResponse, fail)
    assert await count(database) == 0
    assert (await answers.once(request(), pb.CloseBackorderResponse, effect(3))).closed_count == 3


async def test_the_same_key_of_another_rpc_is_another_key(database, answers):
    await answers.once(request(), pb.CloseBackorderResponse, effect(1))
    other = pb.ReleaseReservationsRequest(request_id="key")

    async def nothing(connection):
        return pb.ReleaseReservationsResponse()

    assert await answers.once(other, pb.ReleaseReservationsResponse, nothing) == pb.ReleaseReservationsResponse()
