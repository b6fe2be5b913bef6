"""What a plan costs in CPU, inside a process that knows the network and has just read the stock."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench._orders import Case, built, case, inputs
from bench._us import network
from services.routing import geocode
from services.routing.domain.network import Network
from services.routing.domain.outcome import Plan
from services.routing.domain.planning import make_plan
from services.routing.domain.rules import Rules


@dataclass(slots=True)
class Cell:
    """What plans of one size cost, in milliseconds of CPU, and how good they are."""

    lines: int
    nodes: int
    rules: str
    # The first order to its destination: the ZIP code is looked up, and every way from every node priced.
    cold: list[float] = field(default_factory=list)
    # Any later one.
    warm: list[float] = field(default_factory=list)
    # A reason for every node that was looked at, in words, and those of the whole plan: what a decision records.
    reasons: list[float] = field(default_factory=list)
    proven: int = 0
    gaps: list[float] = field(default_factory=list)
    shipments: int = 0

    @property
    def told(self) -> list[float]:
        """Warm, reasons included."""
        return [plan + reasons for plan, reasons in zip(self.warm, self.reasons, strict=True)]


def measure(
    lines: int, nodes: int, rules: Rules, *, orders: int, seconds: float, told: Callable[[], None] = lambda: None
) -> Cell:
    """Plan so many different orders, or as many as the seconds allow, at least three; each cold, then warm."""
    message = network(nodes)
    ready = built(message)
    geocode.warm()
    # What a service has had for hours is not looked through again for every thousandth order.
    gc.collect()
    gc.freeze()
    cell = Cell(lines, nodes, rules.version)
    began = time.process_time()
    for seed in range(orders):
        if seed >= 3 and time.process_time() - began > seconds:
            break
        _measure(cell, case(message, lines, seed), ready, rules)
        told()
    gc.unfreeze()
    return cell


def _measure(cell: Cell, order: Case, ready: Network, rules: Rules) -> None:
    geocode.zip_place.cache_clear()
    ready.reaches.clear()
    cell.cold.append(_plan(order, ready, rules)[1])
    plan, took = _plan(order, ready, rules)
    cell.warm.append(took)
    started = time.process_time_ns()
    assert plan.candidates
    assert plan.explanation
    cell.reasons.append((time.process_time_ns() - started) / 1e6)
    cell.shipments += len(plan.assignments)
    cell.proven += plan.proven
    if not plan.proven and plan.least_cost is not None:
        cell.gaps.append(1 - plan.least_cost.minor / plan.total_cost.minor)


def _plan(order: Case, ready: Network, rules: Rules) -> tuple[Plan, float]:
    started = time.process_time_ns()
    plan = make_plan(inputs(order, ready, rules))
    return plan, (time.process_time_ns() - started) / 1e6


def at(values: list[float], share: float) -> float:
    """Return the value that so great a share is not above."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
