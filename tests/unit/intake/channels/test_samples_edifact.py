"""Documents that others made, read where they stand; skipped where they are not."""

import io
import os
from pathlib import Path

import pytest

from services.intake.channels import edifact, edifact_splitting
from services.intake.domain.reading import Reading
from tests.unit.intake.channels import expected_edifact as expected
from tests.unit.intake.channels.reading_documents import assert_within_limits
from tests.unit.intake.channels.reading_edi import told, wrong

ROOT = Path(__file__).parents[4]
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open")) / "edifact"
NAMES = sorted(expected.ORDERS.keys() | expected.PROBLEMS.keys() | expected.CHANGES.keys())

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


def reading_of(name: str) -> Reading:
    return edifact.read((SAMPLES / name).read_bytes(), "a-channel")


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_becomes_the_orders_changes_and_problems_that_were_read_by_hand(name):
    reading = reading_of(name)
    assert [told(draft) for draft in reading.drafts] == expected.ORDERS.get(name, [])
    assert wrong(reading) == expected.PROBLEMS.get(name, [])
    changes = [
        (change.external_id, change.change_id, [(edit.line_id, edit.quantity) for edit in change.edits])
        for change in reading.changes
    ]
    assert changes == expected.CHANGES.get(name, [])
    for draft in reading.drafts:
        assert_within_limits(draft)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_that_is_cut_into_its_parts_becomes_the_same(name):
    content = (SAMPLES / name).read_bytes()
    parts = list(edifact_splitting.split(io.BytesIO(content)))
    readings = [edifact.read(part, "a-channel") for _, part in parts]
    whole = reading_of(name)
    assert tuple(draft for reading in readings for draft in reading.drafts) == whole.drafts
    assert tuple(change for reading in readings for change in reading.changes) == whole.changes
    reasons = [problem.reason for reading in readings for problem in reading.problems]
    assert reasons == [problem.reason for problem in whole.problems]
    offsets = [offset for offset, _ in parts]
    assert offsets == sorted(set(offsets))
    assert list(edifact_splitting.split(io.BytesIO(content), after=offsets[0])) == parts[1:]


def test_every_sample_has_an_expectation():
    assert {path.name for path in SAMPLES.iterdir()} == set(NAMES)
