"""ORDERS and ORDCHG, beside what the shared samples have."""

from datetime import UTC, datetime

import pytest

from services.intake.domain.draft import HoldType, ServiceLevel
from services.intake.domain.edits import AddLine, CancelOrder, SetQuantity
from tests.unit.intake.channels.reading_documents import assert_within_limits, document, one_draft, one_problem, read
from tests.unit.intake.channels.reading_edi import Order, told

UK = document("edifact/01-uk-order.edi")
EU = document("edifact/02-eu-decimal-comma.edi")
SPLIT = document("edifact/03-eu-split-delivery.edi")
CHANGE = UK.replace(b"ORDERS:", b"ORDCHG:").replace(b"BGM+220+PO-4001+9", b"BGM+230+CHG-7+4")
CHANGE = (
    CHANGE.replace(b"RFF+CT:FRAME-9", b"RFF+ON:PO-4001")
    .replace(b"LIN+1++", b"LIN+1+3+")
    .replace(b"LIN+2++", b"LIN+2+2+")
)


def test_an_order_is_read_field_by_field():
    draft = one_draft("edifact", UK)
    assert_within_limits(draft)
    assert told(draft) == Order(
        id="PO-4001",
        currency="GBP",
        total=69600,
        lines=(("1", "TEE-BLK-M", 24, 1150, 0, 0), ("2", "HOOD-GRY-L", 12, 3500, 0, 0)),
        ship_to=(
            *("Demo Stores Leeds", "11 Sample Street", "Leeds", "LS1 1UR", "GB"),
            *("01130000000", "leeds@example.com"),
        ),
        customer="5099999000005",
        ordered="2026-01-05",
        details={
            "earliest_time": "2026-01-12 00:00",
            "due_time": "2026-01-16 23:59",
            "payment_terms": "NET30",
            "tags": ("CT:FRAME-9",),
        },
    )
    assert (draft.note, draft.lines[0].title) == ("Deliver to dock 3.", "T-shirt, black, M")
    assert draft.lines[0].details.barcode == "5099999100019"


def test_decimal_commas_prices_per_hundred_percentages_and_freight_add_up():
    draft = one_draft("edifact", EU)
    # 1000 at 125,00 a hundred; 10 at 29,00 less 10 %; less 2,5 % of 1511,00; freight 12,90.
    assert [(line.unit_price.minor, line.discount.minor) for line in draft.lines] == [(125, 0), (2900, 2900)]
    assert (draft.details.charges[0].amount.minor, draft.shipping.minor, draft.total.minor) == (3778, 1290, 148612)
    assert draft.lines[1].details.discounts[0].title == "Aktion 10 + 1"
    assert (draft.ship_to.company, draft.ship_to.lines) == ("Lager Süd", ("Tor 4", "Musterweg 22"))


def test_latin_1_is_read_where_it_is_not_utf_8():
    assert one_draft("edifact", EU.decode().encode("latin-1")) == one_draft("edifact", EU)


def test_locations_of_lines_have_an_order_each_and_their_money_adds_up():
    first, second = read("edifact", SPLIT).drafts
    assert [draft.external_id for draft in (first, second)] == ["PO-4003/8799999000107", "PO-4003/8799999000206"]
    assert [[line.quantity for line in draft.lines] for draft in (first, second)] == [[33], [67, 10]]
    assert first.lines[0].discount.minor + second.lines[0].discount.minor == 10001
    assert first.total.minor + second.total.minor == 100 * 2900 - 10001 + 11500
    assert (first.details.group_id, first.details.location_code) == ("PO-4003", "8799999000107")
    (hold,) = first.holds
    assert (hold.handle, hold.type, first.ship_to.country_code) == ("address", HoldType.INCORRECT_ADDRESS, "NL")
    assert "location number 8799999000107 " in hold.note


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"UNT+27", b"UNT+26"),
        (b"CNT+2:2", b"CNT+2:3"),
        (b"UNZ+1+201'", b""),
        (b"UNZ+1+201", b"UNZ+2+201"),
        (b"UNT+27+1'\nUNZ+1+201'", b""),
    ],
)
def test_a_count_that_is_wrong_or_a_trailer_that_is_missing_holds_the_order(old, new):
    assert old in UK
    draft = one_draft("edifact", UK.replace(old, new))
    assert [hold.handle for hold in draft.holds] == ["truncated"]
    assert draft.lines == one_draft("edifact", UK).lines


@pytest.mark.parametrize(
    ("old", "new", "reason", "position"),
    [
        (b"+PO-4001+9", b"+PO-4001+46", "UNSUPPORTED", "UNB 1, UNH 1, BGM 1"),
        (b"BGM+220", b"BGM+221", "UNSUPPORTED", "UNB 1, UNH 1, BGM 1"),
        (b"+PO-4001+9", b"++9", "MISSING_FIELD", "UNB 1, UNH 1, BGM 1"),
        (b"QTY+21:12:PCE", b"QTY+21:1.5:KGM", "BAD_VALUE", "UNB 1, UNH 1, QTY 2"),
        (b"QTY+21:12:PCE'", b"", "MISSING_FIELD", "UNB 1, UNH 1, LIN 2"),
        (b"PRI+AAA:35.00", b"PRI+AAA:1.234,5", "BAD_VALUE", "UNB 1, UNH 1, PRI 2"),
        (b"HOOD-GRY-L:SA", b"", "MISSING_FIELD", "UNB 1, UNH 1, LIN 2"),
        (b"CUX+2:GBP", b"CUX+2:POUND", "BAD_VALUE", "UNB 1, UNH 1, CUX 1"),
        (b"LS1 1UR+GB", b"LS1 1UR+QQ", "UNKNOWN_COUNTRY", "UNB 1, UNH 1, NAD 2"),
        (b"ORDERS:", b"INVOIC:", "NOT_AN_ORDER", "UNB 1, UNH 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old, new, reason, position):
    assert old in UK
    problem = one_problem("edifact", UK.replace(old, new))
    assert (problem.reason, problem.position) == (reason, position)


def test_taxes_and_stated_amounts_of_lines_are_kept():
    taxed = UK.replace(b"PRI+AAA:35.00'", b"MOA+203:400.00'PRI+AAB:35.00'TAX+7+VAT+++:::20+S'MOA+124:80.01'")
    line = one_draft("edifact", taxed).lines[1]
    assert (line.unit_price.minor, line.discount.minor, line.tax.minor) == (3500, 2000, 8001)
    assert (line.details.taxes[0].title, line.details.taxes[0].rate) == ("VAT", "0.2")
    by_rate = one_draft("edifact", taxed.replace(b"MOA+124:80.01'", b"").replace(b"MOA+86:696.00'", b""))
    assert (by_rate.lines[1].tax.minor, by_rate.total.minor) == (8000, 27600 + 40000 + 8000)


def test_a_rush_order_is_expedited_and_a_period_has_two_ends():
    content = UK.replace(b"BGM+220", b"BGM+224").replace(b"DTM+64:20260112:102'", b"")
    draft = one_draft("edifact", content.replace(b"DTM+63:20260116:102", b"DTM+2:2026011220260116:718"))
    assert draft.service_level == ServiceLevel.EXPEDITED
    assert draft.details.earliest_time == datetime(2026, 1, 12, tzinfo=UTC)
    assert draft.details.due_time == datetime(2026, 1, 16, 23, 59, 59, tzinfo=UTC)


def test_a_change_sets_quantities_deletes_and_adds_lines():
    content = CHANGE.replace(b"UNS+S", b"LIN+3+1+CHINO-NVY-M:SA'QTY+21:6'PRI+AAA:29'UNS+S").replace(
        b"UNT+27", b"UNT+30"
    )
    (change,) = read("edifact", content.replace(b"CNT+2:2'", b"").replace(b"UNT+30", b"UNT+29")).changes
    assert (change.external_id, change.change_id) == ("PO-4001", "CHG-7/20260105/201/1")
    assert change.edits[:2] == (SetQuantity(line_id="1", quantity=24), SetQuantity(line_id="2", quantity=0))
    added = change.edits[2]
    assert isinstance(added, AddLine)
    assert (added.line.external_line_id, added.line.sku, added.line.unit_price.minor) == ("3", "CHINO-NVY-M", 2900)


@pytest.mark.parametrize(
    "content", [CHANGE.replace(b"+CHG-7+4", b"+CHG-7+1"), UK.replace(b"+PO-4001+9", b"+PO-4001+1")]
)
def test_a_cancellation_cancels_the_order(content):
    (change,) = read("edifact", content).changes
    assert (change.external_id, change.edits) == ("PO-4001", (CancelOrder(),))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"QTY+21:24:PCE'", b"", "UNSUPPORTED"),
        (b"LIN+1+3", b"LIN+1+27", "UNSUPPORTED"),
        (b"UNT+27", b"UNT+99", "BAD_VALUE"),
    ],
)
def test_a_change_that_cannot_be_made_whole_is_a_problem(old, new, reason):
    content = CHANGE.replace(b"UNT+27", b"UNT+26") if reason == "UNSUPPORTED" and not new else CHANGE
    problem = one_problem("edifact", content.replace(old, new))
    assert (problem.reason, problem.external_id) == (reason, "PO-4001")
    assert read("edifact", content.replace(old, new)).changes == ()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("filler", [b"UNA:+.? '", b"UNB+", b"\n", b" ", b"?", b"'", b"UNH+1+ORDERS:'", b"A"])
def test_nonsense_of_any_length_is_answered_in_seconds(filler):
    nonsense = filler * (300_000 // len(filler))
    for content in (nonsense, UK.replace(b"Deliver", nonsense), UK[:60] + nonsense):
        reading = read("edifact", content)
        assert reading.drafts or reading.changes or reading.problems
