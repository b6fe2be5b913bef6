"""Our own documents and those of others, what they become, and the limits that every draft must keep."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import protovalidate

from services.intake.channels import FORMATS
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.reading import Reading
from services.intake.wire_draft import draft_message

ROOT = Path(__file__).parents[4]
DOCUMENTS = ROOT / "deploy" / "local" / "demo" / "documents"
# Documents that others made, beside the repository or where OMS_SAMPLES says; they may not be there.
SAMPLES = Path(os.environ.get("OMS_SAMPLES", ROOT.parent / "shared" / "samples" / "open"))


def document(name: str) -> bytes:
    """Return one of our documents, such as "shopify/01-us-paid.json"."""
    return (DOCUMENTS / name).read_bytes()


def loaded(name: str) -> Any:
    """Return one of our JSON documents, to be changed."""
    return json.loads(document(name))


def read(format_name: str, content: Any) -> Reading:
    """Return what the adapter makes of bytes, or of a JSON value."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return FORMATS[format_name](raw, "a-channel")


def one_draft(format_name: str, content: Any) -> Draft:
    """Return the only order of a document that has no problems."""
    reading = read(format_name, content)
    assert reading.problems == ()
    (draft,) = reading.drafts
    return draft


def one_problem(format_name: str, content: Any) -> Problem:
    """Return the only problem of a document that has no orders."""
    reading = read(format_name, content)
    assert reading.drafts == ()
    (problem,) = reading.problems
    return problem


def format_of(folder: str) -> str:
    """Return the format of what lies in a folder of the shared samples."""
    return "magento" if folder == "magento2" else folder


def our_documents() -> Iterator[tuple[str, str, bytes]]:
    """Yield format, name and content of every document of ours."""
    for path in sorted(path for path in DOCUMENTS.rglob("*") if path.is_file()):
        yield path.parent.name, path.name, path.read_bytes()


def shared_documents() -> Iterator[tuple[str, str, bytes]]:
    """Yield format, name and content of every shared sample of a format that we read; none where they are not."""
    for folder in sorted(SAMPLES.iterdir()) if SAMPLES.is_dir() else ():
        if format_of(folder.name) in FORMATS:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                yield format_of(folder.name), f"{folder.name}/{path.name}", path.read_bytes()


def assert_within_limits(draft: Draft) -> None:
    """Fail where the API would refuse the draft, or where its money could not be stored."""
    protovalidate.validate(draft_message(draft))
    assert draft.ship_to.country_code
    assert "\\x00" not in repr(draft), "PostgreSQL stores no NUL"
    ids = [line.external_line_id for line in draft.lines if line.external_line_id]
    assert len(set(ids)) == len(ids)
    assert all(
        line.discount.minor >= 0 and line.unit_price.minor >= 0 and line.total.minor >= 0 for line in draft.lines
    )
    assert all(abs(line.unit_price.minor) * line.quantity < 2**63 for line in draft.lines)
