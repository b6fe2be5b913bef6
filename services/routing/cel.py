"""What rules of routing ask of expressions (`services.chassis.cel`): words of theirs, conditions and scores."""

import math
from dataclasses import dataclass

from oms.routing.v1 import facts_pb2
from services.chassis import cel, cel_advice
from services.chassis.cel import Fault, Program, Result, Unusable
from services.chassis.cel_words import Vocabulary
from services.routing.domain.facts import LineFacts
from services.routing.domain.rules import Facts, RuleFailed
from services.routing.domain.vocabulary import WORDS

__all__ = ["MAX_SCORE", "Condition", "Fault", "Program", "Result", "Score", "Unusable", "compile_text"]

# A score beyond this is a mistake, and would drown every cost.
MAX_SCORE = 1e6


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether something holds (domain.rules.Condition)."""

    place: str
    program: Program

    @property
    def words(self) -> frozenset[str]:
        return self.program.words

    def __call__(self, facts: Facts) -> bool:
        value = self.program(facts)
        if value is True or value is False:
            return value is True
        raise RuleFailed(self.place, cel_advice.failure(value))


@dataclass(frozen=True, slots=True)
class Score:
    """How much worse something is (domain.rules.Score)."""

    place: str
    program: Program

    @property
    def words(self) -> frozenset[str]:
        return self.program.words

    def __call__(self, facts: Facts) -> float:
        value = self.program(facts)
        if type(value) is not float:
            raise RuleFailed(self.place, cel_advice.failure(value))
        if not math.isfinite(value):
            raise RuleFailed(self.place, "the score is not a finite number")
        if abs(value) > MAX_SCORE:
            raise RuleFailed(self.place, f"the score is {value:g}, beyond ±1,000,000")
        return value


def compile_text(text: str, subjects: frozenset[str], result: Result) -> Program:
    """Check an expression that may speak of these subjects.

    Raises:
        Unusable: it cannot be read, speaks of something else, gives another type, or could run too long.
    """
    return cel.compile_text(text, subjects, result, VOCABULARY)


def _line(line: LineFacts) -> facts_pb2.LineFacts:
    return facts_pb2.LineFacts(
        sku=line.sku,
        units=line.units,
        required_capabilities=line.required_capabilities,
        unit_price=line.unit_price,
        unit_weight_kg=line.unit_weight_kg,
    )


VOCABULARY = Vocabulary(
    words=WORDS,
    entries="order.lines",
    entry="line",
    entry_message=facts_pb2.LineFacts,
    entry_of=_line,
    short=("capabilities", "programs"),
    number_example="order.units",
    text_example="node.type == 'STORE'",
)
