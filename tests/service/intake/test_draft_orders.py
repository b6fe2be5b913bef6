"""Orders that are put together first and confirmed later, and what customers may owe."""

import asyncio
from datetime import timedelta

import pytest

from oms.intake.v1 import channel_service_pb2 as channel_rpc
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.channel_pb2 import Channel, CustomerCredit, SavedDraft
from oms.intake.v1.hold_pb2 import HOLD_TYPE_CREDIT_LIMIT
from oms.intake.v1.order_details_pb2 import OrderDetails
from oms.intake.v1.order_draft_pb2 import OrderDraft
from oms.intake.v1.order_pb2 import SERVICE_LEVEL_EXPEDITED, Payment
from services.kernel.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound
from tests.service.intake.door_parts import opened
from tests.service.intake.drafts import draft, line, submit, usd

ON_TERMS = Payment.STATE_ON_TERMS


@pytest.fixture
async def doors(running):
    async for made in opened(running):
        yield made


async def save(doors, order, key, **fields):
    request = channel_rpc.SaveDraftRequest(request_id=key, order=order, **fields)
    return (await doors.stub.SaveDraft(request)).draft


async def confirm(doors, saved, key, **fields):
    request = channel_rpc.ConfirmDraftRequest(request_id=key, draft_id=saved.draft_id, **fields)
    return await doors.stub.ConfirmDraft(request)


async def test_a_draft_is_no_order_until_it_is_confirmed_and_then_it_is_one_order(doors, intake, clock):
    begun = await save(doors, OrderDraft(channel="callcenter-us"), "1")
    with pytest.raises(InvalidArgument) as refused:
        await confirm(doors, begun, "too early")
    assert refused.value.reason == "LIMIT_EXCEEDED"
    whole = draft(channel="callcenter-us", external_id="")
    saved = await save(doors, whole, "2", draft_id=begun.draft_id, etag=begun.etag)
    with pytest.raises(Aborted):
        await save(doors, whole, "3", draft_id=begun.draft_id, etag=begun.etag)
    with pytest.raises(Aborted):
        await confirm(doors, saved, "stale", etag=begun.etag)
    assert not (await intake.CountOrders(rpc.CountOrdersRequest())).counts
    answers = await asyncio.gather(*(confirm(doors, saved, f"c{n}") for n in range(5)))
    (order_id,) = {answer.order.order_id for answer in answers}
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True, True]
    assert answers[0].order.external_id == begun.draft_id
    found = await doors.stub.ListDrafts(channel_rpc.ListDraftsRequest(state=SavedDraft.STATE_CONFIRMED))
    assert [one.order_id for one in found.drafts] == [order_id]
    for late in (
        save(doors, whole, "4", draft_id=begun.draft_id),
        doors.stub.AbandonDraft(channel_rpc.AbandonDraftRequest(request_id="5", draft_id=begun.draft_id)),
    ):
        with pytest.raises(FailedPrecondition):
            await late
    # One whose time is over, and one that was given up, are no orders either.
    for number, given_up in enumerate((True, False)):
        other = await save(doors, draft(channel="portal-us"), f"o{number}")
        if given_up:
            await doors.stub.AbandonDraft(channel_rpc.AbandonDraftRequest(request_id="a", draft_id=other.draft_id))
        else:
            clock.advance(timedelta(days=31))
        with pytest.raises(FailedPrecondition) as closed:
            await confirm(doors, other, f"oc{number}")
        assert closed.value.reason == "DRAFT_CLOSED"
    with pytest.raises(NotFound):
        await doors.stub.GetDraft(channel_rpc.GetDraftRequest(draft_id="drf_x"))


async def test_an_order_on_terms_beyond_the_credit_is_held_and_not_refused(doors):
    credit = CustomerCredit(customer_reference="acme", limit_amount=usd(2500))
    await doors.stub.SetCustomerCredit(channel_rpc.SetCustomerCreditRequest(request_id="c", credit=credit))

    async def buy(key, cents=1000, payment=ON_TERMS, customer="acme"):
        order = draft(line(cents=cents), channel="portal-us", payment=payment, customer_reference=customer)
        answer = await confirm(doors, await save(doors, order, f"s{key}"), f"c{key}")
        return HOLD_TYPE_CREDIT_LIMIT in [hold.type for hold in answer.order.holds]

    at_once = await asyncio.gather(*(buy(f"x{n}") for n in range(3)))
    assert sorted(at_once) == [False, False, True]
    assert not await buy("card", payment=Payment.STATE_CAPTURED)
    assert not await buy("other", cents=99_000, customer="nobody")
    known = channel_rpc.GetCustomerCreditRequest(customer_reference="acme", currency_code="USD")
    assert (await doors.stub.GetCustomerCredit(known)).credit.used_amount == usd(3000)
    unknown = channel_rpc.GetCustomerCreditRequest(customer_reference="nobody", currency_code="USD")
    with pytest.raises(NotFound):
        await doors.stub.GetCustomerCredit(unknown)


async def test_what_an_order_does_not_say_its_channel_says_and_the_same_order_stays_the_same(doors, intake, clock):
    channel = Channel(channel="portal-us", brand="Acme", program="b2b", service_level=SERVICE_LEVEL_EXPEDITED)
    sent = draft(channel="portal-us")
    await doors.set_channel(channel)
    first = await intake.SubmitOrder(submit(sent))
    assert (first.order.details.brand, first.order.details.program) == ("Acme", "b2b")
    assert first.order.service_level == SERVICE_LEVEL_EXPEDITED
    said = draft(channel="portal-us", details=OrderDetails(brand="Other"), customer_reference="c-2")
    assert (await intake.SubmitOrder(submit(said))).order.details.brand == "Other"
    channel.brand = "Bcme"
    await doors.set_channel(channel)
    clock.advance(timedelta(seconds=2))
    again = await intake.SubmitOrder(submit(sent))
    assert (again.replayed, again.order.order_id) == (True, first.order.order_id)
