"""What expressions may speak of: each service brings its own words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message


class Word(Protocol):
    """Something that an expression may speak of: "node.load", a "double"."""

    @property
    def path(self) -> str: ...

    @property
    def type(self) -> str:
        """One of string, int, double, bool, list(string), list(entry)."""

    @property
    def subject(self) -> str:
        """What it is told of: "node" of "node.load"."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Vocabulary:
    """The words by path, and the one list whose entries are messages: what loops go over."""

    words: Mapping[str, Word]
    # The path of the list, such as "order.lines", and how people call an entry of it.
    entries: str
    entry: str
    # What an entry is for the library, and how it is made of an entry of the subject's list.
    entry_message: type[Message]
    entry_of: Callable[[Any], Message]
    # Lists that are short, whatever they are of, by the ends of their names.
    short: tuple[str, ...]
    # What advice is made of.
    number_example: str
    text_example: str

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word.subject for word in self.words.values()))

    @property
    def entry_fields(self) -> tuple[str, ...]:
        """The fields of an entry, which loops give a name of their own."""
        return tuple(field.name for field in self.entry_message.DESCRIPTOR.fields)

    def known(self, subjects: frozenset[str]) -> list[Word]:
        """Return the words that can be used where these subjects are known."""
        return [word for word in self.words.values() if word.subject in subjects]
