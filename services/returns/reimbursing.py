"""Pays back, in three steps that each survive a crash: write what is owed, ask the payment service, write its answer.

A request that comes again goes on where the last one stopped, with the reimbursement's id as the payment service's key.
"""

from oms.returns.v1.returns_service_pb2 import IssueReimbursementRequest, IssueReimbursementResponse
from services.chassis.database import Connection, Database
from services.chassis.idempotency import Idempotency
from services.kernel import ids
from services.kernel.clock import Clock, milliseconds
from services.kernel.errors import NotFound
from services.kernel.money import Money
from services.returns import store, store_balances, store_reimbursements, wire
from services.returns.domain.order import Order
from services.returns.domain.reimbursement import Reimbursement, State, due
from services.returns.orders import Orders
from services.returns.payments import PaymentPort, Refunded


class Cashier:
    """Computes what is owed, and pays it back once."""

    def __init__(
        self, *, database: Database, idempotency: Idempotency, clock: Clock, orders: Orders, payments: PaymentPort
    ) -> None:
        self._database = database
        self._once = idempotency.once
        self._clock = clock
        self._orders = orders
        self._payments = payments

    async def reimburse(self, request: IssueReimbursementRequest) -> Reimbursement:
        """Return the request's reimbursement, paid back as far as the payment service allows.

        Raises:
            NotFound: ORDER_NOT_FOUND, RETURN_NOT_FOUND.
            InvalidArgument: UNKNOWN_LINE.
            Unavailable: intake or the payment service does not answer; what is owed is kept, ask again.
        """
        order = await self._orders.read(request.order_id)

        async def effect(conn: Connection) -> IssueReimbursementResponse:
            owed = await self._owed(conn, request, order)
            return IssueReimbursementResponse(reimbursement=wire.reimbursement_message(owed))

        answer = await self._once(request, IssueReimbursementResponse, effect)
        reimbursement_id = answer.reimbursement.reimbursement_id
        async with self._database.connect() as conn:
            known = await store_reimbursements.get_reimbursement(conn, reimbursement_id)
        return await self._pay(known) if known.state == State.PENDING else known

    async def _owed(self, conn: Connection, request: IssueReimbursementRequest, order: Order) -> Reimbursement:
        units, cause = wire.quantities(request.lines), wire.cause_from(request.cause)
        balance = await store_balances.locked_balance(conn, order, *units)
        payable = await _judged(conn, request)
        owed = due(order, balance, cause, units, payable)
        now = self._clock.now()
        reimbursement = Reimbursement(
            reimbursement_id=ids.new(ids.REIMBURSEMENT, milliseconds(now)),
            order_id=order.order_id,
            return_id=request.return_id,
            cause=cause,
            state=State.PENDING if owed.amount else State.NOTHING_DUE,
            currency_code=order.currency_code,
            due=owed,
            captured=order.captured,
            # The channel may not have named the payment; then it goes by the order, as it does when it is captured.
            payment_reference=order.payment_reference or order.order_id,
            reference="",
            message="",
            create_time=now,
        )
        await store_reimbursements.insert_reimbursement(conn, reimbursement)
        await store_balances.settle(conn, order.order_id, cause, owed)
        return reimbursement

    async def _pay(self, owed: Reimbursement) -> Reimbursement:
        said = await self._payments.refund(
            reference=owed.payment_reference,
            amount=Money(owed.due.amount, owed.currency_code),
            captured=Money(owed.captured, owed.currency_code),
            key=owed.reimbursement_id,
        )
        async with self._database.begin() as conn:
            refunded = isinstance(said, Refunded)
            resolved = await store_reimbursements.resolve(
                conn,
                owed.reimbursement_id,
                State.REIMBURSED if refunded else State.REFUSED,
                reference=said.reference if isinstance(said, Refunded) else "",
                message="" if isinstance(said, Refunded) else said.message,
                now=self._clock.now(),
            )
            if resolved and not refunded:
                await store_balances.settle(conn, owed.order_id, owed.cause, owed.due, sign=-1)
            return await store_reimbursements.get_reimbursement(conn, owed.reimbursement_id)


async def _judged(conn: Connection, request: IssueReimbursementRequest) -> dict[str, int]:
    """Return how many units may be paid for, per line: of a return those that were judged and not paid for yet.

    Raises:
        NotFound: RETURN_NOT_FOUND, also where the return is of another order.
        InvalidArgument: UNKNOWN_LINE.
    """
    if not request.return_id:
        return {}
    record = await store.get_return(conn, request.return_id)
    if record.order_id != request.order_id:
        message = f"return {request.return_id} is not of order {request.order_id}"
        raise NotFound(message, reason="RETURN_NOT_FOUND", return_id=request.return_id)
    paid: dict[str, int] = {}
    for earlier in (await store_reimbursements.reimbursements_of(conn, record.return_id))[record.return_id]:
        for line in earlier.due.lines if earlier.state != State.REFUSED else ():
            paid[line.line_id] = paid.get(line.line_id, 0) + line.settled
    return {
        line_id: max(0, record.line(line_id).final - paid.get(line_id, 0)) for line_id in wire.quantities(request.lines)
    }
