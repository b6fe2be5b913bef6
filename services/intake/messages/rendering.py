"""Filling templates: in Jinja's sandbox, where what is not known is an error, and HTML is escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.intake.domain.messages import MessageKind, languages
from services.intake.messages.facts import Facts
from services.kernel.errors import InvalidArgument

_LONGEST = 200_000
_FALLBACK = "en"
_MOST_TURNS = 100
BUILT_IN = ("en", "de", "fr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The parts of a template, or of what it became."""

    subject: str = ""
    text: str = ""
    html: str = ""
    sms: str = ""

    @property
    def nothing(self) -> bool:
        """Whether there are no words."""
        return not (self.subject or self.text or self.html or self.sms)


PARTS = tuple(field.name for field in fields(Words))


class _Sandbox(ImmutableSandboxedEnvironment):
    # Short words can make texts that fill the memory.
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - as Jinja calls it
        if operator == "*" and isinstance(left, int | float) and isinstance(right, int | float):
            return left * right
        raise SecurityError(f"{operator} is for numbers only, and ** for nobody")


_TEXT = _Sandbox(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
_HTML = _Sandbox(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True)
for _environment in (_TEXT, _HTML):
    # Loops over numbers end soon, also within one another.
    _environment.globals["range"] = lambda *numbers: range(*numbers)[:_MOST_TURNS]


def fill(kind: MessageKind, written: Sequence[Words], facts: Facts) -> Words:
    """Return the message: each part from the first of the written templates that has it, else as it is built in.

    Raises:
        InvalidArgument: TEMPLATE_INVALID.
    """
    sources = [*written, _built_in(facts.language)[kind]]
    chosen = {part: next((words for one in sources if (words := getattr(one, part))), "") for part in PARTS}
    known = {**asdict(facts), "items": facts.items}
    text = _filled("text", chosen["text"], known)
    html = chosen["html"]
    return Words(
        subject=" ".join(_filled("subject", chosen["subject"], known).split()),
        text=text,
        html=_filled("html", html, known) if html else page(_paragraphs(text), facts.language),
        sms=" ".join(_filled("sms", chosen["sms"], known).split()),
    )


def page(paragraphs: Sequence[Sequence[str]], language: str) -> str:
    """Return an HTML page of these paragraphs of lines, which are no HTML themselves."""
    return str(_layout("page.html").render(paragraphs=paragraphs, language=language))


def status_page(words: Mapping[str, str], view: object, language: str) -> str:
    """Return the page of an order's status."""
    return str(_layout("status.html").render(words=words, view=view, language=language))


@cache
def status_words(language: str) -> Mapping[str, str]:
    """Return how states of an order and its units are called in the language."""
    words: Mapping[str, str] = _file(spoken(language))["STATUS"]
    return words


def spoken(language: str) -> str:
    """Return the built-in language that is nearest."""
    return next((one for one in languages(language.lower()) if one in BUILT_IN), _FALLBACK)


def _filled(part: str, template: str, known: Mapping[str, object]) -> str:
    environment = _HTML if part == "html" else _TEXT
    try:
        filled = environment.from_string(template).render(known)
    except TemplateSyntaxError as error:
        raise _invalid(part, f"line {error.lineno}: {error.message}") from error
    except Exception as error:  # words can go wrong in every way that programs can
        raise _invalid(part, f"{error}"[:300]) from error
    if len(filled) > _LONGEST:
        raise _invalid(part, f"it becomes longer than {_LONGEST} characters")
    return filled


def _paragraphs(text: str) -> list[list[str]]:
    return [paragraph.splitlines() for paragraph in text.strip().split("\n\n")]


def _built_in(language: str) -> Mapping[str, Words]:
    return _words(spoken(language))


@cache
def _words(language: str) -> Mapping[str, Words]:
    return {kind: Words(**_file(language)[kind]) for kind in MessageKind}


@cache
def _file(language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(_read(f"{language}.yaml"))
    return found


@cache
def _layout(name: str) -> Any:
    return _HTML.from_string(_read(name))


def _read(name: str) -> str:
    return resources.files("services.intake.messages").joinpath("templates", name).read_text(encoding="utf-8")


def _invalid(part: str, why: str) -> InvalidArgument:
    return InvalidArgument(f"the template's {part} does not work: {why}", reason="TEMPLATE_INVALID", part=part)
