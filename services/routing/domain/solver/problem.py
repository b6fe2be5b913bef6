"""The question and its answer: who ships which units, at least cost.

All money is a whole number (thousandths of a minor unit), so that equal plans cost exactly the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Options and sources are made by the hundred for each order: never changed, though not frozen, which would cost a third
# of what solving a small one does.


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What is wanted of one SKU. A want that may not be cut ships whole from one source or not at all: all units that
    the sources have between them (those that have a service for it), or as many as are wanted if that is fewer."""

    sku: str
    quantity: int
    unserved_cost: int
    may_be_cut: bool = True


@dataclass(slots=True, eq=False, kw_only=True)
class Option:
    """A carrier service at a source. `fixed` is paid once if it ships anything, `pick` once for each want that it ships
    any of, `unit` for each unit (None: it may not carry it). `fixed` may be negative."""

    key: str
    fixed: int
    unit: Sequence[int | None]
    pick: Sequence[int]


@dataclass(slots=True, eq=False, kw_only=True)
class Source:
    """A node with its stock by want. It ships by one of its options or not at all."""

    key: str
    stock: Sequence[int]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`split_cost` is paid for each shipment beyond the first. `max_shipments` 0 means any number. Sources that are
    `required` must ship something: what would it cost with this node?"""

    wants: tuple[Want, ...]
    sources: tuple[Source, ...]
    split_cost: int
    max_shipments: int = 0
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What one source ships, by which option: units by want."""

    source: str
    option: str
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Shipments by source. Nothing can cost less than `lower_bound`; where `proven`, that is the cost itself.
    `explored` counts the nodes of the branch and bound."""

    shipments: tuple[Shipment, ...]
    unserved: tuple[int, ...]
    cost: int
    lower_bound: int
    proven: bool
    explored: int


class CannotShipError(ValueError):
    """No plan has every required source ship something."""
