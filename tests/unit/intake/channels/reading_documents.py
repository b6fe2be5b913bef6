"""Our own documents, and drafts as the messages whose limits they must keep."""

import json
from pathlib import Path
from typing import Any

import protovalidate
from google.type.money_pb2 import Money as MoneyMessage

from oms.common.v1.address_pb2 import Address as AddressMessage
from oms.intake.v1.hold_pb2 import HoldSpec as HoldMessage
from oms.intake.v1.hold_pb2 import HoldType as HoldTypeMessage
from oms.intake.v1.order_draft_pb2 import DraftLine as LineMessage
from oms.intake.v1.order_draft_pb2 import OrderDraft
from services.intake.channels import FORMATS
from services.intake.domain.draft import Address, Draft, Problem, Reading
from services.kernel.money import Money, exponent

DOCUMENTS = Path(__file__).parents[4] / "deploy" / "local" / "demo" / "documents"


def document(name: str) -> bytes:
    """Return one of our documents, such as "shopify/01-us-paid.json"."""
    return (DOCUMENTS / name).read_bytes()


def loaded(name: str) -> Any:
    """Return one of our JSON documents, to be changed."""
    return json.loads(document(name))


def read(format_name: str, content: Any) -> Reading:
    """Return what the adapter makes of bytes, or of a JSON value."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return FORMATS[format_name](raw, "a-channel")


def one_draft(format_name: str, content: Any) -> Draft:
    """Return the only order of a document that has no problems."""
    reading = read(format_name, content)
    assert reading.problems == ()
    (draft,) = reading.drafts
    return draft


def one_problem(format_name: str, content: Any) -> Problem:
    """Return the only problem of a document that has no orders."""
    reading = read(format_name, content)
    assert reading.drafts == ()
    (problem,) = reading.problems
    return problem


def assert_within_limits(draft: Draft) -> None:
    """Fail where the API would refuse the draft, or where its money could not be stored."""
    lines = [
        LineMessage(
            external_line_id=line.external_line_id,
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            unit_price=_money(line.unit_price),
            discount_amount=_money(line.discount),
            tax_amount=_money(line.tax),
        )
        for line in draft.lines
    ]
    holds = [
        HoldMessage(handle=hold.handle, type=HoldTypeMessage.Value(f"HOLD_TYPE_{hold.type}"), note=hold.note)
        for hold in draft.holds
    ]
    message = OrderDraft(
        channel=draft.channel,
        external_id=draft.external_id,
        order_number=draft.order_number,
        currency_code=draft.currency_code,
        customer_reference=draft.customer_reference,
        ship_to=_address(draft.ship_to),
        lines=lines,
        shipping_amount=_money(draft.shipping),
        shipping_tax_amount=_money(draft.shipping_tax),
        total_amount=_money(draft.total),
        holds=holds,
        note=draft.note,
    )
    message.payment.reference = draft.payment.reference
    if draft.bill_to is not None:
        message.bill_to.CopyFrom(_address(draft.bill_to))
    if draft.order_time is not None:
        message.order_time.FromDatetime(draft.order_time)
    protovalidate.validate(message)
    assert draft.ship_to.country_code
    assert "\\x00" not in repr(draft), "PostgreSQL stores no NUL"
    assert len({line.external_line_id for line in draft.lines}) == len(draft.lines)
    assert all(
        line.discount.minor >= 0 and line.unit_price.minor >= 0 and line.total.minor >= 0 for line in draft.lines
    )
    assert all(abs(line.unit_price.minor) * line.quantity < 2**63 for line in draft.lines)


def _address(address: Address) -> AddressMessage:
    return AddressMessage(
        name=address.name,
        company=address.company,
        lines=address.lines,
        city=address.city,
        administrative_area=address.administrative_area,
        postal_code=address.postal_code,
        country_code=address.country_code,
        phone=address.phone,
        email=address.email,
    )


def _money(money: Money) -> MoneyMessage:
    units, rest = divmod(money.minor, 10 ** exponent(money.currency_code))
    return MoneyMessage(
        currency_code=money.currency_code, units=units, nanos=rest * 10 ** (9 - exponent(money.currency_code))
    )
