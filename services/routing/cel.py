"""Expressions of rules: CEL, the Common Expression Language (https://cel.dev), behind a port.

The only file that knows the library. An expression is checked once, when it is compiled; then it is asked a thousand
times for a plan. It is bounded: no recursion, no I/O, at most 10,000 turns of all its loops together, and nothing in a
loop that takes longer than a moment.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # it has stubs, but does not say so
from cel_expr_python.ext import ext_math  # type: ignore[import-untyped]  # the same

from oms.routing.v1 import facts_pb2
from services.routing import cel_advice, cel_tree
from services.routing.domain.facts import LineFacts
from services.routing.domain.rules import Facts, RuleFailed
from services.routing.domain.vocabulary import Word, known

MAX_TEXT = 2000
# A score beyond this is a mistake, and would drown every cost.
MAX_SCORE = 1e6


class Result(StrEnum):
    """What an expression must give."""

    CONDITION = "bool"
    SCORE = "double"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an expression: in which column, where that is known, and what to write instead."""

    message: str
    suggestion: str = ""
    column: int = 0


class Unusable(Exception):
    """An expression cannot be used."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class _Memory:
    """What an expression that loops gave for the order that it was asked of last: a plan asks it for every node."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: tuple[object, dict[object, Any]] = (None, {})

    def of(self, lines: object) -> dict[object, Any]:
        """Return what is known for these lines; empty for others than last time."""
        last = self._last  # one tuple: plans are made in several threads
        if last[0] is not lines or len(last[1]) >= _MOST_REMEMBERED:
            self._last = last = (lines, {})
        return last[1]


@dataclass(frozen=True, slots=True)
class Program:
    """An expression that has been checked."""

    text: str
    words: frozenset[str]
    run: Callable[..., Any]
    # path, subject, how it is read from the subject; the lines of the order are read apart.
    reads: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    # Beyond so many lines of the order it is not worked out; 0 where it does not look at them.
    most_lines: int = 0
    memory: _Memory = field(default_factory=_Memory, compare=False)

    def __call__(self, facts: Facts) -> Any:
        """Return what it gives: a value of its type, or a text that says why there is none."""
        data = {path: read(facts[subject]) for path, subject, read in self.reads}
        if not self.most_lines:
            return self._run(data)
        lines = facts["order"].lines
        if len(lines) > self.most_lines:
            return f"filter and map take orders of at most {self.most_lines} lines; all and exists take any"
        known = self.memory.of(lines)
        key = tuple([tuple(value) if type(value) is list else value for value in data.values()])
        if key not in known:
            known[key] = self._run({**data, _LINES: list(map(_line, lines))})
        return known[key]

    def _run(self, data: dict[str, Any]) -> Any:
        try:
            return self.run(data=data).value()
        except RuntimeError as error:
            return str(error)


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


@lru_cache(maxsize=4096)
def compile_text(text: str, subjects: frozenset[str], result: Result) -> Program:
    """Check an expression that may speak of these subjects.

    Raises:
        Unusable: it cannot be read, speaks of something else, gives another type, or could run too long.
    """
    if len(text) > MAX_TEXT:
        raise Unusable([Fault(f"it has {len(text)} characters; {MAX_TEXT} are allowed")])
    environment = _environment(subjects)
    try:
        checked = environment.compile(text)
    except RuntimeError as error:
        raise Unusable([Fault(*one) for one in cel_advice.explain(str(error), text, subjects)]) from error
    tree = cel_tree.read(checked.serialize(), division=_DIVISION)
    faults = [Fault(message) for message in dict.fromkeys(tree.faults)]
    if _HAS.search(_QUOTED.sub("''", text)):
        faults.append(Fault("has() says nothing here: every word always has a value", "compare it, as in x != ''"))
    if checked.return_type() != _TYPES[result.value]:
        faults.append(Fault(*cel_advice.wrong_type(checked.return_type().name().lower(), result.value)))
    if faults:
        raise Unusable(faults)
    used = [word for word in known(subjects) if word.path in tree.names]
    program = Program(
        text=text,
        words=frozenset(word.subject for word in used),
        run=environment.deserialize(tree.serialized).eval,
        reads=tuple((word.path, word.subject, _reader(word)) for word in used if word.path != _LINES),
        most_lines=(_MOST_BUILT if tree.builds else _MOST_LINES) if _LINES in tree.names else 0,
    )
    if not used and isinstance(value := program({}), str):
        raise Unusable([Fault(f"it always fails: {cel_advice.failure(value)}")])
    return program


_DIVISION = "divided"
_LINES = "order.lines"
_MOST_REMEMBERED = 10_000
# An order has at most 5,000. The library takes time with the square of it to make a list.
_MOST_LINES, _MOST_BUILT = 1_000_000, 500
_HAS = re.compile(r"\bhas\s*\(")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_TYPES = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "bool": cel.Type.BOOL,
    "list(string)": cel.Type.List(cel.Type.STRING),
    "list(line)": cel.Type.List(cel.Type(facts_pb2.LineFacts.DESCRIPTOR.full_name)),
}


def _divided(dividend: float, divisor: float) -> float:
    if divisor == 0:
        raise ZeroDivisionError("it divides by zero")
    return dividend / divisor


@lru_cache(maxsize=32)
def _environment(subjects: frozenset[str]) -> cel.Env:
    # Every word is a variable of its own, "node.load": so only what an expression uses is handed over to it.
    doubles = [cel.Type.DOUBLE, cel.Type.DOUBLE]
    overload = cel.Overload("divided_double", cel.Type.DOUBLE, doubles, is_member=False, impl=_divided)
    return cel.NewEnv(
        variables={word.path: _TYPES[word.type] for word in known(subjects)},
        extensions=[ext_math.ExtMath()],
        functions=[cel.FunctionDecl(_DIVISION, [overload])],
    )


def _reader(word: Word) -> Callable[[Any], Any]:
    value = attrgetter(word.path.partition(".")[2])
    match word.type:
        case "double":
            return lambda subject: float(value(subject))
        case "list(string)":
            return lambda subject: list(value(subject))
    return value


def _line(line: LineFacts) -> facts_pb2.LineFacts:
    return facts_pb2.LineFacts(
        sku=line.sku,
        units=line.units,
        required_capabilities=line.required_capabilities,
        unit_price=line.unit_price,
        unit_weight_kg=line.unit_weight_kg,
    )
