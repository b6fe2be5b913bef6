"""Problems of documents that people write: how they are made, and how a word is found that was meant."""

import difflib
from collections.abc import Iterable, Iterator

from google.protobuf.message import Message

from oms.routing.v1.network_pb2 import Problem
from services.chassis.errors import InvalidFields
from services.chassis.validation import validate


def problem(place: str, message: str, suggestion: str = "") -> Problem:
    """Return a problem; its place is within the entry that is looked at."""
    return Problem(place=place, message=message, suggestion=suggestion)


def field_problems(request: Message, prefix: str) -> list[Problem]:
    """Return every field that breaks a rule of its proto, by its place without the prefix."""
    try:
        validate(request)
    except InvalidFields as error:
        return [problem(field.removeprefix(prefix), sentence) for field, sentence in error.violations]
    return []


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known word that was most likely meant; "" where none is near."""
    near = difflib.get_close_matches(word, sorted(set(known)), 1, cutoff)
    return near[0] if near else ""


def within(place: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems with their places as seen from outside."""
    for one in problems:
        yield problem(f"{place}.{one.place}" if one.place else place, one.message, one.suggestion)
