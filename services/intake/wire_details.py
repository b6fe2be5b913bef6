"""What channels say beside the order itself: messages ⇄ domain, and the JSON that the database keeps."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from oms.intake.v1.order_details_pb2 import DiscountPart as DiscountMessage
from oms.intake.v1.order_details_pb2 import LineDetails as LineDetailsMessage
from oms.intake.v1.order_details_pb2 import LineProperty, OrderCharge, OrderDetails
from oms.intake.v1.order_details_pb2 import TaxPart as TaxMessage
from oms.intake.v1.order_details_pb2 import Tender as TenderMessage
from services.intake.domain.details import (
    NO_DETAILS,
    NO_LINE_DETAILS,
    Charge,
    ChargeKind,
    Details,
    DiscountPart,
    LineDetails,
    TaxPart,
    Tender,
    TenderKind,
)
from services.intake.wire_values import moment_from, money_from, money_message, number_of, stamp, word_from
from services.kernel.money import Money


def details_from(message: OrderDetails, currency: str) -> Details:
    """Return what was said about the order.

    Raises:
        InvalidArgument: CURRENCY_MISMATCH, INEXACT_AMOUNT, INVALID_TIME.
    """
    if not message.ByteSize():
        return NO_DETAILS
    return Details(
        brand=message.brand,
        program=message.program,
        customer_tier=message.customer_tier,
        locale=message.locale,
        ship_by_time=moment_from(message, "ship_by_time"),
        due_time=moment_from(message, "due_time"),
        earliest_time=moment_from(message, "earliest_time"),
        pickup_location=message.pickup_location,
        location_code=message.location_code,
        group_id=message.group_id,
        payment_terms=message.payment_terms,
        charges=tuple(_charge_from(one, currency, f"details.charges[{at}]") for at, one in enumerate(message.charges)),
        shipping_taxes=_taxes_from(message.shipping_taxes, currency, "details.shipping_taxes"),
        discounts=_discounts_from(message.discounts, currency, "details.discounts"),
        tenders=tuple(
            Tender(
                kind=word_from(TenderMessage.Kind, one.kind, TenderKind, TenderKind.OTHER),
                amount=money_from(one.amount, currency, f"details.tenders[{at}].amount"),
                reference=one.reference,
            )
            for at, one in enumerate(message.tenders)
        ),
        tags=tuple(message.tags),
    )


def details_message(details: Details) -> OrderDetails | None:
    """Return what was said about the order, None where nothing was."""
    if details == NO_DETAILS:
        return None
    return OrderDetails(
        brand=details.brand,
        program=details.program,
        customer_tier=details.customer_tier,
        locale=details.locale,
        ship_by_time=stamp(details.ship_by_time),
        due_time=stamp(details.due_time),
        earliest_time=stamp(details.earliest_time),
        pickup_location=details.pickup_location,
        location_code=details.location_code,
        group_id=details.group_id,
        payment_terms=details.payment_terms,
        charges=[
            OrderCharge(
                kind=number_of(OrderCharge.Kind, one.kind),
                title=one.title,
                amount=_amount(one.amount),
                tax_amount=_amount(one.tax) if one.tax else None,
                sku=one.sku,
                quantity=one.quantity,
            )
            for one in details.charges
        ],
        shipping_taxes=[_tax_message(one) for one in details.shipping_taxes],
        discounts=[_discount_message(one) for one in details.discounts],
        tenders=[
            TenderMessage(
                kind=number_of(TenderMessage.Kind, one.kind), amount=_amount(one.amount), reference=one.reference
            )
            for one in details.tenders
        ],
        tags=details.tags,
    )


def line_details_from(message: LineDetailsMessage, currency: str, field: str) -> LineDetails:
    """Return what was said about a line.

    Raises:
        InvalidArgument: CURRENCY_MISMATCH, INEXACT_AMOUNT.
    """
    if not message.ByteSize():
        return NO_LINE_DETAILS
    return LineDetails(
        taxes=_taxes_from(message.taxes, currency, f"{field}.taxes"),
        discounts=_discounts_from(message.discounts, currency, f"{field}.discounts"),
        bundle=message.bundle,
        barcode=message.barcode,
        channel_sku=message.channel_sku,
        properties=tuple((one.name, one.value) for one in message.properties),
    )


def line_details_message(details: LineDetails) -> LineDetailsMessage | None:
    """Return what was said about a line, None where nothing was."""
    if details == NO_LINE_DETAILS:
        return None
    return LineDetailsMessage(
        taxes=[_tax_message(one) for one in details.taxes],
        discounts=[_discount_message(one) for one in details.discounts],
        bundle=details.bundle,
        barcode=details.barcode,
        channel_sku=details.channel_sku,
        properties=[LineProperty(name=name, value=value) for name, value in details.properties],
    )


def details_row(details: Details | LineDetails) -> dict[str, Any] | None:
    """Return the JSON that is kept, None where nothing was said."""
    message = details_message(details) if isinstance(details, Details) else line_details_message(details)
    return json_format.MessageToDict(message, preserving_proto_field_name=True) if message else None


def details_of(row: Mapping[str, Any] | None, currency: str) -> Details:
    """Return what the kept JSON says about the order."""
    message = json_format.ParseDict(dict(row), OrderDetails(), ignore_unknown_fields=True) if row else None
    return details_from(message, currency) if message else NO_DETAILS


def line_details_of(row: Mapping[str, Any] | None, currency: str) -> LineDetails:
    """Return what the kept JSON says about a line."""
    message = json_format.ParseDict(dict(row), LineDetailsMessage(), ignore_unknown_fields=True) if row else None
    return line_details_from(message, currency, "details") if message else NO_LINE_DETAILS


def _charge_from(message: OrderCharge, currency: str, field: str) -> Charge:
    return Charge(
        kind=word_from(OrderCharge.Kind, message.kind, ChargeKind, ChargeKind.FEE),
        title=message.title,
        amount=money_from(message.amount, currency, f"{field}.amount"),
        tax=money_from(message.tax_amount, currency, f"{field}.tax_amount") if message.HasField("tax_amount") else None,
        sku=message.sku,
        quantity=message.quantity or 1,
    )


def _taxes_from(messages: Any, currency: str, field: str) -> tuple[TaxPart, ...]:
    return tuple(
        TaxPart(
            title=one.title,
            amount=money_from(one.amount, currency, f"{field}[{at}].amount"),
            rate=one.rate,
            collected_by_channel=one.collected_by_channel,
        )
        for at, one in enumerate(messages)
    )


def _tax_message(part: TaxPart) -> TaxMessage:
    return TaxMessage(
        title=part.title,
        amount=_amount(part.amount),
        rate=part.rate,
        collected_by_channel=part.collected_by_channel,
    )


def _discounts_from(messages: Any, currency: str, field: str) -> tuple[DiscountPart, ...]:
    return tuple(
        DiscountPart(amount=money_from(one.amount, currency, f"{field}[{at}].amount"), code=one.code, title=one.title)
        for at, one in enumerate(messages)
    )


def _discount_message(part: DiscountPart) -> DiscountMessage:
    return DiscountMessage(amount=_amount(part.amount), code=part.code, title=part.title)


def _amount(money: Money) -> Any:
    return money_message(money.minor, money.currency_code)
