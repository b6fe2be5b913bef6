"""Backorders: who waits for stock, and who is told first.

    WAITING ──stock is there──► NOTIFIED ──registers again──► WAITING
       └───────────────────────────┴──closed──► CLOSED ──registers again──► WAITING

Whoever is told and comes back without having taken the stock has *passed*: it is not told of the same stock again, only
of stock that comes later. Without this an order that cannot use what is there (wrong node, ship complete) would spin.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.inventory.domain.problems import DuplicateLine

DEFAULT_PRIORITY = 3

# Whoever was told has the first call on the stock for this long; after it the units are offered to the next in line.
HEAD_START = timedelta(minutes=2)


class State(StrEnum):
    """Where a backorder is in its life."""

    WAITING = "WAITING"
    NOTIFIED = "NOTIFIED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backorder:
    """Units of one line that an order waits for."""

    owner_id: str
    line_id: str
    sku: str
    quantity: int
    priority: int
    state: State
    create_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What an order says that it waits for."""

    line_id: str
    sku: str
    quantity: int


def once_each(waits: Iterable[Wait]) -> list[Wait]:
    """Return the waits in the order of their lines.

    Raises:
        DuplicateLine: a line is there twice.
    """
    found: dict[str, Wait] = {}
    for wait in waits:
        if wait.line_id in found:
            raise DuplicateLine(wait.line_id)
        found[wait.line_id] = wait
    return [found[line_id] for line_id in sorted(found)]


def by_owner(told: Iterable[Backorder]) -> dict[str, list[str]]:
    """Return, for each owner to be told, the SKUs that came."""
    skus: dict[str, set[str]] = {}
    for one in told:
        skus.setdefault(one.owner_id, set()).add(one.sku)
    return {owner: sorted(found) for owner, found in sorted(skus.items())}
