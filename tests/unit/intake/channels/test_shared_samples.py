"""Documents that others made, read where they stand; skipped where they are not."""

import os
from pathlib import Path

import pytest

from services.intake.channels import FORMATS
from tests.unit.intake.channels.expected_samples import EXPECTED
from tests.unit.intake.channels.reading_documents import assert_within_limits

ROOT = Path(__file__).parents[4]
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open"))

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_shared_sample_becomes_its_orders_or_its_problems(name):
    path = SAMPLES / name
    reading = FORMATS[name.split("/")[0]](path.read_bytes(), "a-channel")
    orders = tuple(draft.external_id for draft in reading.drafts)
    problems = tuple((problem.reason, problem.position) for problem in reading.problems)
    assert (orders, problems) == EXPECTED[name]
    for draft in reading.drafts:
        assert_within_limits(draft)


def test_the_table_names_every_file_in_the_three_folders():
    present = {f"{folder}/{path.name}" for folder in FORMATS for path in (SAMPLES / folder).iterdir()}
    assert present == EXPECTED.keys()


def test_at_least_thirty_files_are_accepted():
    assert sum(1 for orders, _ in EXPECTED.values() if orders) >= 30
