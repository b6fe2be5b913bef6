"""The shared walmart samples, field by field, read where they stand; skipped where they are not."""

import os
from pathlib import Path

import pytest

from services.intake.channels import walmart
from tests.unit.intake.channels.expected_walmart import EXPECTED
from tests.unit.intake.channels.reading_documents import assert_within_limits
from tests.unit.intake.channels.reading_marketplaces import told

ROOT = Path(__file__).parents[4]
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open")) / "walmart"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_shared_sample_becomes_exactly_what_its_reader_sees_in_it(name):
    reading = walmart.read((SAMPLES / name).read_bytes(), "a-channel")
    assert told(reading, EXPECTED[name]) == EXPECTED[name]
    assert reading.changes == ()
    for draft in reading.drafts:
        assert_within_limits(draft)


def test_every_file_in_the_folder_has_an_expectation():
    assert {path.name for path in SAMPLES.iterdir()} == EXPECTED.keys()
