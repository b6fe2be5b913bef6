"""Orders for tests that need to know exactly what was ordered."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from oms.common.v1.address_pb2 import Address
from oms.intake.v1.hold_pb2 import HoldSpec, HoldType
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import Payment

# Asks for somebody to let the order go; keeps it where it is until then.
WAIT = HoldSpec(handle="call", type=HoldType.HOLD_TYPE_CUSTOMER_REQUEST, note="customer asked to wait")


def draft(external_id: str, *, units: int = 1, holds: Sequence[HoldSpec] = ()) -> OrderDraft:
    """Return an order of so many units that every distribution centre has, with its payment authorized."""
    placed = Timestamp()
    placed.FromDatetime(datetime(2026, 1, 5, tzinfo=UTC))
    return OrderDraft(
        channel="tests",
        external_id=external_id,
        order_number=external_id,
        order_time=placed,
        currency_code="USD",
        customer_reference=f"customer-{external_id}",
        ship_to=Address(
            name="Alex Example",
            lines=["1 Example Street"],
            city="Chicago",
            administrative_area="IL",
            postal_code="60601",
            country_code="US",
        ),
        lines=[DraftLine(sku="CREW-BLK-M", quantity=units, unit_price=Money(currency_code="USD", units=25))],
        total_amount=Money(currency_code="USD", units=25 * units),
        payment=PaymentDraft(state=Payment.STATE_AUTHORIZED, reference=f"auth-{external_id}"),
        holds=holds,
    )
