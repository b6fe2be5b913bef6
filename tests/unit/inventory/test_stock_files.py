"""Stock figures from CSV, and that no file whatever makes a reader raise."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.inventory.files import Count, ExpectedSupply, Kind, Reason, Refusal, SupplyType, read
from services.kernel.quantity import MAXIMUM
from tests.unit.inventory.reading_stock import DOCUMENTS, brief, counted, document, figures, one_refusal

COUNTS = document("counts.csv")
QUIET = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_counts_are_read_field_by_field_whatever_the_columns_are_called_and_wherever_they_stand():
    first, west, lot, other_lot, none = counted(COUNTS)
    assert first == Count(
        sku="TEE-BLK-M",
        node_id="dc-east",
        on_hand=120,
        count_time=datetime(2026, 3, 2, 5, tzinfo=UTC),
        position="row 2",
    )
    assert (west.on_hand, west.count_time) == (15, datetime(2026, 3, 2, tzinfo=UTC))
    assert (lot.lot_id, lot.expire_date, lot.position) == ("L-0815", date(2026, 9, 30), "row 4")
    assert (other_lot.lot_id, other_lot.position) == ("L-0816", "row 5")
    assert (none.on_hand, none.unsellable, none.position) == (0, None, "row 7")


def test_a_file_with_an_eta_is_read_as_expected_supplies():
    _, supplies, refusals = figures(document("supplies.csv"))
    assert refusals == []
    assert supplies[0] == ExpectedSupply(
        sku="TEE-BLK-M",
        node_id="dc-east",
        quantity=500,
        eta=datetime(2026, 3, 10, tzinfo=UTC),
        type=SupplyType.PURCHASE_ORDER,
        reference="PO-71",
        position="row 2",
    )
    assert [one.type for one in supplies[1:]] == ["IN_TRANSIT", "TRANSFER", "RETURN_EXPECTED"]
    assert supplies[1].eta == datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_separators_line_ends_and_encodings_are_told_from_the_file(delimiter, end, encoding):
    rows = [["SKU", "Location", "Stock"], ["Müsli", "dc", "3"], ["TEE", "dc", "4"]]
    content = end.join(delimiter.join(row) for row in rows).encode(encoding)
    assert brief(counted(content)) == [("Müsli", "dc", 3), ("TEE", "dc", 4)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_it_does_not_matter_in_which_pieces_a_file_arrives(size, tmp_path):
    content = COUNTS.replace(b"\n", b"\r\n")
    path = tmp_path / "counts.csv"
    path.write_bytes(content)
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    whole = counted(content)
    assert counted(pieces) == counted(iter(pieces)) == counted(path) == counted(BytesIO(content)) == whole
    assert len(whole) == 5


def test_the_callers_node_is_the_node_of_rows_that_name_none():
    assert brief(counted(b"sku,qty\nA,1\n", default_node="store-7")) == [("A", "store-7", 1)]
    assert brief(counted(b"sku,node,qty\nA,,1\nB,dc,2\n", default_node="store-7")) == [
        ("A", "store-7", 1),
        ("B", "dc", 2),
    ]
    assert one_refusal(b"sku,node,qty\nA,,1\n").reason == Reason.MISSING_FIELD
    refusal = one_refusal(b"sku,qty\nA,1\n")
    assert (refusal.reason, refusal.position) == (Reason.NO_HEADER, "row 1")
    assert "node_id" in refusal.message


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("7", 7), ("1200.0", 1200), ("1200.00", 1200), (" 5 ", 5), (str(MAXIMUM), MAXIMUM)]
)
def test_whole_numbers_are_quantities(text, number):
    assert counted(f"sku|node|qty\nA|dc|{text}\n".encode())[0].on_hand == number


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,200", "thousands"),
        ("1.200", "thousands"),
        ("1.000", "thousands"),
        ("1'200", "thousands"),
        ("-3", "never less than nothing"),
        ("(3)", "never less than nothing"),
        ("+3", "a change"),
        ("1.2E+03", "shortened"),
        ("2.5", "whole number"),
        ("٣", "whole number"),
        ("many", "whole number"),
        ("1_000", "whole number"),
        ("", "write 0"),
        (str(MAXIMUM + 1), "between 0 and"),
    ],
)
def test_what_is_no_certain_quantity_is_refused_with_a_hint_and_reading_goes_on(text, hint):
    counts, _, (refusal,) = figures(f"sku|node|qty\nA|dc|{text}\nB|dc|2\n".encode())
    assert brief(counts) == [("B", "dc", 2)]
    assert refusal.position == "row 2"
    assert hint in refusal.message


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b",dc,1,,", Reason.MISSING_FIELD),
        (b"A,dc,1", Reason.BROKEN_ROW),
        (b"A,dc,1,,,9", Reason.BROKEN_ROW),
        (b'"A"x,dc,1,,', Reason.BROKEN_ROW),
        (b'"A,dc,1,,', Reason.BROKEN_ROW),
        (b"A" * 101 + b",dc,1,,", Reason.BAD_VALUE),
        (b"A\x00,dc,1,,", Reason.BAD_VALUE),
        ("A\u200b,dc,1,,".encode(), Reason.BAD_VALUE),
        (b"4.00638E+12,dc,1,,", Reason.BAD_VALUE),
        (b"A,dc,1,2,", Reason.CONTRADICTION),
        (b"A,dc,1,,03/04/2026", Reason.BAD_VALUE),
        (b"A" * 70_000, Reason.BROKEN_ROW),
    ],
)
def test_a_bad_row_costs_itself_and_no_other(row, reason):
    content = b"sku,node,qty,damaged,as_of\nX,dc,1,1,\n" + row + b"\nY,dc,2,,\n"
    counts, _, (refusal,) = figures(content)
    assert brief(counts) == [("X", "dc", 1), ("Y", "dc", 2)]
    assert (refusal.reason, refusal.position) == (reason, "row 3")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"A,dc,5,,", Reason.MISSING_FIELD),
        (b"A,dc,0,2026-01-01,", Reason.BAD_VALUE),
        (b"A,dc,5,soon,", Reason.BAD_VALUE),
        (b"A,dc,5,0001-01-01T00:00:00+10:00,", Reason.BAD_VALUE),
        (b"A,dc,5,2026-01-01,MAGIC", Reason.BAD_VALUE),
    ],
)
def test_a_supply_says_how_much_and_when(row, reason):
    assert one_refusal(b"sku,node,qty,eta,type\n" + row + b"\n").reason == reason


def test_a_doubled_row_is_refused_with_both_places_and_another_lot_is_no_double():
    counts, _, (refusal,) = figures(b"sku,node,qty,lot\nA,dc,1,\nA,dc,2,L1\nA,dc2,3,\nA,dc,4,\n")
    assert len(counts) == 3
    assert (refusal.reason, refusal.position) == (Reason.DUPLICATE, "row 5")
    assert "row 2" in refusal.message
    twice = document("supplies.csv") + b"TEE-BLK-M,dc-east,500,2026-03-10,,PO-71\n"
    assert "row 2" in one_refusal(twice).message


def test_blank_rows_trailing_separators_and_a_spreadsheets_remark_are_forgiven():
    content = b"\n  \nsep=;\nsku;node;qty;\n\nA;dc;1;;;\n;;;\n"
    (count,) = counted(content)
    assert count.position == "row 6"


def test_of_two_columns_that_could_be_the_sku_the_surer_name_counts_and_the_same_name_twice_is_refused():
    assert counted(b"product,sku,node,qty\nT-shirt,A,dc,1\n")[0].sku == "A"
    assert "Two columns" in one_refusal(b"sku,node,qty,qty\nA,dc,1,2\n").message


@pytest.mark.parametrize(
    ("content", "hint"),
    [(b"", "empty"), (b"PK\x03\x04", "workbook"), (b"ISA*00*", "X12"), (b"hello\nworld\n", "must name the columns")],
)
def test_what_is_no_csv_is_one_refusal(content, hint):
    refusal = one_refusal(content)
    assert (refusal.reason, refusal.position) == (Reason.NO_HEADER, "row 1")
    assert hint in refusal.message


def test_reading_is_lazy_and_memory_does_not_grow_with_the_rows():
    def content(rows: int) -> Iterator[bytes]:
        yield b"sku,node,qty\n"
        yield from (b"SKU-%d,dc,1\n" % number for number in range(rows))

    endless = read((b"sku,node,qty\nA,dc,1\n" if first else b"x" for first in [True, *[False] * 10**6]), Kind.CSV)
    assert isinstance(next(endless), Count)
    tracemalloc.start()
    assert sum(isinstance(one, Count) for one in read(content(50_000), Kind.CSV)) == 50_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000 * 100


def test_a_hundred_thousand_rows_are_never_taken_for_each_other():
    rows = b"".join(b"SKU-%d,dc,1\n" % number for number in range(100_000))
    assert len(counted(b"sku,node,qty\n" + rows)) == 100_000


CONTENTS = [(path, path.read_bytes()) for path in sorted(DOCUMENTS.iterdir())]


def check(content: bytes, kind: Kind) -> None:
    for one in read(content, kind, default_node="dc"):
        assert one.position
        if isinstance(one, Refusal):
            assert one.message
            assert "\x00" not in one.message
        else:
            assert 1 <= len(one.sku) <= 100
            assert 1 <= len(one.node_id) <= 64
            assert (one.sku + one.node_id).isprintable()
            assert 0 <= (one.on_hand if isinstance(one, Count) else one.quantity) <= 2 * MAXIMUM


@QUIET
@given(st.sampled_from(Kind), st.binary(max_size=400))
def test_random_bytes_never_raise(kind, content):
    check(content, kind)
    check(b"sku,node,qty\n" + content, kind)


@QUIET
@given(st.data())
def test_files_that_are_cut_doubled_or_overwritten_never_raise(data):
    path, content = data.draw(st.sampled_from(CONTENTS))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 200)))
        piece = data.draw(st.one_of(st.just(b""), st.just(content[start:end] * 2), st.binary(max_size=6)))
        content = content[:start] + piece + (content[end:] if data.draw(st.integers(0, 3)) else b"")
    check(content, Kind.X12_846 if path.suffix == ".x12" else Kind.CSV)


@pytest.mark.parametrize("value", ["", "x" * 500, "a\x00b", "-1", "1e999", "0.5", "ZZ", "17", "99999999", '"'])
def test_every_single_element_of_our_files_may_be_anything(value):
    for path, content in CONTENTS:
        lines = content.decode().splitlines()
        kind, separator = (Kind.X12_846, "*") if path.suffix == ".x12" else (Kind.CSV, max(",;", key=lines[0].count))
        for index in range(1, len(lines)):
            elements = lines[index].split(separator)
            for number in range(len(elements)):
                other = separator.join([*elements[:number], value, *elements[number + 1 :]])
                check("\n".join([*lines[:index], other, *lines[index + 1 :]]).encode(), kind)
