"""Deciding about differences, and changes that cannot be."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from services.inventory.domain.drift import Drift, DriftException, State
from services.inventory.domain.position import Pair, Position
from services.inventory.domain.problems import StockBelowZero
from services.inventory.domain.problems_sources import DriftExceptionDecided


def decide(found: DriftException, *, accept: bool, note: str, actor: str, now: datetime) -> DriftException:
    """Return the difference with its decision.

    Raises:
        DriftExceptionDecided: it has one.
    """
    if found.state is not State.OPEN:
        raise DriftExceptionDecided(found.drift_exception_id, found.state)
    state = State.ACCEPTED if accept else State.REJECTED
    return replace(found, state=state, note=note, decide_actor=actor, decide_time=now)


def check(found: DriftException, position: Position) -> None:
    """Refuse a correction that takes away more than there is now: what happened since proves that count wrong.

    Raises:
        StockBelowZero: it does.
    """
    if position.on_hand + found.proposed_delta < 0:
        raise StockBelowZero(found.pair, "on_hand", there=position.on_hand, delta=found.proposed_delta)


def impossible(positions: Mapping[Pair, Position], deltas: Mapping[Pair, int]) -> list[Drift]:
    """Return where more went than there was: that took our figure to zero and no further."""
    found: list[Drift] = []
    for pair, delta in sorted(deltas.items()):
        position = positions.get(pair)
        on_hand = position.on_hand if position else 0
        if on_hand + delta < 0:
            reserved = position.reserved if position else 0
            found.append(Drift(sku=pair.sku, was_on_hand=on_hand, on_hand=0, oversold=reserved))
    return found
