"""What a platform's push format is: a push becomes an HTTP request, and the platform's answer becomes an outcome."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from services.intake.domain.order import Order
from services.intake.domain.pushes import Push, PushKind, lines_of, number_at_channel

_TEXT_LIMIT = 300
# What a platform says of something that it was told before, perhaps by somebody in its own back office.
_DONE_BEFORE = ("already", "duplicate", "has been taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is sent; `path` comes after the partner's address."""

    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The platform has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """No usable answer: the same is to be sent again."""

    reason: str
    # It may be about this one push only.
    perhaps_this_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The platform said no."""

    reason: str


Outcome = Done | Again | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PushFormat:
    """How a platform is told: of what it hears, in which request, proved by which headers, and what answers mean."""

    kinds: frozenset[PushKind]
    request_of: Callable[[Push, Order], HttpRequest]
    authorize: Callable[[str], Mapping[str, str]]
    outcome_of: Callable[[int, bytes], Outcome]


def outcome_of(status: int, body: bytes) -> Outcome:
    """Return what an answer means where the platform has no other customs."""
    if 200 <= status < 300:
        return Done()
    if status >= 500 or status < 400 or status in (401, 403, 408, 425, 429):
        # A token that has run out is the partner's state, not the push's: it is mended for all at once.
        return Again(reason=f"it answered {status}", perhaps_this_only=status == 500)
    said = body[:_TEXT_LIMIT].decode("utf-8", "replace").replace("\x00", "")
    if status in (400, 409, 422) and any(words in said.lower() for words in _DONE_BEFORE):
        return Done()
    return Refused(reason=f"it answered {status}: {said}".rstrip(": "))


def bearer(secret: str) -> Mapping[str, str]:
    """Return the header of a bearer token."""
    return {"Authorization": f"Bearer {secret}"}


def basic(secret: str) -> Mapping[str, str]:
    """Return the header of "user:password"."""
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}


def in_header(name: str) -> Callable[[str], Mapping[str, str]]:
    """Return who puts a token into this header."""
    return lambda secret: {name: secret}


def number(order: Order) -> str:
    """Return the channel's id of the order, as a part of a path."""
    return quote(number_at_channel(order), safe="")


def line_id(order: Order, identity: str) -> str:
    """Return the channel's id of a line."""
    line = order.line(identity)
    return line.external_line_id or line.sku


def items(push: Push, order: Order, id_name: str, quantity_name: str = "quantity") -> list[dict[str, Any]]:
    """Return the lines that the push is about, as most platforms have them."""
    return [
        {id_name: line.external_line_id or line.sku, quantity_name: quantity}
        for line, quantity in lines_of(push, order)
    ]
