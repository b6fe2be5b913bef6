"""The documents that others made: none without an expectation, none expected in vain; skipped where they are not."""

import pytest

from services.intake.channels import FORMATS
from tests.unit.intake.channels.expected_samples import EXPECTED
from tests.unit.intake.channels.reading_documents import SAMPLES, assert_within_limits, format_of, shared_documents

# Folders of no channel: what carriers and warehouses say, and tables of others to count with.
OTHERS = {"carriers", "datasets", "wms"}

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


@pytest.mark.parametrize("folder", sorted(EXPECTED))
def test_every_file_of_a_channel_has_an_expectation_and_every_expectation_a_file(folder):
    files = (path for path in (SAMPLES / folder).rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(SAMPLES / folder)) for path in files) == sorted(EXPECTED[folder])


def test_every_folder_is_of_a_format_that_we_read_or_of_no_channel():
    folders = {path.name for path in SAMPLES.iterdir() if path.is_dir()}
    assert folders - OTHERS == EXPECTED.keys()
    assert {format_of(folder) for folder in EXPECTED} <= FORMATS.keys()


def test_every_file_says_something_and_at_least_seventy_say_orders():
    readings = {name: FORMATS[form](content, "a-channel") for form, name, content in shared_documents()}
    assert len(readings) == sum(map(len, EXPECTED.values()))
    assert all(reading.drafts or reading.changes or reading.problems for reading in readings.values())
    for reading in readings.values():
        for draft in reading.drafts:
            assert_within_limits(draft)
    assert sum(1 for reading in readings.values() if reading.drafts) >= 70
