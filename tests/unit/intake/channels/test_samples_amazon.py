"""The shared amazon samples, field by field, read where they stand; skipped where they are not."""

import json
import os
from pathlib import Path

import pytest

from services.intake.channels import amazon
from tests.unit.intake.channels.expected_amazon import EXPECTED
from tests.unit.intake.channels.reading_documents import assert_within_limits
from tests.unit.intake.channels.reading_marketplaces import Order, told

ROOT = Path(__file__).parents[4]
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open")) / "amazon"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_shared_sample_becomes_exactly_what_its_reader_sees_in_it(name):
    reading = amazon.read((SAMPLES / name).read_bytes(), "a-channel")
    assert told(reading, EXPECTED[name]) == EXPECTED[name]
    assert reading.changes == ()
    for draft in reading.drafts:
        assert_within_limits(draft)


def test_every_file_in_the_folder_has_an_expectation():
    assert {path.name for path in SAMPLES.iterdir()} == EXPECTED.keys()


def test_the_samples_of_one_order_put_together_are_that_order():
    parts = {"order": "getOrder", "items": "getOrderItems", "address": "getOrderAddress", "buyer": "getOrderBuyerInfo"}
    composite = {key: json.loads((SAMPLES / f"spv0_{name}_200_1.json").read_text()) for key, name in parts.items()}
    expected = Order(
        external_id="902-1845936-5435065",
        number="902-1845936-5435065",
        currency="USD",
        total=1101,
        lines=(("05015851154158", "NABetaASINB00551Q3CS", 1, 1000, 0, 101),),
        ship_to=("MFNIntegrationTestMerchant", "2201 WESTLAKE AVE", "SEATTLE", "WA", "98121-2778", "US"),
        holds=(("CUSTOMER_REQUEST", "05015851154158"),),
        details={
            "order_time": None,
            "ship_by_time": None,
            "email": "fzyrv6gwkhbb15c@example.com",
            "tags": ("payment:Other", "implausible-dates"),
        },
    )
    assert told(amazon.read(json.dumps(composite).encode(), "a-channel"), [expected]) == [expected]
