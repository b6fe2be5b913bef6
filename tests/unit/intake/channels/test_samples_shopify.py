"""Documents of this format that others made, each checked field by field; skipped where they are not."""

import pytest

from tests.unit.intake.channels.expected_shopify import EXPECTED
from tests.unit.intake.channels.reading_documents import assert_within_limits, read
from tests.unit.intake.channels.test_shared_samples import SAMPLES

FOLDER = SAMPLES / "shopify"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_sample_becomes_exactly_the_orders_and_problems_that_were_read_in_it(name):
    reading = read("shopify", (FOLDER / name).read_bytes())
    orders, problems = EXPECTED[name]
    assert reading.drafts == orders
    assert tuple((found.reason, found.position, found.external_id) for found in reading.problems) == problems
    assert reading.changes == ()
    for draft in reading.drafts:
        assert_within_limits(draft)


def test_every_sample_has_its_expectation():
    assert {path.name for path in FOLDER.iterdir()} == EXPECTED.keys()
