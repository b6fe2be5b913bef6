"""What a file of stock figures says."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.inventory.domain.supply import SupplyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How much there is. What the file does not say is None, or empty: it is unknown, not zero."""

    sku: str
    node_id: str
    on_hand: int
    unsellable: int | None = None
    lot_id: str = ""
    expire_date: date | None = None
    count_time: datetime | None = None
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSupply:
    """How much is to come, and when; a date without a time is the beginning of that day in UTC."""

    sku: str
    node_id: str
    quantity: int
    eta: datetime
    type: SupplyType = SupplyType.PURCHASE_ORDER
    reference: str = ""
    position: str


class Reason(StrEnum):
    """Why something was refused."""

    NO_HEADER = "NO_HEADER"
    NOT_X12 = "NOT_X12"
    NOT_STOCK = "NOT_STOCK"
    BROKEN_ROW = "BROKEN_ROW"
    MISSING_FIELD = "MISSING_FIELD"
    BAD_VALUE = "BAD_VALUE"
    UNSUPPORTED = "UNSUPPORTED"
    CONTRADICTION = "CONTRADICTION"
    DUPLICATE = "DUPLICATE"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What could not be read: why, where, and in words what is wrong and what to do about it."""

    reason: Reason
    position: str
    message: str


Figure = Count | ExpectedSupply | Refusal


class Unreadable(Exception):
    """How the readers say no among themselves; it never leaves the package."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def at(self, position: str) -> Refusal:
        """Return it as the refusal of a place."""
        return Refusal(reason=self.reason, position=position, message=self.message)
