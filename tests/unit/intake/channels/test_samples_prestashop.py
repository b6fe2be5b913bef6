"""PrestaShop documents that others made, read where they stand; skipped where they are not."""

import os
import re
from pathlib import Path

import pytest

from services.intake.domain.draft import PaymentState
from tests.unit.intake.channels.expected_prestashop import BESIDE, LINES, PROBLEMS, SHIP_TO, WHOLE
from tests.unit.intake.channels.reading_documents import assert_within_limits, one_draft, read

ROOT = Path(__file__).parents[4]
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open")) / "prestashop"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_an_answer_of_prestashop_by_itself_says_what_is_missing_and_where(name):
    reading = read("prestashop", (SAMPLES / name).read_bytes())
    assert reading.drafts == ()
    assert [(p.reason, p.position, p.external_id) for p in reading.problems] == PROBLEMS[name]


def test_an_order_alone_is_told_all_that_it_lacks():
    (problem,) = read("prestashop", (SAMPLES / f"{WHOLE}01_orders_5.xml").read_bytes()).problems
    assert "currencies/1, addresses/4 and its country" in problem.message


def test_the_answers_about_one_order_together_are_the_order_that_was_read_by_hand():
    answers = [path.read_text() for path in sorted(SAMPLES.iterdir()) if path.name.startswith(WHOLE)]
    inside = "".join(re.search(r"<prestashop[^>]*>(.*)</prestashop>", answer, re.DOTALL)[1] for answer in answers)
    whole = f'<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">{inside}{BESIDE}</prestashop>'
    draft = one_draft("prestashop", whole.encode())
    assert_within_limits(draft)
    assert (draft.external_id, draft.order_number, draft.customer_reference) == ("5", "KHWLILZLL", "1")
    assert draft.order_time.isoformat() == "2019-01-30T01:02:12+00:00"
    assert (str(draft.total), str(draft.shipping), str(draft.shipping_tax)) == ("71.51 EUR", "2.00 EUR", "0.00 EUR")
    assert [
        (x.external_line_id, x.sku, x.quantity, x.unit_price.minor, x.discount.minor, x.tax.minor) for x in draft.lines
    ] == LINES
    to = draft.ship_to
    assert (
        *(to.name, to.company, to.lines, to.city, to.administrative_area, to.postal_code, to.country_code, to.phone),
    ) == SHIP_TO
    assert draft.bill_to == to
    # State 10 waits for a bank transfer.
    assert draft.payment.state == PaymentState.PENDING
    assert [(t.kind, t.amount.minor) for t in draft.details.tenders] == [("BANK_TRANSFER", 7151)]
    assert draft.holds == ()


def test_the_table_names_every_sample_of_prestashop():
    assert {path.name for path in SAMPLES.iterdir()} == PROBLEMS.keys()
