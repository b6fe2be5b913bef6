"""The orders of the shared WooCommerce documents from its reference, and of a broken list, written by hand."""

from dataclasses import replace
from datetime import UTC, datetime

from services.intake.domain.details import (
    Details,
    LineDetails,
    TaxPart,
    Tender,
    TenderKind,
)
from services.intake.domain.draft import (
    Address,
    Draft,
    DraftLine,
    PaymentDraft,
    PaymentState,
)
from services.kernel.money import Money
from tests.unit.intake.channels.expected_shopify import usd


def line(
    line_id: str,
    sku: str,
    title: str,
    quantity: int,
    unit: int,
    *,
    discount: int = 0,
    tax: int = 0,
    details: LineDetails | None = None,
) -> DraftLine:
    return DraftLine(
        external_line_id=line_id,
        sku=sku,
        title=title,
        quantity=quantity,
        unit_price=usd(unit),
        discount=usd(discount),
        tax=usd(tax),
        details=details or LineDetails(),
    )


def taxed(title: str, minor: int, *properties: tuple[str, str], rate: str = "") -> LineDetails:
    return LineDetails(taxes=(TaxPart(title=title, amount=usd(minor), rate=rate),), properties=properties)


def said(*properties: tuple[str, str]) -> LineDetails:
    return LineDetails(properties=properties)


def paid(kind: TenderKind, minor: int, reference: str = "") -> Tender:
    return Tender(kind=kind, amount=usd(minor), reference=reference)


_DOE = Address(
    name="John Doe",
    lines=("969 Market",),
    city="San Francisco",
    administrative_area="CA",
    postal_code="94103",
    country_code="US",
    phone="(555) 555-5555",
    email="john.doe@example.com",
)
_BLACK_M = (("pa_color", "black"), ("size", "M Test"))


def _doe(external_id: str, time: datetime, total: int, *lines: DraftLine, shipping: int, tax: int = 0) -> Draft:
    """An order of John Doe in the reference documents: paid by bank transfer."""
    return Draft(
        channel="a-channel",
        external_id=external_id,
        order_number=external_id,
        order_time=time,
        currency_code="USD",
        customer_reference="john.doe@example.com",
        ship_to=_DOE,
        bill_to=_DOE,
        lines=lines,
        shipping=usd(shipping),
        shipping_tax=usd(tax),
        total=usd(total),
        payment=PaymentDraft(state=PaymentState.CAPTURED),
        email="john.doe@example.com",
        phone="(555) 555-5555",
        details=Details(tenders=(paid(TenderKind.BANK_TRANSFER, total),)),
    )


# 43.98 + 4.40, 19.99 + 1.00, 10.00 + 0.50: 79.87. Version 3 of before tells no tax per line and rate.
ORDER_645 = replace(
    _doe(
        "645",
        datetime(2015, 1, 26, 20, 0, 21, tzinfo=UTC),
        7987,
        line("504", "product:546", "Premium Quality", 2, 2199, tax=440),
        line("505", "product:613", "Ship Your Idea", 1, 1999, tax=100, details=said(("Color", "Black"))),
        shipping=1000,
        tax=50,
    ),
    customer_reference="2",
)
# On hold until the transfer arrives.
ORDER_644 = replace(
    _doe(
        "644",
        datetime(2015, 1, 26, 19, 33, 42, tzinfo=UTC),
        4414,
        line("499", "product:546", "Premium Quality", 1, 2199, tax=220),
        line("500", "product:96", "Woo Album #4", 1, 900, tax=45),
        shipping=1000,
        tax=50,
    ),
    customer_reference="2",
    payment=PaymentDraft(state=PaymentState.PENDING),
)
_BLACK = "Ship Your Idea – Color: Black, Size: M Test"
ORDER_727 = _doe(
    "727",
    datetime(2017, 3, 22, 19, 28, 2, tzinfo=UTC),
    2935,
    line("315", "product:93", "Woo Single #1", 2, 300, tax=45, details=taxed("State Tax", 45)),
    line("316", "Bar3", _BLACK, 1, 1200, tax=90, details=taxed("State Tax", 90, *_BLACK_M)),
    shipping=1000,
)
# 1.125 + 0.225 + 0.90 of tax: each line is rounded up, the order is not, and both are kept as they were told.
ORDER_728 = replace(
    _doe(
        "728",
        datetime(2017, 3, 22, 19, 33, 34, tzinfo=UTC),
        6225,
        line("319", "product:79", "Woo Logo", 1, 1500, tax=113, details=taxed("State Tax", 113)),
        line("320", "product:93", "Woo Single #1", 1, 300, tax=23, details=taxed("State Tax", 23)),
        line("321", "Bar3", _BLACK, 1, 1200, tax=90, details=taxed("State Tax", 90, *_BLACK_M)),
        shipping=3000,
    ),
    payment=PaymentDraft(state=PaymentState.PENDING),
)
ORDER_729 = _doe(
    "729",
    datetime(2017, 3, 22, 19, 33, 42, tzinfo=UTC),
    5440,
    line("324", "Bar3", _BLACK, 1, 1200, tax=90, details=taxed("State Tax", 90, *_BLACK_M)),
    line(
        "325",
        "variant:24",
        "Ship Your Idea – Color: Green, Size: S Test",
        1,
        2000,
        tax=150,
        details=taxed("State Tax", 150, ("pa_color", "green"), ("size", "S Test")),
    ),
    shipping=2000,
)


def _tea(external_id: str, time: datetime, name: str, email: str, *, line_id: str, charge: str) -> Draft:
    """One tea for 25 euros, its line told twice word for word; the shipping address is blank."""
    address = Address(
        name=name,
        lines=("1223 Woo Street",),
        city="Vancouver",
        administrative_area="CA",
        postal_code="90210",
        country_code="US",
        phone="555 555 5555",
        email=email,
    )
    tea = DraftLine(
        external_line_id=line_id,
        sku="product:224",
        title="Another tea",
        quantity=1,
        unit_price=Money(2500, "EUR"),
        discount=Money(0, "EUR"),
        tax=Money(0, "EUR"),
    )
    return Draft(
        channel="a-channel",
        external_id=external_id,
        order_number=external_id,
        order_time=time,
        currency_code="EUR",
        customer_reference="1",
        ship_to=address,
        bill_to=address,
        lines=(tea,),
        shipping=Money(0, "EUR"),
        shipping_tax=Money(0, "EUR"),
        total=Money(2500, "EUR"),
        payment=PaymentDraft(state=PaymentState.CAPTURED, reference=charge),
        email=email,
        phone="555 555 5555",
        details=Details(tenders=(Tender(kind=TenderKind.CARD, amount=Money(2500, "EUR"), reference=charge),)),
    )


ORDER_263 = _tea(
    "263",
    datetime(2018, 8, 5, 15, 26, tzinfo=UTC),
    "Woo Woo",
    "scrambled@scrambled.com",
    line_id="7",
    charge="ch_000000000000000",
)

ORDER_259 = _tea(
    "259",
    datetime(2018, 4, 11, 19, 21, 8, tzinfo=UTC),
    "Scrambled Woo",
    "scrambled@scrambled",
    line_id="6",
    charge="ch_1CFoVGGNTAspWcqrNITccw58",
)
