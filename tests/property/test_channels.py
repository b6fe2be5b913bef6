"""Whatever arrives, an adapter answers: an order within the limits, a change, or a problem that says why not.

`OMS_FUZZ_EXAMPLES=200000` reads so many documents instead of the few of every run, others than those.
"""

import contextlib
import json
import os
import time
from collections.abc import Mapping
from random import Random

import pytest

from services.intake.channels import FORMATS
from services.intake.channels.adapter import NO_HEADERS
from services.intake.domain.acceptance import normalised
from services.intake.domain.reading import Reading
from services.kernel.errors import InvalidArgument
from tests.property.mutating import headers, mutated
from tests.property.mutating_tables import tables
from tests.property.mutating_trees import VALUES, places, written
from tests.unit.intake.channels.reading_documents import assert_within_limits, our_documents, shared_documents

EXAMPLES = int(os.environ.get("OMS_FUZZ_EXAMPLES", "0"))
PER_FORMAT = max(80, EXAMPLES // len(FORMATS))
OURS = [*our_documents(), *tables()]
# Those of others may not be here: they are mutated in a long run, and a few of them in every.
EVERYTHING = [*OURS, *shared_documents()]
# What no sample takes, on a machine that does something else as well.
SLOW = 1.0


def drawn(form: str, random: Random) -> tuple[str, bytes]:
    """Return name and content of a document: as often one of ours, which are all orders, as one of all."""
    among = OURS if random.random() < 0.5 else EVERYTHING
    return random.choice([(name, content) for kind, name, content in among if kind == form])


def answered(form: str, content: bytes, said: Mapping[str, str] = NO_HEADERS) -> Reading:
    """Return what the adapter makes of the bytes, having found that it keeps its promises."""
    began = time.process_time()
    reading = FORMATS[form](content, "a-channel", said)
    assert time.process_time() - began < SLOW, "it takes too long"
    assert FORMATS[form](content, "a-channel", said) == reading, "read twice, it says something else"
    assert reading.drafts or reading.changes or reading.problems, "it is lost"
    for draft in reading.drafts:
        assert_within_limits(draft)
        with contextlib.suppress(InvalidArgument):
            normalised(draft)
    for change in reading.changes:
        assert 0 < len(change.external_id) <= 200
        assert change.change_id
        assert change.edits
        assert b"\x00" not in f"{change.external_id}{change.change_id}{change.reason}".encode()
    for problem in reading.problems:
        assert problem.reason
        # A workbook that cannot be opened has no place at which anybody could look.
        assert problem.position or form == "xlsx"
        assert problem.message
        assert len(problem.external_id) <= 200
        stored = (problem.reason + problem.position + problem.message + problem.external_id).encode()
        assert b"\x00" not in stored, "PostgreSQL stores no NUL"
    return reading


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_documents_that_went_wrong_are_answered(form):
    for seed in range(EXAMPLES, EXAMPLES + PER_FORMAT):
        random = Random(f"{form} {seed}")
        name, content = drawn(form, random)
        try:
            answered(form, mutated(content, random), headers(random))
        except Exception as error:
            error.add_note(f"Random('{form} {seed}'), {name}")
            raise


@pytest.mark.parametrize("form", sorted({form for form, _, content in OURS if content[:1] in {b"{", b"["}}))
def test_every_single_value_of_our_json_documents_may_be_anything(form):
    """A part of the places has one of the values each, and in a long run every place each of them."""
    random = Random(form)
    for document in (json.loads(content) for kind, _, content in OURS if kind == form and content[:1] != b"<"):
        for holder, key in places(document):
            kept = holder[key]
            for value in VALUES if EXAMPLES else random.choices(VALUES, k=int(random.random() < 0.5)):
                holder[key] = value
                answered(form, written(document))
            holder[key] = kept


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_bytes_that_are_no_document_are_answered(form):
    random = Random(form)
    for size in (0, 1, 2, 3, 50, 300, 5_000):
        assert answered(form, random.randbytes(size)).problems
    for content in {content for kind, _, content in OURS if kind != form}:
        assert not answered(form, content).changes


def test_the_same_seed_makes_the_same_document():
    (_, _, content), *_ = EVERYTHING
    made = [mutated(content, Random(seed)) for seed in range(50)]
    assert made == [mutated(content, Random(seed)) for seed in range(50)]
    assert len(set(made)) > 45
