"""The words of screening rules, read from protos/oms/intake/v1/screening_facts.proto, and conditions over them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from oms.intake.v1 import screening_facts_pb2 as pb
from services.chassis import cel_advice
from services.chassis.cel import Program, Result, compile_text
from services.chassis.cel_words import Vocabulary
from services.intake.domain.screening import Facts, RuleFailed

_SUBJECTS: Mapping[str, Any] = {
    "order": pb.OrderFacts,
    "line": pb.LineFacts,
    "customer": pb.CustomerFacts,
    "destination": pb.DestinationFacts,
    "risk": pb.RiskFacts,
    "history": pb.HistoryFacts,
}
OF_A_LINE = frozenset(_SUBJECTS)
OF_AN_ORDER = OF_A_LINE - {"line"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something that a rule may speak of: "order.total", a "double"."""

    path: str
    type: str

    @property
    def subject(self) -> str:
        return self.path.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether something holds (domain.screening.Condition)."""

    program: Program

    @property
    def words(self) -> frozenset[str]:
        return self.program.words

    def __call__(self, facts: Facts) -> bool:
        value = self.program(facts)
        if value is True or value is False:
            return value is True
        raise RuleFailed(cel_advice.failure(value))


def condition(text: str, *, each_line: bool) -> Condition:
    """Return the condition that a text is.

    Raises:
        Unusable: see `services.chassis.cel.compile_text`.
    """
    return Condition(compile_text(text, OF_A_LINE if each_line else OF_AN_ORDER, Result.CONDITION, VOCABULARY))


def _words() -> Iterator[Word]:
    for subject, message in _SUBJECTS.items():
        descriptor: Descriptor = message.DESCRIPTOR
        for field in descriptor.fields:
            yield Word(path=f"{subject}.{field.name}", type=_type(field))


def _type(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return "list(line)"
    name = {
        FieldDescriptor.CPPTYPE_STRING: "string",
        FieldDescriptor.CPPTYPE_INT64: "int",
        FieldDescriptor.CPPTYPE_DOUBLE: "double",
        FieldDescriptor.CPPTYPE_BOOL: "bool",
    }[field.cpp_type]
    return f"list({name})" if field.is_repeated else name


VOCABULARY = Vocabulary(
    words={word.path: word for word in _words()},
    entries="order.lines",
    entry="line",
    entry_message=pb.LineFacts,
    entry_of=lambda line: line,
    short=("tags", "tenders", "reasons"),
    number_example="order.units",
    text_example="destination.country_code == 'US'",
)
