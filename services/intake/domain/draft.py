"""An order as a channel tells it, before it is accepted: what every adapter in `channels/` produces."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.intake.domain.details import NO_DETAILS, NO_LINE_DETAILS, Details, LineDetails
from services.kernel.money import Money


class PaymentState(StrEnum):
    """What happened to the money."""

    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    PARTLY_CAPTURED = "PARTLY_CAPTURED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    ON_TERMS = "ON_TERMS"
    CAPTURE_DECLINED = "CAPTURE_DECLINED"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"
    REFUNDED = "REFUNDED"
    MARKETPLACE_HELD = "MARKETPLACE_HELD"
    AUTHORIZATION_EXPIRED = "AUTHORIZATION_EXPIRED"


class ServiceLevel(StrEnum):
    """How fast the customer wants it."""

    STANDARD = "STANDARD"
    EXPEDITED = "EXPEDITED"
    NEXT_DAY = "NEXT_DAY"


class HoldType(StrEnum):
    """Why something is held."""

    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    HIGH_RISK_OF_FRAUD = "HIGH_RISK_OF_FRAUD"
    INCORRECT_ADDRESS = "INCORRECT_ADDRESS"
    CREDIT_LIMIT = "CREDIT_LIMIT"
    COMPLIANCE = "COMPLIANCE"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    APPROVAL = "APPROVAL"
    OTHER = "OTHER"


class DeadlineAction(StrEnum):
    """What happens when a hold's deadline passes."""

    ESCALATE = "ESCALATE"
    RELEASE = "RELEASE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address with the person who is there; every part may be empty, except that a ship-to has a country."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    administrative_area: str = ""
    postal_code: str = ""
    country_code: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """A line as the channel tells it. Amounts are for the whole line, except `unit_price`."""

    external_line_id: str
    sku: str
    title: str = ""
    quantity: int
    unit_price: Money
    discount: Money
    tax: Money
    prices_include_tax: bool = False
    details: LineDetails = NO_LINE_DETAILS

    @property
    def total(self) -> Money:
        """What the customer pays for the line: price × quantity − discount, plus tax where it is not inside."""
        net = self.unit_price.minor * self.quantity - self.discount.minor
        return Money(net if self.prices_include_tax else net + self.tax.minor, self.unit_price.currency_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSpec:
    """A hold to be placed; `external_line_id` is empty for the whole order."""

    handle: str
    type: HoldType
    external_line_id: str = ""
    owner_queue: str = ""
    deadline_time: datetime | None = None
    deadline_action: DeadlineAction = DeadlineAction.ESCALATE
    note: str = ""
    # Handles of holds that must be resolved before this one is released.
    after: tuple[str, ...] = ()
    # Queues of which somebody must agree, one after another.
    approvals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDraft:
    """How the order is paid; `amount` is the order's total where None."""

    state: PaymentState = PaymentState.PENDING
    reference: str = ""
    amount: Money | None = None
    # Until when an authorized amount is set aside; None where nobody said.
    expire_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a channel sends. Money is kept exactly as placed; nothing is computed again."""

    channel: str
    external_id: str
    order_number: str = ""
    order_time: datetime | None = None
    currency_code: str
    customer_reference: str = ""
    ship_to: Address
    bill_to: Address | None = None
    lines: tuple[DraftLine, ...]
    shipping: Money
    shipping_tax: Money
    total: Money
    payment: PaymentDraft = PaymentDraft()
    service_level: ServiceLevel = ServiceLevel.STANDARD
    priority: int = 3
    ship_complete: bool = False
    holds: tuple[HoldSpec, ...] = ()
    note: str = ""
    # How the customer is reached about this order; where the ship-to says nothing else.
    email: str = ""
    phone: str = ""
    details: Details = NO_DETAILS


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a document, or one order in it, cannot be accepted.

    `reason` is for machines; `position` says where (JSON path, segment or byte offset); `message` says it in words,
    with what to do; `external_id` is the channel's id of the order, where it could be read.
    """

    reason: str
    position: str
    message: str
    external_id: str = ""
