"""What channels say about an order beyond what is shipped and paid: parts of its money, and words that rules look at.

All of it is optional and kept exactly as placed. The amounts here explain the amounts of the order and its lines; they
are never added to them, except `Details.charges`, which are part of the order's total beside its lines and shipping.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPart:
    """One of several taxes; `rate` is a decimal fraction as text ("0.0825"), empty where it was not said."""

    title: str
    amount: Money
    rate: str = ""
    # The channel takes it and pays it to the state: it is not in what the seller is paid.
    collected_by_channel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountPart:
    """One of several discounts, as a positive amount."""

    amount: Money
    code: str = ""
    title: str = ""


class ChargeKind(StrEnum):
    """What is paid for beside goods and shipping."""

    FEE = "FEE"
    GIFT_CARD = "GIFT_CARD"
    DIGITAL = "DIGITAL"
    SERVICE = "SERVICE"
    TIP = "TIP"
    # Less to pay: `amount` is still positive.
    DISCOUNT = "DISCOUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Something in the order's total that nobody ships: a gift card, a download, a fee, a tip, or a discount on all."""

    kind: ChargeKind
    title: str
    amount: Money
    tax: Money | None = None
    sku: str = ""
    quantity: int = 1


class TenderKind(StrEnum):
    """What was paid with."""

    CARD = "CARD"
    WALLET = "WALLET"
    BANK_TRANSFER = "BANK_TRANSFER"
    CASH = "CASH"
    CASH_ON_DELIVERY = "CASH_ON_DELIVERY"
    GIFT_CARD = "GIFT_CARD"
    STORE_CREDIT = "STORE_CREDIT"
    LATER = "LATER"
    TERMS = "TERMS"
    MARKETPLACE = "MARKETPLACE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """One of the ways an order is paid; `reference` is never a card number."""

    kind: TenderKind
    amount: Money
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDetails:
    """About one line."""

    taxes: tuple[TaxPart, ...] = ()
    discounts: tuple[DiscountPart, ...] = ()
    # The external_line_id (or, where it has none, the SKU) of the bundle that this line is a component of.
    bundle: str = ""
    # GTIN, EAN, UPC or ISBN.
    barcode: str = ""
    # What the channel calls the item, where `sku` was mapped from it.
    channel_sku: str = ""
    # What the customer chose or wrote: engraving, size, gift message. Personal.
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """About the order."""

    brand: str = ""
    # The channel's programme: "prime", "marketplace-plus", a B2B contract.
    program: str = ""
    customer_tier: str = ""
    # BCP 47, such as "fr-CA".
    locale: str = ""
    # Until when it must be handed to a carrier, and be with the customer, by contract with the channel or the buyer.
    ship_by_time: datetime | None = None
    due_time: datetime | None = None
    # Not before this.
    earliest_time: datetime | None = None
    # The channel's name of the place where the customer picks it up; empty where it is delivered.
    pickup_location: str = ""
    # The channel's code of the place it is shipped to (store number, GLN), where it has no address: the channel's
    # address book may have it.
    location_code: str = ""
    # Orders that came as one (a purchase order for many stores) share it: the channel's id of the whole.
    group_id: str = ""
    # Such as "NET30".
    payment_terms: str = ""
    charges: tuple[Charge, ...] = ()
    # On shipping, and discounts that are on the order as a whole and already inside the lines' or shipping's amounts.
    shipping_taxes: tuple[TaxPart, ...] = ()
    discounts: tuple[DiscountPart, ...] = ()
    tenders: tuple[Tender, ...] = ()
    tags: tuple[str, ...] = ()


NO_DETAILS = Details()
NO_LINE_DETAILS = LineDetails()
