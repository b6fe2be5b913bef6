"""Orders as the domain has them, with as much said as a test needs."""

from datetime import UTC, datetime

from services.intake.domain.draft import Address, PaymentState, ServiceLevel
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.rooms import total as together
from services.intake.domain.status import RESTING, derive

NOW = datetime(2026, 11, 21, tzinfo=UTC)
_WITH_MONEY = (PaymentState.AUTHORIZED, PaymentState.CAPTURED)


def order_of(
    lines: tuple[OrderLine, ...], *, total: int, shipping: int = 0, payment: PaymentState = PaymentState.AUTHORIZED
) -> Order:
    """Return an order of these lines whose money, where there is any, is its total."""
    units = together(line.units for line in lines)
    status = derive(units, 0)
    money = total if payment in _WITH_MONEY else 0
    return Order(
        order_id="ord_1",
        channel="shop",
        external_id="PO1",
        order_number="PO1",
        status=status,
        resting=status in RESTING,
        region="US",
        priority=3,
        currency_code="USD",
        customer_reference="",
        ship_to=Address(country_code="US"),
        bill_to=None,
        lines=lines,
        holds=(),
        shipping=shipping,
        shipping_tax=0,
        total=total,
        payment=Payment(
            state=payment,
            reference="pay",
            authorized=money,
            captured=total if payment == PaymentState.CAPTURED else 0,
            voided=0,
        ),
        service_level=ServiceLevel.STANDARD,
        ship_complete=False,
        promise_time=None,
        order_time=NOW,
        create_time=NOW,
        update_time=NOW,
        document_id="",
        note="",
        units=units,
        sequence=1,
    )
