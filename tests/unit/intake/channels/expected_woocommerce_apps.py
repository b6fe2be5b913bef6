"""The orders of the shared WooCommerce documents that come from its app, written by hand from reading them."""

from dataclasses import replace
from datetime import UTC, datetime

from services.intake.domain.details import (
    Charge,
    ChargeKind,
    Details,
    DiscountPart,
    LineDetails,
    TaxPart,
    TenderKind,
)
from services.intake.domain.draft import (
    Address,
    Draft,
    DraftLine,
    HoldSpec,
    HoldType,
    PaymentDraft,
    PaymentState,
    ServiceLevel,
)
from tests.unit.intake.channels.expected_shopify import usd
from tests.unit.intake.channels.expected_woocommerce_docs import line, paid, said, taxed


def _card(
    external_id: str,
    time: datetime,
    address: Address,
    total: int,
    *lines: DraftLine,
    customer: str,
    reference: str = "",
) -> Draft:
    """An order paid by card, sent free of charge to where the bill goes."""
    return Draft(
        channel="a-channel",
        external_id=external_id,
        order_number=external_id,
        order_time=time,
        currency_code="USD",
        customer_reference=customer,
        ship_to=address,
        bill_to=address,
        lines=lines,
        shipping=usd(0),
        shipping_tax=usd(0),
        total=usd(total),
        payment=PaymentDraft(state=PaymentState.CAPTURED, reference=reference),
        email=address.email,
        phone=address.phone,
        details=Details(tenders=(paid(TenderKind.CARD, total, reference),)),
    )


_SENGER = Address(
    name="Tyrel Senger",
    lines=("8412 Dicki Creek", "481 General Crossroad"),
    city="Denesikton",
    administrative_area="Louisiana",
    postal_code="903851780",
    country_code="BB",
    phone="724-024-2595",
    email="person4@example.com",
)
# 18.00 and 10.00 of shipping, of which gift cards paid 24.00: the order's total is what was left to pay.
ORDER_459 = replace(
    _card(
        "459",
        datetime(2023, 3, 29, 3, 21, 20, tzinfo=UTC),
        _SENGER,
        400,
        line("921", "Woo-beanie-logo", "Beanie with Logo", 1, 1800, details=said(("As a Gift", "No"))),
        customer="27375286",
        reference="pi_3MqpbEFmpgWy4Lrl0vJo4TIn",
    ),
    ship_to=replace(_SENGER, phone="1234567898"),
    shipping=usd(1000),
    details=Details(
        tenders=(
            paid(TenderKind.GIFT_CARD, 2000, "2"),
            paid(TenderKind.GIFT_CARD, 400, "4"),
            paid(TenderKind.CARD, 400, "pi_3MqpbEFmpgWy4Lrl0vJo4TIn"),
        )
    ),
)
# Line 752 is the bundle, for 59.00 of its own; line 753 is in it. The total tells of parts that the document lacks.
ORDER_357 = replace(
    _card(
        "357",
        datetime(2023, 2, 23, 13, 57, 10, tzinfo=UTC),
        Address(
            name="Erich Crist",
            lines=("102 Rosalee Orchard", "632 O’Conner Skyway"),
            city="Fort Ethelyn",
            administrative_area="DF",
            postal_code="01089",
            country_code="MX",
            phone="015-993-9088",
            email="person5@example.com",
        ),
        12020,
        line("753", "Woo-beanie-logo", "Beanie with Logo", 1, 1620, details=LineDetails(bundle="752")),
        customer="27375286",
        reference="pi_3MefIVFmpgWy4Lrl1eZCLGrm",
    ),
    details=Details(
        charges=(Charge(kind=ChargeKind.FEE, title="Super Awesome Bundle", amount=usd(5900), sku="product:190"),),
        tenders=(paid(TenderKind.CARD, 12020, "pi_3MefIVFmpgWy4Lrl1eZCLGrm"),),
    ),
)
# 17.65 + 0.35 and 15.00 + 0.30; the tax is 2 per cent.
ORDER_211 = replace(
    _card(
        "211",
        datetime(2022, 1, 28, 13, 59, 7, tzinfo=UTC),
        Address(
            name="Marcus Fisher",
            lines=("11403 Goldenview Dr",),
            city="Granger",
            administrative_area="AZ",
            postal_code="46530",
            country_code="US",
            phone="(574) 217-7025",
            email="2177025@example.net",
        ),
        3330,
        line("302", "woo-beanie", "Beanie", 1, 1765, tax=35, details=taxed("Tax", 35, rate="0.02")),
        customer="2177025@example.net",
        reference="pi_3KMuym2EdyGr1FMV0TtJrfac",
    ),
    shipping=usd(1500),
    shipping_tax=usd(30),
    details=Details(
        shipping_taxes=(TaxPart(title="Tax", amount=usd(30), rate="0.02"),),
        tenders=(paid(TenderKind.CARD, 3330, "pi_3KMuym2EdyGr1FMV0TtJrfac"),),
    ),
)
ORDER_526 = _card(
    "526",
    datetime(2023, 4, 18, 17, 16, 8, tzinfo=UTC),
    Address(
        name="Brooks Hane",
        lines=("885 Susanna Ridges", "978 Powlowski Lock"),
        city="Ferryville",
        administrative_area="DF",
        postal_code="01234",
        country_code="MX",
        phone="536-297-3865",
        email="person6@example.com",
    ),
    1450,
    line("1052", "woo-polo", "Polo", 1, 1450, details=said(("As a Gift", "No"))),
    customer="27375286",
    reference="pi_3MyI8TFmpgWy4Lrl0rLQ6JZD",
)
# Two baskets list at 50.00 and cost 30.00 and 1.20 of tax.
ORDER_963 = _card(
    "963",
    datetime(2018, 4, 3, 23, 5, 12, tzinfo=UTC),
    Address(
        name="Johnny Appleseed",
        lines=("234 70th Street",),
        city="Niagara Falls",
        administrative_area="NY",
        postal_code="14304",
        country_code="US",
        phone="333-333-3333",
        email="scrambled@scrambled.com",
    ),
    3120,
    line(
        "890",
        "product:52",
        "Fruits Basket (Mix & Match Product)",
        2,
        2500,
        discount=2000,
        tax=120,
        details=replace(taxed("", 120), discounts=(DiscountPart(amount=usd(2000)),)),
    ),
    customer="11",
)


def _poster(external_id: str, minute: int, second: int, email: str, poster: DraftLine) -> Draft:
    address = Address(
        name="Julia Woo",
        company="The Nuttery",
        lines=("200 Collins Ave",),
        city="Miami Beach",
        administrative_area="FL",
        postal_code="33139",
        country_code="US",
        phone="333-333-3333",
        email=email,
    )
    time = datetime(2018, 4, 3, 20, minute, second, tzinfo=UTC)
    return _card(external_id, time, address, 2000, poster, customer="1")


_IMAGE = (
    "https://scrambled.com/wp-content/uploads/product_addons_uploads/c4ca4238a0b923820dcc509a6f75849b/ST-Upload-1.jpg"
)
_POSTER = "Poster (Product Add-On)"
ORDER_961 = _poster("961", 54, 21, "scrambled@scrambled", line("888", "product:956", _POSTER, 1, 2000))
ORDER_960 = _poster(
    "960",
    52,
    38,
    "scrambled@scrambled.com",
    line("886", "product:956", _POSTER, 1, 2000, details=said(("Poster Image", _IMAGE))),
)
ORDER_560 = replace(
    _card(
        "560",
        datetime(2019, 10, 1, 19, 31, 17, tzinfo=UTC),
        Address(
            name="Pamela Nguyen",
            company="Smithsonian Natural History Museum",
            lines=("10th St. & Constitution Ave. NW",),
            city="Washington",
            administrative_area="DC",
            postal_code="20560",
            country_code="US",
            phone="2022611000",
            email="person1@example.com",
        ),
        119850,
        line("58", "T-SHIRT-HAPPY-NINJA", "Happy Ninja", 3, 1620),
        line("59", "HOODIE-HAPPY-NINJA", "Happy Ninja", 10, 3150),
        line("60", "T-SHIRT-NINJA-SILHOUETTE", "Ninja Silhouette", 2, 1800),
        line("61", "HOODIE-PATIENT-NINJA", "Patient Ninja", 3, 3150),
        line("62", "T-SHIRT-PREMIUM-QUALITY", "Premium Quality", 2, 1800),
        line(
            "63",
            "HOODIE-SHIP-YOUR-IDEA-BLACK-L",
            "Ship Your Idea - Black, L",
            4,
            3150,
            details=said(("pa_color", "black"), ("size", "L")),
        ),
        line("64", "HOODIE-WOO-LOGO", "Woo Logo", 2, 3150),
        line(
            "65",
            "HOODIE-SHIP-YOUR-IDEA-BLUE-XL",
            "Ship Your Idea - Blue, XL",
            7,
            2700,
            details=said(("pa_color", "blue"), ("size", "XL")),
        ),
        customer="1",
        reference="ch_1FOr46J71fgCH5kvqxjdQyqZ",
    ),
    shipping=usd(29040),
    service_level=ServiceLevel.EXPEDITED,
    holds=(
        HoldSpec(
            handle="refunds",
            type=HoldType.OTHER,
            note="WooCommerce refunded part of the order (-63.00, -117.00, -18.00, -27.00) without saying which units: "
            "check before shipping.",
        ),
    ),
    note="It's the annual company baseball game! My team needs geared up with hoodies, t-shirts, the works. "
    "Be a dear and fill this order quick!",
)
