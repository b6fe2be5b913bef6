"""Tables of orders: CSV and XLSX, whole and cut."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from services.intake.channels import table_splitting
from services.intake.channels.table_columns import template
from services.intake.domain.draft import PaymentState, ServiceLevel
from services.kernel.money import Money
from tests.unit.intake.channels.reading_documents import assert_within_limits, document, one_draft, one_problem, read

HEADER = "order_id,currency,ship_country,ship_line1,ship_city,ship_postal_code,sku,quantity,unit_price,total\n"
ADDRESS = "USD,US,1 Main St,Troy,12180"


def row(order_id, *, sku="TEE", quantity="1", price="10.00", total="", head=ADDRESS):
    return f"{order_id},{head},{sku},{quantity},{price},{total}\n"


def csv_of(*rows):
    return (HEADER + "".join(rows)).encode()


def workbook(*rows, formats=()):
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    for place, shown in formats:
        book.active[place].number_format = shown
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def usd(amount):
    return Money.of(amount, "USD")


def test_rows_that_stand_together_are_one_order_and_what_is_said_once_holds_for_all():
    first, second = read("csv", document("csv/01-us-two-orders.csv")).drafts
    assert (first.external_id, second.external_id) == ("W-7001", "W-7002")
    assert first.order_time == dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)
    assert (first.ship_to.name, first.ship_to.postal_code, first.email) == ("Ann Example", "02108", "ann@example.com")
    assert [(line.external_line_id, line.sku, line.quantity) for line in first.lines] == [
        ("1", "TEE-BLK-M", 2),
        ("2", "007-MUG", 1),
    ]
    assert first.lines[1].title == "Mug\n(blue)"
    assert (first.lines[0].discount, first.lines[0].tax) == (usd("4.00"), usd("2.25"))
    assert (first.shipping, first.total, first.payment.state) == (usd("5.00"), usd("66.95"), PaymentState.CAPTURED)
    assert first.details.tags == ("wholesale", "spring")
    assert (first.holds, second.holds) == ((), ())
    assert second.payment.state == PaymentState.PENDING
    for draft in (first, second):
        assert_within_limits(draft)


def test_behind_semicolons_decimals_have_commas_and_the_unit_price_may_be_finer_than_a_cent():
    draft = one_draft("csv", document("csv/02-eu-semicolons.csv"))
    assert (draft.external_id, draft.ship_to.name, draft.ship_to.country_code) == ("DE-1", "Jürgen Groß", "DE")
    (line,) = draft.lines
    assert (line.quantity, line.prices_include_tax, line.tax) == (1000, True, Money(19710, "EUR"))
    assert (line.total, draft.total) == (Money(123450, "EUR"), Money(123450, "EUR"))
    assert draft.payment.state == PaymentState.ON_TERMS


def test_a_shop_export_becomes_its_open_orders_with_discount_and_tax_shared_to_the_cent():
    reading = read("csv", document("csv/03-shop-export.csv"))
    (draft,) = reading.drafts
    assert (draft.external_id, draft.order_number, draft.service_level) == ("5001", "#1001", ServiceLevel.EXPEDITED)
    (line,) = draft.lines
    (wrap,) = draft.details.charges
    assert (line.discount, line.tax) == (usd("2.00"), usd("1.80"))
    assert (wrap.amount, wrap.tax) == (usd("9.00"), usd("0.90"))
    assert (draft.ship_to.postal_code, draft.ship_to.phone, draft.note) == ("12180", "+15550100", "Ring twice")
    assert (draft.total, draft.holds, draft.details.discounts[0].code) == (usd("34.70"), (), "SPRING")
    (problem,) = reading.problems
    assert (problem.reason, problem.external_id) == ("NOT_OPEN", "5002")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_make_no_difference(encoding, separator):
    text = (HEADER + row("1", sku="TÉE-Ü")).replace(",", separator)
    assert one_draft("csv", text.encode(encoding)).lines[0].sku == "TÉE-Ü"


@pytest.mark.parametrize(
    ("rows", "reason", "position"),
    [
        ([row("1", quantity="1.5")], "BAD_VALUE", "row 2, column quantity"),
        ([row("1", quantity="=1+1")], "BAD_VALUE", "row 2, column quantity"),
        ([row("1", price="-1")], "BAD_VALUE", "row 2, column unit_price"),
        ([row("1", price="")], "MISSING_FIELD", "row 2, column unit_price"),
        ([row("1"), row("1", sku="")], "MISSING_FIELD", "row 3, column sku"),
        ([row("1"), row("")], "MISSING_FIELD", "row 3, column order_id"),
        ([row("1", total="5"), row("1", total="6")], "BAD_VALUE", "row 3, column total"),
        ([row("1", head="USD,Atlantis,,,")], "UNKNOWN_COUNTRY", "row 2, column ship_country"),
        ([row("1", head=",US,,,")], "MISSING_FIELD", "row 2, column currency"),
        ([row("1", head="USD,US,1 Main St,Troy, NY,12180")], "BAD_VALUE", "row 2"),
        ([row("1", head='USD,US,"1 Main St,Troy,12180')], "BAD_VALUE", "row 2"),
    ],
)
def test_every_problem_names_its_row_and_column(rows, reason, position):
    problem = one_problem("csv", csv_of(*rows))
    assert (problem.reason, problem.position) == (reason, position)


def test_an_order_whose_rows_stand_apart_is_not_taken_and_both_rows_are_named():
    reading = read("csv", csv_of(row("1"), row("2"), row("1", sku="MUG")))
    assert [draft.external_id for draft in reading.drafts] == ["2"]
    assert {(problem.external_id, problem.position) for problem in reading.problems} == {("1", "rows 2 and 4")}


def test_formulas_stay_text_and_an_order_that_does_not_add_up_is_held():
    draft = one_draft("csv", csv_of(row("=1+1", sku="+49 @SUM(A1)", total="99.00")))
    assert (draft.external_id, draft.lines[0].sku, draft.total) == ("=1+1", "+49 @SUM(A1)", usd("99.00"))
    assert [hold.handle for hold in draft.holds] == ["total"]


@pytest.mark.parametrize(
    ("price", "paid"), [("1,234.50", "1234.50"), ("12,50", "12.50"), ("$ 9.99", "9.99"), ("1e2", "100.00")]
)
def test_numbers_are_read_as_people_write_them(price, paid):
    assert one_draft("csv", csv_of(row("1", price=f'"{price}"'))).total == usd(paid)
    ambiguous = (HEADER + row("1", price="1.234")).replace(",", ";").encode()
    assert one_problem("csv", ambiguous).position == "row 2, column unit_price"


def test_cells_of_a_workbook_are_what_the_sheet_shows():
    names = ["order_id", "currency", "ship_country", "ship_postal_code", "order_time", "sku", "quantity", "unit_price"]
    content = workbook(
        ["A list of orders"],
        names,
        [12345678901234, "USD", "US", 2108, dt.datetime(2026, 1, 5, 9, 30), "007", 2, 0.1 + 0.2],  # noqa: DTZ001 - a sheet has none
        [12345678901234, None, None, None, None, "=1+1", 1.0, 19.99],
        formats=[("D3", "00000")],
    )
    draft = one_draft("xlsx", content)
    assert (draft.external_id, draft.ship_to.postal_code) == ("12345678901234", "02108")
    assert [(line.sku, line.quantity, line.unit_price) for line in draft.lines] == [
        ("007", 2, usd("0.30")),
        ("=1+1", 1, usd("19.99")),
    ]
    assert draft.order_time == dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)
    ((place, part),) = table_splitting.split_xlsx(io.BytesIO(content))
    assert place == 3
    assert one_draft("csv", part) == draft


def test_a_workbook_that_is_a_bomb_or_lies_about_its_rows_is_refused_in_no_time():
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as file,
    ):
        for _ in range(70):
            file.write(b" " * 1_000_000)
    assert one_problem("xlsx", bomb.getvalue()).reason == "UNSUPPORTED"
    plain = workbook(["order_id", "sku"], ["1", "A"])
    lying = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(lying, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(b'r="2"', b'r="999999999"').replace(b'"A2"', b'"A999999999"'))
    assert read("xlsx", lying.getvalue()).problems
    assert one_problem("xlsx", plain[: len(plain) // 2]).reason == "NOT_AN_ORDER"


def test_what_is_cut_reads_as_the_whole_does_and_rows_keep_their_numbers():
    content = document("csv/01-us-two-orders.csv") + b"W-7003,,USD,,,,,,,,,,,,1,X,Y,no,1,,\n"
    whole = read("csv", content)
    cut = list(table_splitting.split_csv(io.BytesIO(content)))
    assert [place for place, _ in cut] == [2, 5, 6]
    parts = [read("csv", part) for _, part in cut]
    assert tuple(draft for part in parts for draft in part.drafts) == whole.drafts
    assert tuple(problem for part in parts for problem in part.problems) == whole.problems
    assert list(table_splitting.split_csv(io.BytesIO(content), after=2)) == cut[1:]


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 9, b"a,b\n1,2\n", HEADER.encode(), b'order_id,sku\n"', b"PK\x03\x04"]
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_no_table_of_orders_is_a_problem_whole_and_cut(content, form):
    assert read(form, content).problems
    split = table_splitting.split_csv if form == "csv" else table_splitting.split_xlsx
    assert all(read("csv", part).problems for _, part in split(io.BytesIO(content)))


def test_the_template_is_an_order_that_adds_up():
    draft = one_draft("csv", template().encode())
    assert (len(draft.lines), draft.holds) == (2, ())
