"""Mirakl documents that others made, read where they stand; skipped where they are not."""

import json
import os
from pathlib import Path

import pytest

from services.intake.domain.draft import PaymentState
from tests.unit.intake.channels.expected_mirakl import PROBLEMS
from tests.unit.intake.channels.reading_documents import assert_within_limits, one_draft, one_problem, read

ROOT = Path(__file__).parents[4]
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open")) / "mirakl"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_a_sample_of_mirakl_that_is_no_order_to_ship_says_why_and_where(name):
    reading = read("mirakl", (SAMPLES / name).read_bytes())
    assert reading.drafts == ()
    assert [(p.reason, p.position, p.external_id) for p in reading.problems] == PROBLEMS[name]


def test_the_first_sample_while_it_was_to_be_shipped_is_the_order_that_was_read_by_hand():
    document = json.loads((SAMPLES / "official_OR11.json").read_bytes())
    order = document["orders"][0]
    order["order_state"] = order["order_lines"][0]["order_line_state"] = "SHIPPING"
    draft = one_draft("mirakl", document)
    assert_within_limits(draft)
    assert (draft.external_id, draft.order_number) == ("Order_00010-A", "Order_00010")
    assert (draft.customer_reference, draft.email) == ("Customer_id_001", "customer@mail.com")
    (line,) = draft.lines
    assert (line.external_line_id, line.sku, line.quantity) == ("Order_00010-A-1", "S2000", 3)
    # The cancellation and the refund are of money only: 0 units.
    assert (line.unit_price.minor, line.discount.minor, line.tax.minor) == (5500, 0, 2000)
    assert [(t.title, t.amount.minor, t.rate) for t in line.details.taxes] == [
        ("tax1", 1000, "0.175"),
        ("tax2", 1000, ""),
    ]
    assert line.details.channel_sku == "MKP100000000037254"
    assert (draft.shipping.minor, draft.shipping_tax.minor) == (800, 2000)
    # 165 + 8 + 0.65 that the customer funds, and 40 of taxes.
    assert str(draft.total) == "213.65 USD"
    to = draft.ship_to
    assert (to.name, to.company, to.lines) == (
        "Smith Taylor",
        "LIMARK Company Paris branch",
        ("113 MacDougal Street", "1st floor"),
    )
    assert (to.city, to.administrative_area, to.postal_code, to.country_code) == (
        "New York",
        "Manhattan",
        "NY 10012",
        "US",
    )
    assert draft.bill_to.city == "New York City"
    assert (draft.payment.state, draft.payment.reference) == (PaymentState.MARKETPLACE_HELD, "TR_MIR-PHHV83UB")
    assert draft.holds == ()
    details = draft.details
    assert (details.group_id, details.program, details.locale, details.brand) == (
        *("Order_00010", "US", "en-US", "ACME SHOP"),
    )
    assert details.ship_by_time.isoformat() == "2019-09-01T23:59:59.999000+00:00"
    assert details.due_time.isoformat() == "2019-09-03T08:07:22.326000+00:00"
    assert (details.location_code, details.pickup_location, details.payment_terms) == ("C1039", "", "NET10")
    assert [(c.kind, c.title, c.amount.minor) for c in details.charges] == [("FEE", "fee1", 65)]


def test_the_second_sample_has_no_currency_even_while_it_was_to_be_shipped():
    order = json.loads((SAMPLES / "official_OR12.json").read_bytes()) | {"order_state": "SHIPPING"}
    problem = one_problem("mirakl", order)
    assert (problem.reason, problem.position) == ("MISSING_FIELD", "$.currency_iso_code")


def test_the_table_names_every_sample_of_mirakl():
    assert {path.name for path in SAMPLES.iterdir()} == PROBLEMS.keys()
