"""The solver finds what an exact solver of another make finds, and what trying everything finds."""

import itertools
import random
from dataclasses import replace

import highspy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.routing.domain.solver import CannotShipError, Option, Problem, Solution, Source, Want, solve
from services.routing.domain.solver.problem import Shipment


def price(problem: Problem, shipments: list[Shipment]) -> int:
    """What shipments cost, by the definition and nothing else."""
    options = {(source.key, option.key): option for source in problem.sources for option in source.options}
    cost = problem.split_cost * max(0, len(shipments) - 1)
    for it in shipments:
        option = options[it.source, it.option]
        cost += option.fixed
        for units, unit, pick in zip(it.units, option.unit, option.pick, strict=True):
            if units:
                assert unit is not None
                cost += units * unit + pick
    for number, want in enumerate(problem.wants):
        cost += want.unserved_cost * (want.quantity - sum(it.units[number] for it in shipments))
    return cost


def to_be_had(problem: Problem, number: int) -> int:
    stock = sum(
        source.stock[number]
        for source in problem.sources
        if any(option.unit[number] is not None for option in source.options)
    )
    return min(stock, problem.wants[number].quantity)


def by_highs(problem: Problem) -> int | None:
    """The least cost by a general solver of integer programs, or None where no plan keeps the rules."""
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("mip_abs_gap", 0.0)
    infinity = highspy.kHighsInf
    count = 0

    def column(cost: int, upper: float) -> int:
        nonlocal count
        model.addCol(float(cost), 0.0, float(upper), 0, [], [])
        model.changeColIntegrality(count, highspy.HighsVarType.kInteger)
        count += 1
        return count - 1

    def row(lower: float, upper: float, terms: list[tuple[int, float]]) -> None:
        model.addRow(lower, upper, len(terms), [it[0] for it in terms], [float(it[1]) for it in terms])

    some = column(-problem.split_cost, 1)
    opened, taken, picked = {}, {}, {}
    for source in problem.sources:
        for option in source.options:
            key = source.key, option.key
            opened[key] = column(option.fixed + problem.split_cost, 1)
            for number, (unit, pick) in enumerate(zip(option.unit, option.pick, strict=True)):
                most = min(source.stock[number], problem.wants[number].quantity)
                if unit is not None and most > 0:
                    taken[*key, number] = column(unit, most)
                    picked[*key, number] = column(pick, 1)
                    row(-infinity, 0, [(taken[*key, number], 1), (picked[*key, number], -most)])
                    row(-infinity, 0, [(picked[*key, number], 1), (opened[key], -1)])
                    if not problem.wants[number].may_be_cut:
                        whole = to_be_had(problem, number)
                        row(0, 0, [(taken[*key, number], 1), (picked[*key, number], -whole)])
            row(0, infinity, [(opened[key], -1), *((it, 1) for k, it in taken.items() if k[:2] == key)])
        least = 1 if source.key in problem.required else 0
        row(least, 1, [(opened[source.key, option.key], 1) for option in source.options])
    row(0, infinity, [(some, -1), *((it, 1) for it in opened.values())])
    for it in opened.values():
        row(0, infinity, [(some, 1), (it, -1)])
    if problem.max_shipments:
        row(0, problem.max_shipments, [(it, 1) for it in opened.values()])
    for number, want in enumerate(problem.wants):
        left = column(want.unserved_cost, want.quantity)
        row(want.quantity, want.quantity, [(left, 1), *((it, 1) for k, it in taken.items() if k[2] == number)])
        if not want.may_be_cut:
            row(0, 1, [(it, 1) for k, it in picked.items() if k[2] == number])
    model.run()
    if model.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    values = [round(value) for value in model.getSolution().col_value]
    shipments = [
        Shipment(
            source=source,
            option=option,
            units=tuple(
                values[taken[source, option, number]] if (source, option, number) in taken else 0
                for number in range(len(problem.wants))
            ),
        )
        for (source, option), it in opened.items()
        if values[it]
    ]
    return price(problem, shipments)


def instance(chance: random.Random, *, wants: int = 6, sources: int = 8, options: int = 4, most: int = 8) -> Problem:
    """A small problem with everything in it: scarce stock, lines that may not be cut, few shipments allowed, scores
    that make an option pay, sources that must ship, and prices small enough that many plans cost the same."""
    wanted = chance.randint(1, wants)
    high = chance.choice([6, 50, 100_000])
    least = -high if chance.random() < 0.3 else 0
    cut = chance.choice([1.0, 1.0, 0.6])
    picks = chance.choice([0.0, 0.6])
    scarce = chance.choice([0.3, 0.7, 1.0])

    def option(number: int) -> Option:
        return Option(
            key=f"o{number}",
            fixed=chance.randint(least, 3 * high),
            unit=[chance.randint(0, high) if chance.random() < 0.9 else None for _ in range(wanted)],
            pick=[chance.randint(0, high) if chance.random() < picks else 0 for _ in range(wanted)],
        )

    made = tuple(
        Source(
            key=f"n{number}",
            stock=[chance.randint(0, most) if chance.random() < scarce else 0 for _ in range(wanted)],
            options=tuple(option(it) for it in range(chance.randint(1, options))),
        )
        for number in range(chance.randint(1, sources))
    )
    return Problem(
        wants=tuple(
            Want(
                sku=f"s{number}",
                quantity=chance.randint(1, most),
                unserved_cost=chance.choice([chance.randint(0, high), 10 * high, 1_000 * high]),
                may_be_cut=chance.random() < cut,
            )
            for number in range(wanted)
        ),
        sources=made,
        split_cost=chance.choice([0, high // 2, 2 * high]),
        max_shipments=chance.choice([0, 0, 1, 2, 3]),
        required=frozenset(it.key for it in made if chance.random() < 0.08),
    )


def solved(problem: Problem) -> Solution | None:
    try:
        return solve(problem)
    except CannotShipError:
        return None


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 300), pytest.param(1_000, 10_000, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])],
)
def test_the_cost_is_that_of_an_independent_exact_solver(first: int, count: int):
    for seed in range(first, first + count):
        problem = instance(random.Random(seed))
        found = solved(problem)
        assert (None if found is None else found.cost) == by_highs(problem), f"seed {seed}"
        assert found is None or found.proven


@settings(deadline=None, max_examples=100)
@given(st.randoms(use_true_random=False))
def test_whatever_the_problem_the_cost_is_that_of_an_independent_exact_solver(chance: random.Random):
    problem = instance(chance, wants=3, sources=4, options=3)
    found = solved(problem)
    assert (None if found is None else found.cost) == by_highs(problem)


@settings(deadline=None, max_examples=150)
@given(st.randoms(use_true_random=False))
def test_no_plan_there_is_costs_less(chance: random.Random):
    problem = instance(chance, wants=2, sources=3, options=2, most=3)
    found = solved(problem)
    assert (None if found is None else found.cost) == _by_trying_everything(problem)


def _by_trying_everything(problem: Problem) -> int | None:
    ways: list[list[Shipment | None]] = []
    for source in problem.sources:
        mine: list[Shipment | None] = [] if source.key in problem.required else [None]
        for option in source.options:
            rooms = [
                range(1 if unit is None else stock + 1) for unit, stock in zip(option.unit, source.stock, strict=True)
            ]
            mine += [
                Shipment(source=source.key, option=option.key, units=units)
                for units in itertools.product(*rooms)
                if any(units)
            ]
        ways.append(mine)
    best = None
    for plan in itertools.product(*ways):
        shipments = [it for it in plan if it is not None]
        if _keeps_the_rules(problem, shipments):
            cost = price(problem, shipments)
            best = cost if best is None else min(best, cost)
    return best


def _keeps_the_rules(problem: Problem, shipments: list[Shipment]) -> bool:
    if problem.max_shipments and len(shipments) > problem.max_shipments:
        return False
    for number, want in enumerate(problem.wants):
        parts = [it.units[number] for it in shipments if it.units[number]]
        if sum(parts) > want.quantity:
            return False
        if not want.may_be_cut and parts not in ([], [to_be_had(problem, number)]):
            return False
    return True


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 20_000))
def test_a_plan_keeps_the_rules_and_costs_what_it_says_however_little_effort_is_allowed(
    chance: random.Random, effort: int
):
    problem = instance(chance)
    try:
        found = solve(problem, effort=effort)
    except CannotShipError:
        assume(False)
        raise
    shipments = list(found.shipments)
    assert _keeps_the_rules(problem, shipments)
    assert price(problem, shipments) == found.cost
    assert found.lower_bound <= found.cost
    assert found.proven == (found.lower_bound == found.cost)
    assert [it.source for it in shipments] == sorted({it.source for it in shipments})
    assert problem.required <= {it.source for it in shipments}
    stock = {source.key: source.stock for source in problem.sources}
    for it in shipments:
        assert any(it.units)
        assert all(0 <= units <= there for units, there in zip(it.units, stock[it.source], strict=True))
    for number, want in enumerate(problem.wants):
        assert found.unserved[number] + sum(it.units[number] for it in shipments) == want.quantity


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_same_problem_in_another_order_has_the_same_solution(chance: random.Random):
    problem = instance(chance)
    shuffled = [
        replace(source, options=tuple(chance.sample(source.options, len(source.options)))) for source in problem.sources
    ]
    chance.shuffle(shuffled)
    assert solved(replace(problem, sources=tuple(shuffled))) == solved(problem)
