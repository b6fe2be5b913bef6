"""Supply: units that will be there. open = quantity − received − cancelled, never below zero.

OPEN ──the last open units are received, or cancelled after some were──► RECEIVED
  └───cancelled before any was received─────────────────────────────────► CANCELLED
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.inventory.domain.atp import Arrival
from services.inventory.domain.position import Pair
from services.inventory.domain.problems_supply import (
    InvalidSupply,
    NothingReceived,
    QuantityBelowReceived,
    SupplyNotOpen,
    SupplyTooSmall,
    SupplyUndated,
)


class SupplyType(StrEnum):
    """Where units come from."""

    IN_TRANSIT = "IN_TRANSIT"
    PURCHASE_ORDER = "PURCHASE_ORDER"
    TRANSFER = "TRANSFER"
    SUPPLIER = "SUPPLIER"
    RETURN_EXPECTED = "RETURN_EXPECTED"


class State(StrEnum):
    """Whether anything is still to come."""

    OPEN = "OPEN"
    RECEIVED = "RECEIVED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Units that come to a pair: at `expect_time`, or from a supplier's stock `lead_time` after they are wanted."""

    supply_id: str
    type: SupplyType
    pair: Pair
    quantity: int
    received: int = 0
    cancelled: int = 0
    state: State = State.OPEN
    expect_time: datetime | None = None
    lead_time: timedelta | None = None
    from_node_id: str = ""
    reference: str = ""
    create_time: datetime
    update_time: datetime

    @property
    def open(self) -> int:
        """Units that are still to come."""
        return max(0, self.quantity - self.received - self.cancelled)


def receive(supply: Supply, units: int, now: datetime, *, final: bool) -> Supply:
    """Take in units; `final`: no more will come, what is open is cancelled.

    More than is open is taken in too, and recorded: goods that are there are there.

    Raises:
        SupplyNotOpen: it was received or cancelled before.
        NothingReceived: no units, and more is to come.
    """
    _still_open(supply)
    if units < 0 or (units == 0 and not final):
        raise NothingReceived(supply.supply_id)
    after = replace(supply, received=supply.received + units, update_time=now)
    return _settled(replace(after, cancelled=after.cancelled + after.open) if final else after)


def cancel(supply: Supply, units: int, now: datetime) -> Supply:
    """Call off units (0: all that are open).

    Raises:
        SupplyNotOpen: it was received or cancelled before.
        SupplyTooSmall: fewer units are open.
    """
    _still_open(supply)
    taken = units or supply.open
    if not 0 < taken <= supply.open:
        raise SupplyTooSmall(supply.supply_id, wanted=units, still_open=supply.open)
    return _settled(replace(supply, cancelled=supply.cancelled + taken, update_time=now))


def move(supply: Supply, expect_time: datetime | None, now: datetime) -> Supply:
    """Say when it will come; None: nobody knows.

    Raises:
        SupplyNotOpen: it was received or cancelled before.
        SupplyUndated: it comes a lead time after it is wanted.
    """
    _still_open(supply)
    if supply.lead_time is not None:
        raise SupplyUndated(supply.supply_id)
    return replace(supply, expect_time=expect_time, update_time=now)


def resize(supply: Supply, quantity: int, now: datetime) -> Supply:
    """Say how many units come in all, those that came or were called off among them.

    Raises:
        SupplyNotOpen: it was received or cancelled before.
        QuantityBelowReceived: more than that came or were called off.
    """
    _still_open(supply)
    least = supply.received + supply.cancelled
    if quantity < least:
        raise QuantityBelowReceived(supply.supply_id, quantity=quantity, least=least)
    return _settled(replace(supply, quantity=quantity, update_time=now))


def check(supply: Supply) -> None:
    """Let a new supply pass whose parts fit together.

    Raises:
        InvalidSupply: they do not.
    """
    if supply.lead_time is not None and supply.type is not SupplyType.SUPPLIER:
        raise InvalidSupply("lead_time", "only a supplier's stock (SUPPLIER) has a lead_time; give an expect_time")
    if supply.from_node_id and supply.type is not SupplyType.TRANSFER:
        raise InvalidSupply("from_node_id", "only a TRANSFER leaves another node; leave from_node_id empty")
    if supply.from_node_id == supply.pair.node_id:
        raise InvalidSupply("from_node_id", "a transfer goes to another node than the one that it leaves")


def arrival(supply: Supply, now: datetime) -> Arrival | None:
    """Return the open units and when they can be promised; None where there are none, or nobody knows when."""
    if supply.state is not State.OPEN or not supply.open:
        return None
    if supply.lead_time is not None:
        return Arrival(now + supply.lead_time, supply.open)
    return Arrival(supply.expect_time, supply.open) if supply.expect_time is not None else None


def _still_open(supply: Supply) -> None:
    if supply.state is not State.OPEN:
        raise SupplyNotOpen(supply.supply_id, supply.state)


def _settled(supply: Supply) -> Supply:
    """Return the supply in the state that its numbers say."""
    if supply.open:
        return supply
    return replace(supply, state=State.RECEIVED if supply.received else State.CANCELLED)
