"""Order drafts: messages ⇄ domain, both ways, exactly."""

from google.type.money_pb2 import Money as MoneyMessage

from oms.intake.v1.hold_pb2 import HoldDeadlineAction as DeadlineActionNumber
from oms.intake.v1.hold_pb2 import HoldSpec as HoldSpecMessage
from oms.intake.v1.hold_pb2 import HoldType as HoldTypeNumber
from oms.intake.v1.order_draft_pb2 import DraftLine as DraftLineMessage
from oms.intake.v1.order_draft_pb2 import OrderDraft
from oms.intake.v1.order_draft_pb2 import PaymentDraft as PaymentDraftMessage
from oms.intake.v1.order_pb2 import Payment as PaymentMessage
from oms.intake.v1.order_pb2 import ServiceLevel as ServiceLevelNumber
from services.intake.domain.draft import (
    DeadlineAction,
    Draft,
    DraftLine,
    HoldSpec,
    HoldType,
    PaymentDraft,
    PaymentState,
    ServiceLevel,
)
from services.intake.wire_details import details_from, details_message, line_details_from, line_details_message
from services.intake.wire_values import (
    address_from,
    address_message,
    moment_from,
    money_from,
    money_message,
    number_of,
    stamp,
    word_from,
)
from services.kernel.money import Money


def draft_from(message: OrderDraft) -> Draft:
    """Return what the caller sent.

    Raises:
        InvalidArgument: CURRENCY_MISMATCH, INEXACT_AMOUNT, INVALID_TIME.
    """
    currency = message.currency_code
    return Draft(
        channel=message.channel,
        external_id=message.external_id,
        order_number=message.order_number,
        order_time=moment_from(message, "order_time"),
        currency_code=currency,
        customer_reference=message.customer_reference,
        ship_to=address_from(message.ship_to),
        bill_to=address_from(message.bill_to) if message.HasField("bill_to") else None,
        lines=tuple(draft_line_from(line, currency, f"lines[{at}]") for at, line in enumerate(message.lines)),
        shipping=money_from(message.shipping_amount, currency, "shipping_amount"),
        shipping_tax=money_from(message.shipping_tax_amount, currency, "shipping_tax_amount"),
        total=money_from(message.total_amount, currency, "total_amount"),
        payment=_payment_from(message.payment, currency),
        service_level=word_from(ServiceLevelNumber, message.service_level, ServiceLevel, ServiceLevel.STANDARD),
        priority=message.priority or 3,
        ship_complete=message.ship_complete,
        holds=tuple(hold_spec_from(hold) for hold in message.holds),
        note=message.note,
        email=message.email,
        phone=message.phone,
        details=details_from(message.details, currency),
    )


def draft_message(draft: Draft) -> OrderDraft:
    """Return the draft as a message, to be held against the limits of the contract."""
    return OrderDraft(
        channel=draft.channel,
        external_id=draft.external_id,
        order_number=draft.order_number,
        order_time=stamp(draft.order_time),
        currency_code=draft.currency_code,
        customer_reference=draft.customer_reference,
        ship_to=address_message(draft.ship_to),
        bill_to=address_message(draft.bill_to) if draft.bill_to else None,
        lines=[draft_line_message(line) for line in draft.lines],
        shipping_amount=_amount(draft.shipping),
        shipping_tax_amount=_amount(draft.shipping_tax),
        total_amount=_amount(draft.total),
        payment=PaymentDraftMessage(
            state=number_of(PaymentMessage.State, draft.payment.state),
            reference=draft.payment.reference,
            amount=_amount(draft.payment.amount) if draft.payment.amount else None,
            expire_time=stamp(draft.payment.expire_time),
        ),
        service_level=number_of(ServiceLevelNumber, draft.service_level),
        priority=draft.priority,
        ship_complete=draft.ship_complete,
        holds=[hold_spec_message(hold) for hold in draft.holds],
        note=draft.note,
        email=draft.email,
        phone=draft.phone,
        details=details_message(draft.details),
    )


def hold_spec_from(message: HoldSpecMessage) -> HoldSpec:
    """Return the hold to be placed; its line is named as the caller names it."""
    return HoldSpec(
        handle=message.handle,
        type=word_from(HoldTypeNumber, message.type, HoldType, HoldType.OTHER),
        external_line_id=message.line_id,
        owner_queue=message.owner_queue,
        deadline_time=moment_from(message, "deadline_time"),
        deadline_action=word_from(
            DeadlineActionNumber, message.deadline_action, DeadlineAction, DeadlineAction.ESCALATE
        ),
        note=message.note,
        after=tuple(message.after),
        approvals=tuple(message.approvals),
    )


def draft_line_from(message: DraftLineMessage, currency: str, field: str) -> DraftLine:
    return DraftLine(
        external_line_id=message.external_line_id,
        sku=message.sku,
        title=message.title,
        quantity=message.quantity,
        unit_price=money_from(message.unit_price, currency, f"{field}.unit_price"),
        discount=money_from(message.discount_amount, currency, f"{field}.discount_amount"),
        tax=money_from(message.tax_amount, currency, f"{field}.tax_amount"),
        prices_include_tax=message.prices_include_tax,
        details=line_details_from(message.details, currency, f"{field}.details"),
    )


def _payment_from(message: PaymentDraftMessage, currency: str) -> PaymentDraft:
    return PaymentDraft(
        state=word_from(PaymentMessage.State, message.state, PaymentState, PaymentState.PENDING),
        reference=message.reference,
        amount=money_from(message.amount, currency, "payment.amount") if message.HasField("amount") else None,
        expire_time=moment_from(message, "expire_time"),
    )


def draft_line_message(line: DraftLine) -> DraftLineMessage:
    return DraftLineMessage(
        external_line_id=line.external_line_id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price=_amount(line.unit_price),
        discount_amount=_amount(line.discount),
        tax_amount=_amount(line.tax),
        prices_include_tax=line.prices_include_tax,
        details=line_details_message(line.details),
    )


def hold_spec_message(hold: HoldSpec) -> HoldSpecMessage:
    return HoldSpecMessage(
        handle=hold.handle,
        type=number_of(HoldTypeNumber, hold.type),
        line_id=hold.external_line_id,
        owner_queue=hold.owner_queue,
        deadline_time=stamp(hold.deadline_time),
        deadline_action=number_of(DeadlineActionNumber, hold.deadline_action),
        note=hold.note,
        after=hold.after,
        approvals=hold.approvals,
    )


def _amount(money: Money) -> MoneyMessage:
    return money_message(money.minor, money.currency_code)
