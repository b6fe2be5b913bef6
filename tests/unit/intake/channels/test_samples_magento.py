"""Magento documents that others made, read where they stand; skipped where they are not."""

import os
from pathlib import Path

import pytest

from tests.unit.intake.channels.expected_magento import ORDERS, PROBLEMS
from tests.unit.intake.channels.reading_documents import assert_within_limits, one_draft, read

ROOT = Path(__file__).parents[4]
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open")) / "magento2"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("name", sorted(ORDERS))
def test_a_sample_of_magento_is_the_order_that_was_read_by_hand(name):
    draft = one_draft("magento", (SAMPLES / name).read_bytes())
    assert_within_limits(draft)
    to = draft.ship_to
    place = (to.name, *to.lines, to.city, to.administrative_area, to.postal_code, to.country_code, to.phone, to.email)
    assert ORDERS[name] == {
        "external_id": draft.external_id,
        "order_number": draft.order_number,
        "order_time": draft.order_time.isoformat(),
        "customer": draft.customer_reference,
        "currency": draft.currency_code,
        "total": draft.total.minor,
        "shipping": (draft.shipping.minor, draft.shipping_tax.minor),
        "lines": [
            (x.external_line_id, x.sku, x.quantity, x.unit_price.minor, x.discount.minor, x.tax.minor)
            for x in draft.lines
        ],
        "ship_to": "|".join(place),
        "payment": draft.payment.state,
        "tier": draft.details.customer_tier,
        "discounts": [(d.code, d.amount.minor) for d in draft.details.discounts],
        "tenders": [(t.kind, t.amount.minor) for t in draft.details.tenders],
        "line_taxes": [[(t.title, t.amount.minor, t.rate) for t in x.details.taxes] for x in draft.lines],
    }
    assert draft.bill_to == draft.ship_to
    assert draft.holds == ()
    parts = sum(x.total.minor for x in draft.lines) + draft.shipping.minor + draft.shipping_tax.minor
    assert parts == draft.total.minor


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_a_sample_of_magento_that_is_no_order_to_ship_says_why_and_where(name):
    reading = read("magento", (SAMPLES / name).read_bytes())
    assert reading.drafts == ()
    assert [(p.reason, p.position, p.external_id) for p in reading.problems] == PROBLEMS[name]


def test_the_tables_name_every_sample_of_magento():
    assert {path.name for path in SAMPLES.iterdir()} == ORDERS.keys() | PROBLEMS.keys()
