"""The table of words says what the proto and the facts say."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from oms.routing.v1 import facts_pb2
from services.routing.domain import facts
from services.routing.domain.vocabulary import LINE_FIELDS, SUBJECTS, WORDS

PROTO = Path("protos/oms/routing/v1/facts.proto").read_text(encoding="utf-8")


def comments() -> dict[tuple[str, str], str]:
    found = {}
    for message in re.finditer(r"message (\w+) \{(.*?)\n\}", PROTO, re.DOTALL):
        for field in re.finditer(r"((?:  // .*\n)+)  (?:repeated )?\w+ (\w+) = ", message[2]):
            found[message[1], field[2]] = " ".join(line.strip()[3:] for line in field[1].splitlines())
    return found


def told(prefix: str, descriptor: Any) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for field in descriptor.fields:
        path = f"{prefix}.{field.name}"
        if field.message_type is not None and not field.is_repeated:
            rows += told(path, field.message_type)
            continue
        name = {
            field.TYPE_STRING: "string",
            field.TYPE_INT64: "int",
            field.TYPE_DOUBLE: "double",
            field.TYPE_BOOL: "bool",
            field.TYPE_MESSAGE: "line",
        }[field.type]
        rows.append((path, f"list({name})" if field.is_repeated else name, comments()[descriptor.name, field.name]))
    return rows


def test_the_table_is_the_proto_word_for_word():
    rows = [
        row
        for subject in SUBJECTS
        for row in told(subject, facts_pb2.DESCRIPTOR.message_types_by_name[f"{subject.title()}Facts"])
    ]
    assert [(word.path, word.type, word.meaning) for word in WORDS.values()] == rows


def test_the_facts_have_the_fields_of_the_proto_in_their_types():
    for descriptor in facts_pb2.DESCRIPTOR.message_types_by_name.values():
        kind = getattr(facts, descriptor.name)
        assert is_dataclass(kind)
        assert [field.name for field in fields(kind)] == [field.name for field in descriptor.fields]
        hints = get_type_hints(kind)
        for field in descriptor.fields:
            hint = get_args(hints[field.name])[0] if field.is_repeated else hints[field.name]
            if field.message_type is not None:
                assert hint is getattr(facts, field.message_type.name)
            else:
                assert (
                    hint
                    is {
                        field.TYPE_STRING: str,
                        field.TYPE_INT64: int,
                        field.TYPE_DOUBLE: float,
                        field.TYPE_BOOL: bool,
                    }[field.type]
                )


def test_a_line_in_a_loop_has_the_words_of_a_line():
    assert list(LINE_FIELDS) == [field.name for field in facts_pb2.LineFacts.DESCRIPTOR.fields]
