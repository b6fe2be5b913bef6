"""The steps of the order process: what its machine asks for, and its shell carries out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workflows.state.units import RightToUnits, Units, Work


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Units that somebody wants cancelled: per line how many (0: all that can be), everything where empty."""

    key: str
    wanted: Mapping[str, int]
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Allocate:
    """Plan and reserve: line → (units open, units backordered).

    `arrivals` is how often stock had been told of when this was asked for: news that comes while it is carried out
    would otherwise be lost, as the backorder that waits for it is known only afterwards.
    """

    lines: Mapping[str, tuple[int, int]]
    arrivals: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """Give each of these to a fulfillment process."""

    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel units that somebody, or a hold, or a deadline, wants cancelled."""

    cancellation: Cancellation


@dataclass(frozen=True, slots=True)
class ExpireHold:
    """This hold's deadline has passed."""

    hold_id: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Pay back what was paid for units that will not arrive."""

    cancelled: tuple[Units, ...]
    lost: tuple[Units, ...]
    nothing_left: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do until something happens, or until this moment."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """Every unit has come to rest and nothing is owed."""


Step = Allocate | Start | Cancel | ExpireHold | Settle | Wait | Done


@dataclass(frozen=True, slots=True)
class CallBack:
    """Units that a node must be asked for."""

    fulfillment_order_id: str
    units: tuple[Units, ...]


@dataclass(frozen=True, slots=True)
class CancellationPlan:
    """How the units of a cancellation can be had: at once, by asking nodes, or not at all."""

    open: tuple[Units, ...]
    backordered: tuple[Units, ...]
    reserved: tuple[RightToUnits, ...]
    call_backs: tuple[CallBack, ...]
    cancelled_before: Mapping[str, int]
    too_late: Mapping[str, int]
