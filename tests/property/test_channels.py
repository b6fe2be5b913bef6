"""Whatever arrives, an adapter answers: an order within the limits, or a problem that says why not."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.channels import FORMATS
from tests.unit.intake.channels.reading_documents import DOCUMENTS, assert_within_limits

CONTENTS = {name: [path.read_bytes() for path in sorted((DOCUMENTS / name).iterdir())] for name in FORMATS}
JSON_FORMATS = sorted(FORMATS.keys() - {"x12"})
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NASTY: list[Any] = [
    *(
        "NULL",
        "FALSE",
        "-1",
        "1e999",
        "0.005",
        "99999999999",
        "a\x00b",
        "\ud800",
        "&#1;&#x202e;",
        "x" * 5000,
        "٣",
        "1_000",
    ),
    *(None, True, -1, 0, 1.5, 10**30, float("nan"), [], {}, [{}], {"id": 1}),
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**18),
    st.floats(),
    st.text(max_size=400),
    st.sampled_from(
        ["NULL", "FALSE", "-1", "1e999", "0.005", "99999999999", "\x00", "\ud800", "x" * 5000, "٣", "1_000"]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["id", "sku", "country", "amount"]), st.text(max_size=9), max_size=3),
)


def check(format_name: str, content: bytes) -> None:
    reading = FORMATS[format_name](content, "a-channel")
    assert reading.drafts or reading.problems
    for draft in reading.drafts:
        assert_within_limits(draft)
    for problem in reading.problems:
        assert problem.reason
        assert problem.position
        assert problem.message
        assert len(problem.external_id) <= 200
        stored = (problem.reason + problem.position + problem.message + problem.external_id).encode()
        assert b"\x00" not in stored, "PostgreSQL stores no NUL"


@QUIET
@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=300))
def test_random_bytes_are_answered(format_name, content):
    check(format_name, content)


@QUIET
@given(st.data())
def test_documents_that_are_cut_doubled_or_overwritten_are_answered(data):
    format_name = data.draw(st.sampled_from(sorted(FORMATS)))
    content = data.draw(st.sampled_from(CONTENTS[format_name]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 200)))
        piece = data.draw(st.one_of(st.just(b""), st.just(content[start:end] * 2), st.binary(max_size=6)))
        content = content[:start] + piece + (content[end:] if data.draw(st.integers(0, 3)) else b"")
    check(format_name, content)


@QUIET
@given(st.data(), st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "cp037", "utf-7"]))
def test_documents_in_other_encodings_are_answered(data, encoding):
    format_name = data.draw(st.sampled_from(sorted(FORMATS)))
    content = data.draw(st.sampled_from(CONTENTS[format_name]))
    check(format_name, content.decode().encode(encoding, errors="replace"))


@QUIET
@given(st.data())
def test_json_documents_with_values_of_other_types_are_answered(data):
    format_name = data.draw(st.sampled_from(JSON_FORMATS))
    document = json.loads(data.draw(st.sampled_from(CONTENTS[format_name])))
    for _ in range(data.draw(st.integers(1, 3))):
        document = changed(data, document)
    check(format_name, json.dumps(document).encode("utf-8", errors="surrogatepass"))


@pytest.mark.parametrize("format_name", JSON_FORMATS)
def test_every_single_value_of_our_json_documents_may_be_anything(format_name):
    for content in CONTENTS[format_name]:
        document = json.loads(content)
        for holder, key in places(document):
            kept = holder[key]
            for value in NASTY:
                holder[key] = value
                check(format_name, json.dumps(document).encode())
            holder[key] = kept


@pytest.mark.parametrize("value", ["", "x" * 500, "a\x00b", "-1", "1e999", "0.5", "QQ"])
def test_every_single_element_of_our_x12_documents_may_be_anything(value):
    for content in CONTENTS["x12"]:
        lines = content.decode().splitlines()
        separator = lines[0][3]
        for index in range(1, len(lines)):
            elements = lines[index].split(separator)
            for number in range(1, len(elements) - 1):
                other = separator.join([*elements[:number], value, *elements[number + 1 :]])
                check("x12", "\n".join([*lines[:index], other, *lines[index + 1 :]]).encode())


@QUIET
@given(st.data())
def test_x12_documents_with_segments_lost_doubled_or_changed_are_answered(data):
    content = data.draw(st.sampled_from(CONTENTS["x12"]))
    lines = content.decode().splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        separator = lines[0][3]
        elements = lines[index].split(separator)
        elements[data.draw(st.integers(0, len(elements) - 1))] = data.draw(st.text(max_size=120))
        lines[index : index + 1] = data.draw(
            st.sampled_from([[], [lines[index]] * 2, [separator.join(elements)], [lines[index], lines[-1]]])
        )
        lines = lines or [content.decode()]
    check("x12", "\n".join(lines).encode("utf-8", errors="replace"))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every holder and key in a JSON document, outermost first."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def changed(data: st.DataObject, value: Any) -> Any:
    """Return the value with one thing in it dropped, doubled or replaced, somewhere down a random path."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 9)):
        key = data.draw(st.sampled_from(sorted(value)))
        if not data.draw(st.integers(0, 5)):
            return {name: kept for name, kept in value.items() if name != key}
        return value | {key: changed(data, value[key])}
    if isinstance(value, list) and value and data.draw(st.integers(0, 9)):
        index = data.draw(st.integers(0, len(value) - 1))
        if not data.draw(st.integers(0, 4)):
            return [*value, copy.deepcopy(value[index])]
        return [*value[:index], changed(data, value[index]), *value[index + 1 :]]
    return data.draw(VALUES)
