"""What the expression library says is wrong, in words that help whoever writes rules."""

import difflib
import re
from collections.abc import Iterator

from services.chassis.cel_words import Vocabulary

# message, suggestion, column
Advice = tuple[str, str, int]

_FUNCTIONS = """
all exists exists_one filter map size contains startsWith endsWith matches int double string
math.greatest math.least math.abs math.ceil math.floor math.round
"""
FUNCTIONS = tuple(_FUNCTIONS.split())

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_UNDEFINED = re.compile(r"undefined field '([^']*)' not found in struct '[^']*'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_OTHER_NAMES = {
    "max": "math.greatest",
    "min": "math.least",
    "len": "size",
    "length": "size",
    "any": "exists",
    "float": "double",
}
_SLIPS = (
    (re.compile(r"(?<![=!<>])=(?!=)"), "write == to compare"),
    (re.compile(r"\band\b", re.IGNORECASE), "write && for and"),
    (re.compile(r"\bor\b", re.IGNORECASE), "write || for or"),
    (re.compile(r"\bnot\b", re.IGNORECASE), "write ! for not"),
    (re.compile(r"(?<!&)&(?!&)"), "write && for and"),
    (re.compile(r"(?<!\|)\|(?!\|)"), "write || for or"),
)


def explain(said: str, text: str, subjects: frozenset[str], vocabulary: Vocabulary) -> list[Advice]:
    """Return what is wrong with an expression that could not be compiled."""
    found = list(_each(said, text, subjects, vocabulary))
    if found:
        return found
    if "recursion" in said:
        return [("it is nested too deep, or has more than 30 operators in a row", "split it into several rules", 0)]
    return [(_plain(said), "", 0)]


def wrong_type(given: str, wanted: str, vocabulary: Vocabulary) -> tuple[str, str]:
    """Say that an expression gives another type than it must."""
    if wanted == "bool":
        return (
            f"a condition must be true or false, and this gives {given}",
            f"compare it, as in {vocabulary.number_example} > 10",
        )
    if given == "int":
        return (
            "a score must be a double, and this gives int",
            f"write 5.0 for 5, and double({vocabulary.number_example}) for {vocabulary.number_example}",
        )
    return f"a score must be a double, and this gives {given}", "write numbers with a point: 5.0"


def failure(value: object) -> str:
    """Say why an expression gave no value, from the text that it gave instead."""
    text = _plain(str(value))
    if "Iteration budget exceeded" in text:
        return "its loops take more than 10,000 turns for this order"
    return text


def _each(said: str, text: str, subjects: frozenset[str], vocabulary: Vocabulary) -> Iterator[Advice]:
    seen: set[int] = set()
    for line, column, message in _ERROR.findall(said):
        if int(column) < 0 or "recursion" in message:
            return
        at = _offset(text, int(line), int(column))
        advice = _advice(message, text, subjects, at, vocabulary)
        # A function that is not known is told of twice: once as a name, once as a call.
        if at not in seen and advice is not None:
            seen.add(at)
            yield advice
        if message.startswith("Syntax error"):
            return  # what follows comes from that


def _advice(message: str, text: str, subjects: frozenset[str], column: int, vocabulary: Vocabulary) -> Advice | None:
    if found := _UNDECLARED.match(message):
        return _unknown(found[1], text, subjects, column, vocabulary)
    if found := _UNDEFINED.match(message):
        said = f"a {vocabulary.entry} has no {found[1]!r}"
        return said, _similar(found[1], vocabulary.entry_fields, vocabulary), column
    if found := _OVERLOAD.match(message):
        return _mismatch(found[1], found[2], column, vocabulary)
    if message.startswith("Syntax error"):
        slip = next((advice for pattern, advice in _SLIPS if pattern.search(text)), "")
        return "it cannot be read from here on", slip, column
    return _plain(message), "", column


def _unknown(name: str, text: str, subjects: frozenset[str], column: int, vocabulary: Vocabulary) -> Advice | None:
    paths = [word.path for word in vocabulary.known(subjects)]
    subject = name.partition(".")[0]
    if subject in vocabulary.subjects and subject not in subjects:
        return f"{subject!r} is not known here", f"here are: {', '.join(sorted(subjects))}", column
    if inside := [path for path in paths if path.startswith(f"{name}.")]:
        return f"{name!r} is no value by itself", f"name what you mean of it, such as {inside[0]}", column
    if any(function.startswith(f"{name}.") for function in FUNCTIONS):
        return None  # the call itself is told of
    if "." not in name and re.search(rf"\b{re.escape(name)}\s*\(", text):
        if name in _OTHER_NAMES:
            return f"there is no function {name!r}", f"did you mean {_OTHER_NAMES[name]}?", column
        bare = [function.rpartition(".")[2] for function in FUNCTIONS]
        close = difflib.get_close_matches(name, bare, n=1)
        hint = f"did you mean {FUNCTIONS[bare.index(close[0])]}?" if close else f"there are: {', '.join(FUNCTIONS)}"
        return f"there is no function {name!r}", hint, column
    if name.isupper():
        return f"there is no {name!r}", f"texts are written in quotes: '{name}'", column
    suggestion = _similar(name, paths, vocabulary) or f"here are: {', '.join(sorted(subjects))}"
    return f"there is no {name!r}", suggestion, column


def _mismatch(function: str, types: str, column: int, vocabulary: Vocabulary) -> Advice:
    operator = function.strip("_").replace("_", " ").removeprefix("@") or function
    message = f"{operator!r} does not go with {types}"
    if {"int", "double"} <= set(types.split(", ")):
        return message, "write 5.0 for 5 beside a double, and double(x) for an int x", column
    if "string" in types.split(", "):
        said = f"texts are written in quotes and compared with texts: {vocabulary.text_example}"
        return message, said, column
    return message, "", column


def _similar(name: str, names: "list[str] | tuple[str, ...]", vocabulary: Vocabulary) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if not close:  # the right field of the wrong subject
        field = name.rpartition(".")[2]
        close = [path for path in names if path.rpartition(".")[2] == field][:1]
    if close:
        return f"did you mean {close[0]}?"
    elsewhere = [path for path in vocabulary.words if path.rpartition(".")[2] == name]
    return f"did you mean {elsewhere[0]}?" if elsewhere and elsewhere[0] in names else ""


def _offset(text: str, line: int, column: int) -> int:
    """Return the column, from 1, in the text as a whole."""
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1]) + column


def _plain(said: str) -> str:
    """Leave out codes: "INVALID_ARGUMENT: divide by zero [INVALID_ARGUMENT]" is "divide by zero"."""
    first = said.splitlines()[0] if said else "it gives nothing"
    return re.sub(r"^[A-Z_]+: (?:ERROR: )?|\s*\[[A-Z_]+\]$", "", first)
