"""The generated year that policies are held against each other on, and the worlds in which they plan it."""

import numpy as np
import pytest

from bench import _route_floor
from bench._orders import built, case, inputs
from bench._us import network
from bench._worlds import POLICIES, World
from bench._year import Units, Year
from services.routing.domain.solver import solve


@pytest.fixture(scope="module")
def year() -> Year:
    return Year(orders=150, skus=30, single=0.3, seed=7)


def test_the_same_seed_makes_the_same_year(year: Year) -> None:
    again = Year(orders=150, skus=30, single=0.3, seed=7)

    assert again.orders == year.orders
    assert np.array_equal(again.delivered(3, again.empty()), year.delivered(3, year.empty()))


def test_every_policy_ships_what_is_there_and_says_what_it_leaves(year: Year) -> None:
    for policy in POLICIES:
        (weeks,) = World(year, policy).run()

        assert weeks.sums("orders").sum() == 150
        assert weeks.sums("split").sum() <= weeks.sums("extra").sum() < weeks.sums("shipments").sum()
        assert 0 <= weeks.sums("left").sum() < weeks.sums("units").sum()


def test_no_shelf_is_ever_below_empty(year: Year) -> None:
    seen: list[int] = []

    class Watched(Year):
        def delivered(self, week: int, stock: Units) -> Units:
            seen.append(int(stock.min()))
            return super().delivered(week, stock)

    World(Watched(orders=150, skus=30, single=0.3, seed=7), POLICIES[2]).run()

    assert len(seen) == 52
    assert min(seen) == 0


def test_on_the_same_shelves_nobody_makes_fewer_parcels_than_fewest_splits(year: Year) -> None:
    found = {weeks.name: weeks for weeks in World(year, POLICIES[0]).run(POLICIES[1:])}

    least = found["fewest splits"].sums("shipments")
    assert all((weeks.sums("shipments") >= least).all() for weeks in found.values())


def test_a_general_solver_finds_the_same_least_cost_for_the_orders_that_are_measured() -> None:
    message = network(20)
    ready = built(message)

    for seed in range(5):
        asked = _route_floor.problem(inputs(case(message, 4, seed), ready))
        assert abs(_route_floor.by_highs(asked)[0] - solve(asked).cost) < 1
