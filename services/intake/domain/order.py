"""An accepted order, its lines and where its money stands."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.details import NO_DETAILS, NO_LINE_DETAILS, Details, LineDetails
from services.intake.domain.draft import Address, PaymentState, ServiceLevel
from services.intake.domain.holds import Hold, HoldState
from services.intake.domain.rooms import Units, unknown_line
from services.intake.domain.status import OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line; amounts are minor units of the order's currency. `captured` units had their share taken."""

    line_id: str
    position: int
    external_line_id: str
    sku: str
    title: str
    quantity: int
    unit_price: int
    discount: int
    tax: int
    prices_include_tax: bool
    total: int
    captured: int
    units: Units
    details: LineDetails = NO_LINE_DETAILS
    # What it is due of the order's total, where a change has fixed it.
    due: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Where the money stands, in minor units; `voided` of what was authorized was given back."""

    state: PaymentState
    reference: str
    authorized: int
    captured: int
    voided: int
    # What other orders that were split off have of the same authorization.
    shared: int = 0
    # Of what was captured, as the payment service says.
    refunded: int = 0
    # Until when what is authorized is set aside; None where nobody said.
    expire_time: datetime | None = None

    @property
    def outstanding(self) -> int:
        """What is set aside and was neither captured nor given back."""
        return self.authorized - self.captured - self.voided


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An accepted order, whole. `status` and `units` come from the database, which computes them from the lines."""

    order_id: str
    channel: str
    external_id: str
    order_number: str
    status: OrderStatus
    resting: bool
    region: str
    priority: int
    currency_code: str
    customer_reference: str
    ship_to: Address
    bill_to: Address | None
    lines: tuple[OrderLine, ...]
    holds: tuple[Hold, ...]
    shipping: int
    shipping_tax: int
    total: int
    payment: Payment
    service_level: ServiceLevel
    ship_complete: bool
    promise_time: datetime | None
    order_time: datetime
    create_time: datetime
    update_time: datetime
    document_id: str
    note: str
    units: Units
    sequence: int
    email: str = ""
    phone: str = ""
    details: Details = NO_DETAILS
    # What people put on it.
    tags: tuple[str, ...] = ()
    version: int = 0

    @property
    def etag(self) -> str:
        """Every change is an event, so how many of them there were names the state."""
        return f"v{self.version}"

    @property
    def open_holds(self) -> tuple[Hold, ...]:
        return tuple(hold for hold in self.holds if hold.state == HoldState.CREATED)

    def line(self, line_id: str) -> OrderLine:
        """Return the line.

        Raises:
            InvalidArgument: UNKNOWN_LINE.
        """
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise unknown_line(line_id)
