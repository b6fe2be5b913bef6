"""What the solver decides, case by case."""

import pytest

from services.routing.domain.solver import CannotShipError, Option, Problem, Solution, Source, Want, solve

LOST = 1_000_000


def want(quantity: int, *, unserved_cost: int = LOST, may_be_cut: bool = True) -> Want:
    return Want(sku="S", quantity=quantity, unserved_cost=unserved_cost, may_be_cut=may_be_cut)


def option(key: str = "ground", *, fixed: int = 500, unit: tuple[int | None, ...], pick: int = 0) -> Option:
    return Option(key=key, fixed=fixed, unit=unit, pick=(pick,) * len(unit))


def source(key: str, stock: tuple[int, ...], *options: Option) -> Source:
    return Source(key=key, stock=stock, options=options)


def problem(
    wants: tuple[Want, ...], *sources: Source, split: int = 500, most: int = 0, required: tuple[str, ...] = ()
) -> Problem:
    return Problem(wants=wants, sources=sources, split_cost=split, max_shipments=most, required=frozenset(required))


def shipped(solution: Solution) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(it.source, it.option, it.units) for it in solution.shipments]


def test_one_dear_parcel_is_better_than_two_cheap_ones_and_a_split():
    wants = want(1), want(1)
    both = source("both", (1, 1), option(fixed=900, unit=(100, 100)))
    left = source("left", (1, 0), option(fixed=300, unit=(10, None)))
    right = source("right", (0, 1), option(fixed=300, unit=(None, 10)))
    assert shipped(solve(problem(wants, both, left, right))) == [("both", "ground", (1, 1))]
    assert shipped(solve(problem(wants, both, left, right, split=0))) == [
        ("left", "ground", (1, 0)),
        ("right", "ground", (0, 1)),
    ]


def test_an_option_that_may_not_carry_one_want_is_not_used_for_it():
    air = option("air", fixed=100, unit=(10, None))
    ground = option("ground", fixed=400, unit=(10, 10))
    found = solve(problem((want(1), want(1)), source("a", (5, 5), air, ground)))
    assert shipped(found) == [("a", "ground", (1, 1))]
    assert found.cost == 420


def test_units_that_cost_more_to_ship_than_to_leave_are_left():
    found = solve(problem((want(3, unserved_cost=50),), source("a", (3,), option(fixed=0, unit=(60,)))))
    assert (found.shipments, found.unserved, found.cost) == ((), (3,), 150)


def test_what_nobody_has_is_unserved_and_paid_for():
    found = solve(problem((want(5, unserved_cost=1_000),), source("a", (2,), option(unit=(10,)))))
    assert (found.unserved, found.cost) == ((3,), 3_000 + 500 + 20)


def test_a_want_that_may_not_be_cut_ships_whole_or_not_at_all():
    halves = [source(key, (2,), option(unit=(10,))) for key in "ab"]
    assert solve(problem((want(4),), *halves)).unserved == (0,)
    whole = want(4, may_be_cut=False)
    assert solve(problem((whole,), *halves)).unserved == (4,)
    dear = source("c", (4,), option(fixed=5_000, unit=(100,)))
    assert shipped(solve(problem((whole,), *halves, dear))) == [("c", "ground", (4,))]


def test_a_want_that_may_not_be_cut_and_is_short_ships_all_there_is_where_one_source_has_it():
    found = solve(problem((want(4, may_be_cut=False),), source("a", (3,), option(unit=(10,)))))
    assert (shipped(found), found.unserved) == ([("a", "ground", (3,))], (1,))


def test_more_shipments_than_allowed_are_not_made_whatever_stays_behind():
    sources = [source(key, (units,), option(unit=(10,))) for key, units in (("a", 3), ("b", 2), ("c", 1))]
    assert solve(problem((want(6),), *sources)).unserved == (0,)
    assert solve(problem((want(6),), *sources, most=2)).unserved == (1,)
    assert shipped(solve(problem((want(6),), *sources, most=1))) == [("a", "ground", (3,))]


def test_a_required_source_ships_even_where_that_costs_more():
    cheap = source("cheap", (2,), option(fixed=100, unit=(10,)))
    dear = source("dear", (2,), option(fixed=900, unit=(10,)))
    assert shipped(solve(problem((want(2),), cheap, dear))) == [("cheap", "ground", (2,))]
    found = solve(problem((want(2),), cheap, dear, required=("dear",)))
    assert shipped(found) == [("dear", "ground", (2,))]
    assert found.cost == 920


@pytest.mark.parametrize("required", [("empty",), ("nowhere",), ("a", "b")])
def test_required_sources_that_cannot_all_ship_are_an_error(required):
    sources = [source(key, (1,), option(unit=(10,))) for key in "ab"]
    with pytest.raises(CannotShipError):
        solve(problem((want(1),), *sources, source("empty", (0,), option(unit=(1,))), required=required))


def test_a_score_draws_a_shipment_to_a_source_but_never_an_empty_one():
    plain = source("plain", (2,), option(fixed=100, unit=(10,)))
    scored = source("scored", (1,), option(fixed=-2_000, unit=(400,)))
    assert shipped(solve(problem((want(2),), plain, scored))) == [
        ("plain", "ground", (1,)),
        ("scored", "ground", (1,)),
    ]
    useless = source("useless", (0,), option(fixed=-2_000, unit=(1,)))
    assert shipped(solve(problem((want(2),), plain, useless))) == [("plain", "ground", (2,))]


def test_paying_for_a_pick_twice_is_weighed_against_a_dearer_unit():
    cheap = source("a", (3,), option(fixed=0, unit=(10,), pick=100))
    rest = source("b", (4,), option(fixed=0, unit=(30,), pick=100))
    assert shipped(solve(problem((want(4),), cheap, rest, split=0))) == [("b", "ground", (4,))]


def test_of_equal_sources_the_first_key_ships_and_of_equal_options_the_first_key_is_used():
    options = option("x", unit=(10,)), option("b", unit=(10,))
    sources = [source(key, (1,), *options) for key in ("n2", "n1", "n3")]
    assert shipped(solve(problem((want(1),), *sources))) == [("n1", "b", (1,))]


def test_nothing_wanted_or_nobody_there_is_a_plan_without_shipments():
    assert solve(problem(())).cost == 0
    found = solve(problem((want(2),)))
    assert (found.unserved, found.cost, found.lower_bound, found.proven) == ((2,), 2 * LOST, 2 * LOST, True)


def test_a_penalty_far_above_all_prices_does_not_blur_them():
    wants = tuple(want(2, unserved_cost=10**15) for _ in range(4))
    sources = [
        source(f"n{place}", tuple(2 * (it != place) for it in range(4)), option(fixed=501 + place, unit=(7,) * 4))
        for place in range(4)
    ]
    found = solve(problem(wants, *sources, split=10**12))
    assert [it.source for it in found.shipments] == ["n0", "n1"]
    assert found.cost == 501 + 502 + 8 * 7 + 10**12
    assert found.proven
