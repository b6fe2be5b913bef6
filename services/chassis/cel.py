"""Expressions of rules: CEL, the Common Expression Language (https://cel.dev), behind a port.

The only file that knows the library. An expression is checked once, when it is compiled; then it is asked a thousand
times. It is bounded: no recursion, no I/O, at most 10,000 turns of all its loops together, and nothing in a
loop that takes longer than a moment.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # it has stubs, but does not say so
from cel_expr_python.ext import ext_math  # type: ignore[import-untyped]  # the same

from services.chassis import cel_advice, cel_tree
from services.chassis.cel_words import Vocabulary, Word

MAX_TEXT = 2000
# The words that an expression may use, by name.
Facts = Mapping[str, Any]


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
    """What an expression that loops gave for the entries that it was asked of last: it is asked again and again."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: tuple[object, dict[object, Any]] = (None, {})

    def of(self, entries: object) -> dict[object, Any]:
        """Return what is known for these entries; empty for others than last time."""
        last = self._last  # one tuple: it is asked in several threads
        if last[0] is not entries or len(last[1]) >= _MOST_REMEMBERED:
            self._last = last = (entries, {})
        return last[1]


@dataclass(frozen=True, slots=True)
class Program:
    """An expression that has been checked."""

    text: str
    vocabulary: Vocabulary
    words: frozenset[str]
    run: Callable[..., Any]
    # path, subject, how it is read from the subject; the entries are read apart.
    reads: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    # Beyond so many entries it is not worked out; 0 where it does not look at them.
    most_entries: int = 0
    memory: _Memory = field(default_factory=_Memory, compare=False)

    def __call__(self, facts: Facts) -> Any:
        """Return what it gives: a value of its type, or a text that says why there is none."""
        data = {path: read(facts[subject]) for path, subject, read in self.reads}
        if not self.most_entries:
            return self._run(data)
        subject, _, name = self.vocabulary.entries.partition(".")
        entries = getattr(facts[subject], name)
        if len(entries) > self.most_entries:
            return f"filter and map take at most {self.most_entries} {name}; all and exists take any"
        known = self.memory.of(entries)
        key = tuple([tuple(value) if type(value) is list else value for value in data.values()])
        if key not in known:
            made = list(map(self.vocabulary.entry_of, entries))
            known[key] = self._run({**data, self.vocabulary.entries: made})
        return known[key]

    def _run(self, data: dict[str, Any]) -> Any:
        try:
            return self.run(data=data).value()
        except RuntimeError as error:
            return str(error)


@lru_cache(maxsize=4096)
def compile_text(text: str, subjects: frozenset[str], result: Result, vocabulary: Vocabulary) -> Program:
    """Check an expression that may speak of these subjects.

    Raises:
        Unusable: it cannot be read, speaks of something else, gives another type, or could run too long.
    """
    if len(text) > MAX_TEXT:
        raise Unusable([Fault(f"it has {len(text)} characters; {MAX_TEXT} are allowed")])
    environment = _environment(vocabulary, subjects)
    try:
        checked = environment.compile(text)
    except RuntimeError as error:
        raise Unusable([Fault(*one) for one in cel_advice.explain(str(error), text, subjects, vocabulary)]) from error
    tree = cel_tree.read(checked.serialize(), division=_DIVISION, short=vocabulary.short)
    faults = [Fault(message) for message in dict.fromkeys(tree.faults)]
    if _HAS.search(_QUOTED.sub("''", text)):
        faults.append(Fault("has() says nothing here: every word always has a value", "compare it, as in x != ''"))
    if checked.return_type() != _TYPES[result.value]:
        faults.append(Fault(*cel_advice.wrong_type(checked.return_type().name().lower(), result.value, vocabulary)))
    if faults:
        raise Unusable(faults)
    used = [word for word in vocabulary.known(subjects) if word.path in tree.names]
    program = Program(
        text=text,
        vocabulary=vocabulary,
        words=frozenset(word.subject for word in used),
        run=environment.deserialize(tree.serialized).eval,
        reads=tuple((word.path, word.subject, _reader(word)) for word in used if word.path != vocabulary.entries),
        most_entries=(_MOST_BUILT if tree.builds else _MOST) if vocabulary.entries in tree.names else 0,
    )
    if not used and isinstance(value := program({}), str):
        raise Unusable([Fault(f"it always fails: {cel_advice.failure(value)}")])
    return program


_DIVISION = "divided"
_MOST_REMEMBERED = 10_000
# The library takes time with the square of it to make a list.
_MOST, _MOST_BUILT = 1_000_000, 500
_HAS = re.compile(r"\bhas\s*\(")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_TYPES = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "bool": cel.Type.BOOL,
    "list(string)": cel.Type.List(cel.Type.STRING),
}


def _divided(dividend: float, divisor: float) -> float:
    if divisor == 0:
        raise ZeroDivisionError("it divides by zero")
    return dividend / divisor


@lru_cache(maxsize=64)
def _environment(vocabulary: Vocabulary, subjects: frozenset[str]) -> cel.Env:
    # Every word is a variable of its own, "node.load": so only what an expression uses is handed over to it.
    entries = cel.Type.List(cel.Type(vocabulary.entry_message.DESCRIPTOR.full_name))
    doubles = [cel.Type.DOUBLE, cel.Type.DOUBLE]
    overload = cel.Overload("divided_double", cel.Type.DOUBLE, doubles, is_member=False, impl=_divided)
    return cel.NewEnv(
        variables={word.path: _TYPES.get(word.type, entries) for word in vocabulary.known(subjects)},
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
