"""Money that goes back: as much as is owed, once, and never more than was taken."""

import asyncio

import asyncpg
import pytest

from oms.intake.v1.order_pb2 import Payment
from oms.returns.v1 import returns_service_pb2 as rpc
from oms.returns.v1.return_pb2 import Reimbursement
from services.chassis import migration
from services.kernel.errors import AlreadyExists, InvalidArgument, NotFound, Unavailable
from tests.service.returns.shop import CANCELLATION, INSPECT_AGAIN, LOSS, RESTOCK, RETURN, SCRAP, cents

REIMBURSED = Reimbursement.STATE_REIMBURSED
NOTHING_DUE = Reimbursement.STATE_NOTHING_DUE
REFUSED = Reimbursement.STATE_REFUSED


async def test_units_that_came_back_one_by_one_are_paid_exactly_what_the_line_cost(shop, payment):
    order = await shop.buy((3, 333), total=1000, reference=f"ref-{shop.key()}-exact")
    await shop.bring(order, "delivered")
    record = await shop.receive(await shop.ask_back(order, 3))
    record = await shop.inspect(record, SCRAP, 3)
    paid = [await shop.reimburse(order, RETURN, 1, return_id=record.return_id) for _ in range(3)]
    assert [cents(one.amount) for one in paid] == [333, 333, 334]
    assert {one.state for one in paid} == {REIMBURSED}
    assert payment.refunded(order.payment.reference) == 1000
    shown = (await shop.get(record)).reimbursements
    assert {one.reimbursement_id for one in shown} == {one.reimbursement_id for one in paid}


async def test_the_same_request_pays_once(shop, payment):
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    answers = await asyncio.gather(*(shop.reimburse(order, RETURN, 1, key="once") for _ in range(5)))
    assert len({one.reimbursement_id for one in answers}) == 1
    assert payment.refunded(order.payment.reference) == 1000
    with pytest.raises(AlreadyExists):
        await shop.reimburse(order, RETURN, 2, key="once")


async def test_only_units_that_were_judged_are_paid_for_and_only_once(shop):
    order = await shop.buy((3, 1000))
    await shop.bring(order, "delivered")
    record = await shop.receive(await shop.ask_back(order, 3))
    await shop.inspect(record, INSPECT_AGAIN, 1)
    await shop.inspect(record, RESTOCK, 1)
    first = await shop.reimburse(order, RETURN, 3, return_id=record.return_id)
    assert cents(first.amount) == 1000
    second = await shop.reimburse(order, RETURN, 3, return_id=record.return_id)
    assert (second.state, cents(second.amount)) == (NOTHING_DUE, 0)


async def test_many_at_once_never_get_back_more_than_was_captured(shop, payment):
    order = await shop.buy((4, 250), shipping=500)
    await shop.bring(order, "delivered")
    answers = await asyncio.gather(*(shop.reimburse(order, RETURN, 1) for _ in range(9)))
    assert sorted(cents(one.amount) for one in answers) == [0] * 5 + [250] * 4
    assert payment.refunded(order.payment.reference) == 1000


async def test_a_cancelled_order_that_the_channel_was_paid_for_gets_everything_back_with_shipping(shop, payment):
    order = await shop.buy((2, 1000), (1, 500), shipping=490)
    await shop.bring(order, "cancelled", 2)
    assert cents((await shop.reimburse(order, CANCELLATION, 2)).amount) == 2000
    await shop.bring(order, "cancelled", 0, 1)
    assert cents((await shop.reimburse(order, CANCELLATION, 0, 1)).amount) == 990
    assert payment.refunded(order.payment.reference) == 2990


async def test_a_cancelled_unit_that_was_never_captured_is_owed_nothing(shop):
    order = await shop.buy((3, 1000), shipping=490, paid=Payment.STATE_AUTHORIZED)
    await shop.bring(order, "shipped", 2)
    await shop.capture(order, 2)
    await shop.bring(order, "cancelled", 1)
    assert (await shop.reimburse(order, CANCELLATION, 1)).state == NOTHING_DUE
    await shop.move(order, "shipped", "delivered", 2)
    assert cents((await shop.reimburse(order, RETURN, 2)).amount) == 2000


async def test_an_order_that_was_never_captured_is_owed_nothing(shop):
    order = await shop.buy((3, 1000), paid=Payment.STATE_AUTHORIZED)
    await shop.bring(order, "cancelled")
    answer = await shop.reimburse(order, CANCELLATION, 3)
    assert (answer.state, cents(answer.amount)) == (NOTHING_DUE, 0)


async def test_a_lost_parcel_is_paid_for_with_shipping_where_nothing_else_arrives(shop):
    order = await shop.buy((2, 1000), shipping=490, paid=Payment.STATE_AUTHORIZED)
    await shop.bring(order, "lost")
    await shop.capture(order, 2)
    assert cents((await shop.reimburse(order, LOSS, 2)).amount) == 2490
    await shop.move(order, "lost", "cancelled", 2)
    assert (await shop.reimburse(order, CANCELLATION, 2)).state == NOTHING_DUE


async def test_returned_goods_do_not_bring_shipping_back(shop):
    order = await shop.buy((1, 1000), shipping=490)
    await shop.bring(order, "delivered")
    assert cents((await shop.reimburse(order, RETURN, 1)).amount) == 1000


async def test_a_discount_on_the_whole_order_is_spread_over_what_comes_back(shop):
    order = await shop.buy((1, 3000), (1, 1000), total=3600)
    await shop.bring(order, "delivered")
    assert cents((await shop.reimburse(order, RETURN, 1, 0)).amount) == 2700
    assert cents((await shop.reimburse(order, RETURN, 0, 1)).amount) == 900


async def test_a_refusal_is_an_answer_and_what_is_owed_stays_owed(shop):
    order = await shop.buy((2, 1000), reference=f"decline-{shop.key()}")
    await shop.bring(order, "delivered")
    refused = await shop.reimburse(order, RETURN, 1)
    assert (refused.state, cents(refused.amount)) == (REFUSED, 1000)
    assert refused.message == "the bank declined"
    again = await shop.reimburse(order, RETURN, 2)
    assert (again.state, cents(again.amount)) == (REFUSED, 2000)


async def test_while_the_payment_service_is_down_what_is_owed_is_kept_and_the_same_request_goes_on(shop, payment):
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    payment.kill()
    try:
        with pytest.raises(Unavailable) as down:
            await shop.reimburse(order, RETURN, 1, key="down")
        assert down.value.reason == "PAYMENT_UNAVAILABLE"
        (pending,) = (
            await shop.stub.ListReimbursements(rpc.ListReimbursementsRequest(state=Reimbursement.STATE_PENDING))
        ).reimbursements
        assert cents(pending.amount) == 1000
    finally:
        payment.start()
    paid = await shop.reimburse(order, RETURN, 1, key="down")
    assert (paid.state, paid.reimbursement_id) == (REIMBURSED, pending.reimbursement_id)
    assert payment.refunded(order.payment.reference) == 1000


async def test_unknown_orders_lines_and_returns_of_others_are_named(shop):
    order = await shop.buy((1, 1000))
    await shop.bring(order, "delivered")
    other = await shop.delivered_and_asked_back(1)
    line = rpc.ReceivedLine(line_id="lin_unknown", quantity=1)
    with pytest.raises(InvalidArgument) as wrong:
        await shop.stub.IssueReimbursement(
            rpc.IssueReimbursementRequest(request_id="a", order_id=order.order_id, cause=RETURN, lines=[line])
        )
    assert wrong.value.reason == "UNKNOWN_LINE"
    with pytest.raises(NotFound) as missing:
        await shop.stub.IssueReimbursement(
            rpc.IssueReimbursementRequest(request_id="b", order_id="ord_unknown", cause=RETURN, lines=[line])
        )
    assert missing.value.reason == "ORDER_NOT_FOUND"
    with pytest.raises(NotFound) as strange:
        await shop.reimburse(order, RETURN, 1, return_id=other.return_id)
    assert strange.value.reason == "RETURN_NOT_FOUND"


async def test_reimbursements_are_listed_newest_first_by_order_and_state(shop):
    order = await shop.buy((2, 1000))
    await shop.bring(order, "delivered")
    first = await shop.reimburse(order, RETURN, 1)
    page = await shop.stub.ListReimbursements(rpc.ListReimbursementsRequest(order_id=order.order_id, page_size=1))
    assert [one.reimbursement_id for one in page.reimbursements] == [first.reimbursement_id]
    assert not page.next_page_token
    none = await shop.stub.ListReimbursements(rpc.ListReimbursementsRequest(state=REFUSED))
    assert not none.reimbursements


def test_the_migrations_make_what_the_tables_say(migrated_database):
    assert migration.check(migrated_database("returns"), "returns") == []


IMPOSSIBLE = (
    "UPDATE balances SET reimbursed_minor = 101",
    "UPDATE balances SET shipping_minor = 1",
    "INSERT INTO balance_lines VALUES ('ord', 'lin', 3, 2, 3, 0, 0, 0)",  # claims more than was delivered
    "INSERT INTO balance_lines VALUES ('ord', 'lin', 3, 4, 0, 0, 0, 0)",  # delivered more than was ordered
    "INSERT INTO balance_lines VALUES ('ord', 'lin', 3, 3, 0, 4, 0, 0)",  # pays for more than was ordered
    "INSERT INTO return_lines VALUES ('ret', 'lin', 0, 'S', 1, '', 2, 0, 0, 0, 0, 0)",  # more came than was awaited
    "INSERT INTO return_lines VALUES ('ret', 'lin', 0, 'S', 2, '', 1, 1, 1, 0, 0, 0)",  # more became than came
)


async def test_the_database_itself_refuses_what_cannot_be(migrated_database):
    connection = await asyncpg.connect(migrated_database("returns"))
    try:
        await connection.execute("SET search_path = returns")
        await connection.execute("INSERT INTO balances VALUES ('ord', 100, 0, 0)")
        await connection.execute(
            "INSERT INTO returns VALUES ('ret', 'ord', 'AUTHORIZED', '', '', '', '', '', false, now(), now())"
        )
        for statement in IMPOSSIBLE:
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(statement)
    finally:
        await connection.close()
