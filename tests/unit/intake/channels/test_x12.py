from datetime import UTC, datetime

import pytest

from services.intake.domain.details import DiscountPart, LineDetails
from services.intake.domain.draft import Address, Draft, DraftLine, HoldType, PaymentDraft, PaymentState, ServiceLevel
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import document, one_draft, one_problem, read

STORE = document("x12/01-us-store.x12")


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def test_a_store_order_is_read_field_by_field():
    assert one_draft("x12", STORE) == Draft(
        channel="a-channel",
        external_id="PO-3001",
        order_number="PO-3001",
        order_time=datetime(2026, 1, 5, tzinfo=UTC),
        currency_code="USD",
        customer_reference="0001",
        ship_to=Address(
            name="Demo Outfitters Store 12",
            lines=("400 Sample Street", "Dock 3"),
            city="Atlanta",
            administrative_area="GA",
            postal_code="30303",
            country_code="US",
            phone="5550121",
            email="store12@example.com",
        ),
        bill_to=Address(
            name="Demo Outfitters Accounts",
            lines=("1 Example Avenue",),
            city="New York",
            administrative_area="NY",
            postal_code="10001",
            country_code="US",
        ),
        lines=(
            DraftLine(
                external_line_id="1",
                sku="TEE-BLK-M",
                title="T-shirt, black, M",
                quantity=24,
                unit_price=usd(1150),
                discount=usd(0),
                tax=usd(0),
                details=LineDetails(barcode="000000000017"),
            ),
            DraftLine(
                external_line_id="2",
                sku="SOCK-BLK-M",
                quantity=1000,
                unit_price=usd(2),
                discount=usd(750),
                tax=usd(0),
            ),
            DraftLine(
                external_line_id="3",
                sku="HOOD-GRY-L",
                quantity=12,
                unit_price=usd(3500),
                discount=usd(1200),
                tax=usd(0),
                details=LineDetails(
                    discounts=(DiscountPart(amount=usd(1200), code="F800", title="Promotion"),),
                ),
            ),
        ),
        shipping=usd(0),
        shipping_tax=usd(0),
        total=usd(69650),
        payment=PaymentDraft(state=PaymentState.ON_TERMS),
        note="Deliver to dock 3.",
    )


def test_every_order_of_a_file_is_a_draft_and_a_bare_location_number_is_held():
    first, second = read("x12", document("x12/02-us-two-orders.x12")).drafts
    assert (first.external_id, first.service_level, first.holds) == ("PO-3002", ServiceLevel.NEXT_DAY, ())
    assert (second.external_id, second.ship_to.country_code) == ("PO-3003", "US")
    assert second.order_time == datetime(2026, 1, 6, tzinfo=UTC)
    assert [line.external_line_id for line in second.lines] == ["1", "2"]
    (hold,) = second.holds
    assert (hold.handle, hold.type) == ("address", HoldType.INCORRECT_ADDRESS)
    assert "location number 0044 is given (qualifier 92)" in hold.note


def test_freight_is_shipping_other_charges_and_allowances_are_named_and_a_stated_total_is_kept():
    draft = one_draft("x12", document("x12/03-uk-charges.x12"))
    assert (draft.ship_to.country_code, draft.currency_code) == ("GB", "GBP")
    assert draft.shipping.minor == 495
    assert [(charge.kind.value, charge.title, charge.amount.minor) for charge in draft.details.charges] == [
        ("DISCOUNT", "Opening order", 100),
        ("FEE", "Gift wrap", 250),
    ]
    assert draft.total.minor == 8045
    unstated = document("x12/03-uk-charges.x12").replace(b"AMT*TT*80.45'", b"")
    assert one_draft("x12", unstated).total.minor == 8045


def test_a_release_of_a_blanket_order_has_an_id_of_its_own():
    draft = one_draft("x12", document("x12/04-eu-release.x12"))
    assert (draft.external_id, draft.order_number) == ("BLANKET-77/0003", "BLANKET-77")
    assert (draft.ship_to.city, draft.ship_to.company) == ("München", "Tor 4")


@pytest.mark.parametrize(
    ("old", "new", "reason", "position"),
    [
        (b"BEG*00", b"BEG*06", "UNSUPPORTED", "ISA 1, ST 1, BEG 1"),
        (b"*SA*PO", b"*BK*PO", "UNSUPPORTED", "ISA 1, ST 1, BEG 1"),
        (b"PO-3001", b"", "MISSING_FIELD", "ISA 1, ST 1, BEG 1"),
        (b"PO1*2*1000*", b"PO1*2*10.5*", "BAD_VALUE", "ISA 1, ST 1, PO1 2"),
        (b"PO1*2*1000*", b"PO1*2*0*", "BAD_VALUE", "ISA 1, ST 1, PO1 2"),
        (b"*.0125*", b"*cheap*", "BAD_VALUE", "ISA 1, ST 1, PO1 2"),
        (b"*VN*SOCK-BLK-M", b"", "MISSING_FIELD", "ISA 1, ST 1, PO1 2"),
        (b"SAC*A*F800***1200", b"SAC*A*F800***99999999", "BAD_VALUE", "ISA 1, ST 1, PO1 3"),
        (b"CTT*3", b"SDQ*EA*92*0012*6*0013*half~\nCTT*3", "BAD_VALUE", "ISA 1, ST 1, SDQ 1"),
        (b"CUR*BY*USD", b"CUR*BY*DOLLAR", "BAD_VALUE", "ISA 1, ST 1, CUR 1"),
        (b"*30303*US", b"*30303*QQ", "UNKNOWN_COUNTRY", "ISA 1, ST 1, N1 2"),
        (b"ST*850*", b"ST*855*", "NOT_AN_ORDER", "ISA 1, ST 1"),
        (b"ST*850*", b"ST*875*", "UNSUPPORTED", "ISA 1, ST 1"),
        (b"ISA*", b"ISX*", "NOT_X12", "byte 0"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old, new, reason, position):
    problem = one_problem("x12", STORE.replace(old, new, 1))
    assert (problem.reason, problem.position) == (reason, position)


def test_an_order_that_ends_without_any_trailer_is_held_because_lines_may_be_lost():
    cut = STORE[: STORE.index(b"PO1*3*12")]
    draft = one_draft("x12", cut)
    assert len(draft.lines) == 2
    assert [hold.handle for hold in draft.holds] == ["truncated"]
    with_count = STORE[: STORE.index(b"SE*22")]
    assert one_draft("x12", with_count).holds == ()


@pytest.mark.parametrize("count", [b"CTT*3", b"CTT*9", b"CTT*3**9999"])
def test_trailers_that_count_wrongly_are_forgiven(count):
    wrong = STORE.replace(b"CTT*3", count).replace(b"SE*22*", b"SE*1*").replace(b"IEA*1*000000101", b"IEA*7*55")
    assert len(one_draft("x12", wrong).lines) == 3


SEPARATORS = [
    (b"|", b"~", b"\n"),
    (b"~", b"\n", b""),
    (b"\x7f", b"\x15", b"\r\n"),
    (b"*", b"}", b"\n\t\t"),
    (b"^", b"\\", b""),
]


@pytest.mark.parametrize(("element", "terminator", "between"), SEPARATORS)
def test_separators_are_read_from_the_interchange(element, terminator, between):
    segments = [segment.strip() for segment in STORE.strip().split(b"~") if segment.strip()]
    content = b"".join(s.replace(b"*", element) + terminator + between for s in segments)
    assert one_draft("x12", content) == one_draft("x12", STORE)


def test_padding_of_any_width_and_a_byte_order_mark_are_forgiven():
    padded = STORE.replace(b" " * 10, "\u00a0  ".encode() * 6)
    assert one_draft("x12", b"\xef\xbb\xbf" + padded) == one_draft("x12", STORE)


def test_a_terminator_left_out_at_the_end_of_a_line_is_forgiven():
    assert one_draft("x12", STORE.replace(b"CUR*BY*USD~", b"CUR*BY*USD")) == one_draft("x12", STORE)


def test_an_interchange_whose_component_separator_is_left_out_still_has_its_terminator():
    assert one_draft("x12", STORE.replace(b"*P*>~", b"*P*~")) == one_draft("x12", STORE)


def test_interchanges_are_counted_and_one_bad_order_does_not_hold_up_the_others():
    reading = read("x12", STORE + STORE.replace(b"PO1*2*1000", b"PO1*2*x") + document("x12/04-eu-release.x12"))
    assert [draft.external_id for draft in reading.drafts] == ["PO-3001", "BLANKET-77/0003"]
    (problem,) = reading.problems
    assert (problem.position, problem.external_id) == ("ISA 2, ST 1, PO1 2", "PO-3001")


@pytest.mark.parametrize(
    ("pairs", "sku"),
    [
        ("IN*i*UP*u*VN*v", "v"),
        ("IN*i*UP*u*SK*s", "s"),
        ("CB*c*VA*style*UP*u", "u"),
        ("VA*style*CB*c", "c"),
        ("QQ*q", "q"),
        ("VN**UP*u", "u"),
    ],
)
def test_the_preferred_product_id_is_the_sku(pairs, sku):
    content = STORE.replace(b"VN*SOCK-BLK-M", pairs.encode())
    assert one_draft("x12", content).lines[1].sku == sku


@pytest.mark.parametrize(
    ("place", "country", "held"),
    [(b"Calgary*AB*T2C4C7", "CA", False), (b"San Juan*PR*00928", "US", False), (b"Nowhere*ZZ*1", "US", True)],
)
def test_a_missing_country_is_told_by_the_state_else_assumed_and_held(place, country, held):
    draft = one_draft("x12", STORE.replace(b"Atlanta*GA*30303*US", place))
    assert (draft.ship_to.country_code, bool(draft.holds)) == (country, held)


def test_ship_to_parties_of_lines_are_accepted_only_where_they_are_the_same_place():
    same = b"N1*ST*Elsewhere~N3*400 Sample Street*Dock 3~N4*ATLANTA*GA*30303~CTT*3"
    assert one_draft("x12", STORE.replace(b"CTT*3", same)).ship_to.city == "Atlanta"
    assert one_draft("x12", STORE.replace(b"CTT*3", b"N1*ST**92*0012~CTT*3")).ship_to.city == "Atlanta"
    for other in (same.replace(b"400 Sample", b"500 Sample"), b"N1*ST**92*0013~CTT*3"):
        first, second = read("x12", STORE.replace(b"CTT*3", other)).drafts
        assert [line.external_line_id for line in first.lines] == ["1", "2"]
        assert [line.external_line_id for line in second.lines] == ["3"]
        assert first.total.minor + second.total.minor == 69650


def test_two_ship_to_parties_in_the_header_are_not_quietly_one():
    two = STORE.replace(b"N1*BT*", b"N1*ST*Other~N3*9 Demo Drive~N4*Austin*TX*78701~N1*BT*")
    assert one_problem("x12", two).reason == "UNSUPPORTED"


def test_a_ship_to_that_only_the_lines_name_goes_before_the_buyer():
    content = STORE.replace(b"N1*ST*Demo", b"N1*XX*Demo")
    content = content.replace(b"CTT*3", b"N1*ST*Line Store~N3*9 Demo Drive~N4*Austin*TX*78701~CTT*3")
    assert one_draft("x12", content).ship_to.name == "Line Store"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filler", [b"ISA*", b"\n", b" ", b"\n ", b"ST*850*~", b"A" * 4])
def test_a_megabyte_of_nonsense_is_answered_in_seconds(filler):
    nonsense = filler * (1_000_000 // len(filler))
    for content in (nonsense, STORE.replace(b"CTT*3", b"MSG*a" + nonsense + b"b~CTT*3"), STORE[:107] + nonsense):
        reading = read("x12", content)
        assert reading.drafts or reading.problems


def test_latin_1_is_read_where_it_is_not_utf_8():
    content = document("x12/04-eu-release.x12").decode().encode("latin-1")
    assert one_draft("x12", content).ship_to.city == "München"


@pytest.mark.parametrize(("content", "kind"), [(b"UNA:+.? 'UNB+", "EDIFACT"), (b"<Order/>", "XML"), (b"{}", "JSON")])
def test_what_is_no_x12_is_named(content, kind):
    assert kind in one_problem("x12", content).message
