"""A general solver of integer programs on the same question, as most do it: on the ten most promising nodes only.

The model is the strong one (picked <= opened, taken <= stock * picked). Building it is not counted, solving is; nor is
the building of our own problem counted, which is part of what a plan costs in the other tables.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import highspy
import numpy as np

from bench._orders import built, case, inputs
from bench._us import network
from services.routing.domain.inputs import Inputs
from services.routing.domain.methods import UNSERVED
from services.routing.domain.offers import Offering
from services.routing.domain.order import Order
from services.routing.domain.reach import MILLS
from services.routing.domain.rules import BUILTIN
from services.routing.domain.solver import Problem, Want, solve

_RANKED = 10


@dataclass(slots=True)
class Floor:
    """Milliseconds of CPU for the same problems; `agreed` counts those for which both found the same least cost."""

    lines: int
    nodes: int
    highs: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    agreed: int = 0
    # On all nodes, not only the ten; how much dearer the ten are, and how often they have not everything.
    ours_all: list[float] = field(default_factory=list)
    dearer: list[float] = field(default_factory=list)
    short: int = 0


def measure(lines: int, nodes: int, *, orders: int, told: Callable[[], None] = lambda: None) -> Floor:
    """Solve so many orders by both."""
    message = network(nodes)
    ready = built(message)
    floor = Floor(lines, nodes)
    for seed in range(orders):
        everything = problem(inputs(case(message, lines, seed), ready))
        ranked = _ranked(everything)
        started = time.process_time_ns()
        mine = solve(ranked)
        between = time.process_time_ns()
        whole = solve(everything)
        floor.ours.append((between - started) / 1e6)
        floor.ours_all.append((time.process_time_ns() - between) / 1e6)
        cost, took = by_highs(ranked)
        floor.highs.append(took)
        floor.agreed += abs(cost - mine.cost) < 1
        if sum(mine.unserved) > sum(whole.unserved):
            floor.short += 1
        else:
            floor.dearer.append(mine.cost / whole.cost - 1)
        told()
    return floor


def problem(made_from: Inputs) -> Problem:
    """Return what the solver is asked for an order, as planning asks it."""
    order = Order(made_from)
    strategy = BUILTIN.profiles[0].strategies[0]
    offers = [one for one in Offering(order, strategy).make().offers if one.choices]
    return Problem(
        wants=tuple(Want(sku=want.sku, quantity=want.quantity, unserved_cost=UNSERVED) for want in order.wants),
        sources=tuple(one.source() for one in offers),
        split_cost=strategy.split_cost * MILLS,
    )


def _ranked(everything: Problem) -> Problem:
    """Keep the nodes that have most of it; of those that have as much, the cheaper."""

    def rank(number: int) -> tuple[int, int]:
        source = everything.sources[number]
        had = sum(min(some, want.quantity) for some, want in zip(source.stock, everything.wants, strict=True))
        return -had, min(option.fixed for option in source.options)

    kept = sorted(range(len(everything.sources)), key=rank)[:_RANKED]
    return Problem(
        wants=everything.wants,
        sources=tuple(everything.sources[number] for number in sorted(kept)),
        split_cost=everything.split_cost,
    )


class _Model:
    """An integer program, column by column and row by row, handed over at once."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.uppers: list[float] = []
        self.rows: list[tuple[float, float, list[tuple[int, float]]]] = []

    def column(self, cost: int, upper: int) -> int:
        self.costs.append(float(cost))
        self.uppers.append(float(upper))
        return len(self.costs) - 1

    def row(self, lower: float, upper: float, *terms: tuple[int, float]) -> None:
        self.rows.append((lower, upper, list(terms)))

    def solved(self) -> tuple[float, float]:
        """Return the least cost, and the milliseconds of CPU that it took to find."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.costs), len(self.rows)
        lp.col_cost_, lp.col_upper_ = np.array(self.costs), np.array(self.uppers)
        lp.col_lower_ = np.zeros(len(self.costs))
        lp.row_lower_ = np.array([row[0] for row in self.rows])
        lp.row_upper_ = np.array([row[1] for row in self.rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(row[2]) for row in self.rows)])
        lp.a_matrix_.index_ = np.array([column for row in self.rows for column, _ in row[2]])
        lp.a_matrix_.value_ = np.array([value for row in self.rows for _, value in row[2]], dtype=float)
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(self.costs)
        highs = highspy.Highs()  # type: ignore[no-untyped-call] # the package has no types for it
        for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)):
            highs.setOptionValue(name, value)
        highs.passModel(lp)
        started = time.process_time_ns()
        highs.run()
        return highs.getInfo().objective_function_value, (time.process_time_ns() - started) / 1e6


def by_highs(asked: Problem) -> tuple[float, float]:
    """Return the least cost by HiGHS, and the milliseconds of CPU that it took."""
    model, infinity = _Model(), highspy.kHighsInf
    some = model.column(-asked.split_cost, 1)
    served: list[list[int]] = [[] for _ in asked.wants]
    opened = []
    for source in asked.sources:
        mine = []
        for option in source.options:
            opening = model.column(option.fixed + asked.split_cost, 1)
            mine.append(opening)
            for number, (unit, pick) in enumerate(zip(option.unit, option.pick, strict=True)):
                most = min(source.stock[number], asked.wants[number].quantity)
                if unit is not None and most > 0:
                    taken, picked = model.column(unit, most), model.column(pick, 1)
                    served[number].append(taken)
                    model.row(-infinity, 0, (taken, 1), (picked, -most))
                    model.row(-infinity, 0, (picked, 1), (opening, -1))
        opened += mine
        model.row(0, 1, *((opening, 1) for opening in mine))
    model.row(0, infinity, (some, -1), *((opening, 1) for opening in opened))
    for want, columns in zip(asked.wants, served, strict=True):
        missing = model.column(want.unserved_cost, want.quantity)
        model.row(want.quantity, want.quantity, (missing, 1), *((column, 1) for column in columns))
    return model.solved()
