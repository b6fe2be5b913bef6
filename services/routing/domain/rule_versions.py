"""How far a version of a rule set has come, which steps there are, and what must have been looked at before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel.errors import FailedPrecondition


class State(StrEnum):
    """How far a version has come."""

    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    SHADOW = "SHADOW"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"


class Item(StrEnum):
    """What must have been looked at before a version plans orders."""

    SPLITS = "SPLITS"
    EXCEPTIONS = "EXCEPTIONS"
    UNCOVERED_ORDERS = "UNCOVERED_ORDERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Somebody has looked at a part of what a version does, in a simulation of it."""

    item: Item
    simulation_id: str
    actor: str
    note: str
    time: datetime


class WrongState(FailedPrecondition):
    reason = "RULE_SET_STATE"

    def __init__(self, version: str, state: State, wanted: State, possible: Collection[State]) -> None:
        steps = ", ".join(sorted(possible)) or "nothing"
        message = f"{version} is {state} and cannot become {wanted}; from here it can become {steps}"
        super().__init__(message, version=version, state=state, wanted=wanted, possible=steps)


class ReviewMissing(FailedPrecondition):
    reason = "REVIEW_MISSING"

    def __init__(self, version: str, missing: list[Item]) -> None:
        names = ", ".join(missing)
        message = f"nobody has looked at {names} of {version} yet; simulate it, then ReviewRuleSet"
        super().__init__(message, version=version, missing=names)


class RuleSetFailed(FailedPrecondition):
    reason = "RULE_SET_FAILED"

    def __init__(self, version: str, failures: list[str]) -> None:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        named = {f"failure_{number}": text for number, text in enumerate(failures[:10], start=1)}
        super().__init__(f"{version} cannot be relied on: {failures[0]}{more}", version=version, **named)


_STEPS = {
    State.DRAFT: {State.VALIDATED, State.RETIRED},
    State.VALIDATED: {State.SHADOW, State.ACTIVE, State.RETIRED},
    State.SHADOW: {State.ACTIVE, State.RETIRED},
    State.ACTIVE: {State.RETIRED},
    # Back to what has planned orders before.
    State.RETIRED: {State.ACTIVE},
}


def check_step(version: str, state: State, wanted: State, *, past: Collection[State]) -> None:
    """Say whether a version may go on to a state; `past` is every state that it has been in.

    Raises:
        WrongState: not from here.
    """
    possible = _STEPS[state] if state is not State.RETIRED or State.ACTIVE in past else set()
    if wanted not in possible:
        raise WrongState(version, state, wanted, possible)


def check_reviews(version: str, reviews: Collection[Review], *, past: Collection[State]) -> None:
    """Say whether a version may plan orders: everything has been looked at, or it has planned orders before.

    Raises:
        ReviewMissing: with what has not been looked at.
    """
    seen = {review.item for review in reviews}
    if State.ACTIVE not in past and (missing := [item for item in Item if item not in seen]):
        raise ReviewMissing(version, missing)
