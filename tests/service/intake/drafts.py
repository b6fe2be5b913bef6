"""Drafts as callers of SubmitOrder send them."""

from itertools import count
from typing import Any

from google.type.money_pb2 import Money

from oms.common.v1.address_pb2 import Address
from oms.intake.v1.intake_service_pb2 import SubmitOrderRequest
from oms.intake.v1.order_draft_pb2 import DraftLine, OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import Payment

_numbers = count(1001)

PENDING = Payment.STATE_PENDING
AUTHORIZED = Payment.STATE_AUTHORIZED
CAPTURED = Payment.STATE_CAPTURED


def usd(cents: int) -> Money:
    return Money(currency_code="USD", units=cents // 100, nanos=cents % 100 * 10_000_000)


def line(sku: str = "TEE-BLK-M", quantity: int = 1, cents: int = 1000, **fields: Any) -> DraftLine:
    return DraftLine(sku=sku, quantity=quantity, unit_price=usd(cents), **fields)


def draft(*lines: DraftLine, payment: Any = CAPTURED, **fields: Any) -> OrderDraft:
    lines = lines or (line(),)
    total = sum(_cents(one.unit_price) * one.quantity for one in lines)
    external_id = fields.get("external_id") or str(next(_numbers))
    known: dict[str, Any] = {
        "channel": "shopify-us",
        "external_id": external_id,
        # Two orders of one customer that say the same are held as possible duplicates.
        "customer_reference": f"customer-{external_id}",
        "currency_code": "USD",
        "ship_to": Address(
            name="Robin Example", lines=["1 Main St"], city="Troy", postal_code="12180", country_code="US"
        ),
        "lines": lines,
        "total_amount": usd(total),
        "payment": PaymentDraft(state=payment),
    }
    return OrderDraft(**known | fields)


def submit(sent: OrderDraft, request_id: str = "") -> SubmitOrderRequest:
    return SubmitOrderRequest(request_id=request_id or f"submit/{next(_numbers)}", draft=sent)


def _cents(money: Money) -> int:
    return int(money.units * 100 + money.nanos // 10_000_000)
