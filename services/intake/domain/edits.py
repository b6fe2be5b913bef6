"""What can be changed about an accepted order.

A line is named by its `line_id`; in a `ChangeDraft`, which a channel sends, by its `external_line_id`.
"""

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.draft import Address, DraftLine, ServiceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Everything that can still be cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuantity:
    """So many units of the line are wanted in all; 0 cancels it. More than before adds units at the line's price."""

    line_id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLine:
    """One line more."""

    line: DraftLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAddress:
    """Ship what no node has yet to another address."""

    ship_to: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SetServiceLevel:
    """Ship what no node has yet faster, or slower."""

    service_level: ServiceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDates:
    """Deliver not before, and by."""

    earliest_time: datetime | None = None
    due_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNode:
    """Ship what no node has yet from this node; from any where empty."""

    node_id: str
    line_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Take these units (line id → how many) out of the order and make an order of their own of them."""

    quantities: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Take everything that no node has yet of another order of the same customer into this one."""

    order_id: str


Edit = CancelOrder | SetQuantity | AddLine | SetAddress | SetServiceLevel | SetDates | SetNode | Split | Merge


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDraft:
    """A change as a channel tells it: which of its orders, and what; made in this order, each as far as it can be."""

    channel: str
    external_id: str
    # The channel's own name of this change, unique for the order: the same name again is the same change.
    change_id: str
    edits: tuple[Edit, ...]
    reason: str = ""
