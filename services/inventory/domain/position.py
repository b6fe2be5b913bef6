"""A position: what one node has of one SKU. available = on_hand − reserved − safety_stock − unsellable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Pair(NamedTuple):
    """A SKU at a node. Positions are always locked in the order of their pairs, so that nobody waits in a circle."""

    sku: str
    node_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The counters of a pair."""

    pair: Pair
    on_hand: int = 0
    reserved: int = 0
    safety_stock: int = 0
    unsellable: int = 0
    quality_control: int = 0
    quarantine: int = 0
    pools: Mapping[str, int] = field(default_factory=dict)
    update_time: datetime

    @property
    def damaged(self) -> int:
        """What of unsellable is neither in quality control nor in quarantine."""
        return self.unsellable - self.quality_control - self.quarantine

    @property
    def available(self) -> int:
        """What can be reserved now; below zero when stock turned out to be less than was reserved."""
        return self.on_hand - self.reserved - self.safety_stock - self.unsellable


class Reason(StrEnum):
    """Why stock changed."""

    RECEIPT = "RECEIPT"
    COUNT = "COUNT"
    CORRECTION = "CORRECTION"
    LOSS = "LOSS"
    RETURN = "RETURN"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    CONSUMED = "CONSUMED"
    SAFETY_STOCK = "SAFETY_STOCK"
    SNAPSHOT = "SNAPSHOT"
    SHORT_PICK = "SHORT_PICK"
    TRANSFER = "TRANSFER"
    EXPIRED = "EXPIRED"
    DRIFT = "DRIFT"
    REBUILD = "REBUILD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One row of the ledger to be: what changes, and why."""

    pair: Pair
    reason: Reason
    reference: str = ""
    note: str = ""
    on_hand: int = 0
    reserved: int = 0
    safety_stock: int = 0
    unsellable: int = 0
    quality_control: int = 0
    quarantine: int = 0
    lot_id: str = ""

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not (
            self.on_hand
            or self.reserved
            or self.safety_stock
            or self.unsellable
            or self.quality_control
            or self.quarantine
        )
