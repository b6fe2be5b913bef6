"""What holds for every plan, whatever the network, the stock and the order."""

import itertools
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.money import Money
from services.routing.domain import network
from services.routing.domain.demand import Demand, DemandLine, Destination, Exclusion, ServiceLevel, Strategy
from services.routing.domain.geo import Point
from services.routing.domain.node import Node, NodeType
from services.routing.domain.outcome import Plan
from services.routing.domain.plan import Inputs, make_plan
from tests.unit.routing.build import inputs, node

SKUS = ("A", "B", "C")
# New York, Chicago, Los Angeles, Berlin.
_TOWNS = (Point(40.7, -74.0), Point(41.9, -87.6), Point(34.0, -118.2), Point(52.5, 13.4))


@st.composite
def networks(draw: st.DrawFn, most: int = 7) -> list[Node]:
    return [
        node(
            f"n{number}",
            type=draw(st.sampled_from([*NodeType, NodeType.DC, NodeType.DC, NodeType.DC])),
            country_code=draw(st.sampled_from(["US", "DE", "GB"])),
            point=Point(draw(st.integers(-60, 70)), draw(st.integers(-170, 170))),
            order_cost=Money(draw(st.integers(0, 900)), "USD"),
            line_cost=Money(draw(st.integers(0, 300)), "USD"),
            serves_country_codes=draw(st.sampled_from([(), (), (), ("US",), ("DE", "GB")])),
            capabilities=draw(st.sampled_from([("ship-from-store",), ()])),
            disabled=draw(st.sampled_from([False, False, False, False, True])),
        )
        for number in range(draw(st.integers(0, most)))
    ]


@st.composite
def worlds(draw: st.DrawFn) -> Inputs:
    nodes = draw(networks())
    quantities = draw(st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 12)), min_size=1, max_size=5))
    exclusion = st.builds(
        Exclusion, node_id=st.sampled_from([f"n{number}" for number in range(7)]), sku=st.sampled_from(["", *SKUS])
    )
    wanted = Demand(
        lines=tuple(DemandLine(line_id=f"l{i}", sku=sku, quantity=q) for i, (sku, q) in enumerate(quantities)),
        destination=Destination(country_code="US"),
        service_level=draw(st.sampled_from(ServiceLevel)),
        exclusions=frozenset(draw(st.lists(exclusion, max_size=3))),
        strategy=draw(st.sampled_from(Strategy)),
        ship_complete=draw(st.booleans()),
    )
    stock = {one.node_id: {sku: draw(st.integers(0, 9)) for sku in SKUS} for one in nodes}
    return inputs(wanted, nodes, stock)


@given(worlds())
def test_every_unit_is_planned_or_unplanned_and_none_is_both(world: Inputs):
    made = make_plan(world)
    units: Counter[tuple[str, str]] = Counter()
    for assignment in made.assignments:
        for piece in assignment.pieces:
            assert piece.quantity > 0
            units[piece.line_id, piece.sku] += piece.quantity
    for line in made.unplanned:
        assert line.quantity > 0
        units[line.line_id, line.sku] += line.quantity
    assert units == {(line.line_id, line.sku): line.quantity for line in world.demand.lines}


@given(worlds())
def test_no_node_ships_more_than_it_has(world: Inputs):
    taken: Counter[tuple[str, str]] = Counter()
    for assignment in make_plan(world).assignments:
        for piece in assignment.pieces:
            taken[assignment.node.node_id, piece.sku] += piece.quantity
    assert all(units <= world.stock[node_id][sku] for (node_id, sku), units in taken.items())


@given(worlds())
def test_only_nodes_that_are_enabled_and_ship_there_and_are_not_excluded_get_work(world: Inputs):
    for assignment in make_plan(world).assignments:
        one = assignment.node
        assert not one.disabled
        assert one.serves("US")
        assert one.type is not NodeType.PICKUP_POINT
        assert one.type is not NodeType.STORE or "ship-from-store" in one.capabilities
        assert Exclusion(node_id=one.node_id) not in world.demand.exclusions
        for piece in assignment.pieces:
            assert Exclusion(node_id=one.node_id, sku=piece.sku) not in world.demand.exclusions


@given(worlds())
def test_an_order_that_must_ship_complete_is_planned_whole_or_not_at_all(world: Inputs):
    made = make_plan(replace(world, demand=replace(world.demand, ship_complete=True)))
    assert not made.assignments or not made.unplanned


@given(worlds())
def test_every_strategy_covers_as_many_units_as_there_are(world: Inputs):
    covered = {_units(_by(world, strategy)) for strategy in Strategy}
    assert len(covered) == 1


@given(worlds(), st.randoms())
def test_the_same_inputs_in_another_order_make_the_same_plan(world: Inputs, random):
    nodes = list(world.nodes)
    random.shuffle(nodes)
    assert make_plan(replace(world, nodes=tuple(nodes))) == make_plan(world)


@given(worlds())
def test_every_node_is_a_candidate_once_and_the_chosen_ones_are_those_with_work(world: Inputs):
    made = make_plan(world)
    assert sorted(one.node_id for one in made.candidates) == sorted(one.node_id for one in world.nodes)
    assert [one.node_id for one in made.candidates if one.chosen] == [it.node.node_id for it in made.assignments]
    assert all(one.explanation for one in made.candidates)


@given(worlds())
def test_no_other_strategy_is_cheaper_than_least_cost_and_none_has_fewer_shipments_than_fewest_splits(world: Inputs):
    plans = {strategy: _by(world, strategy) for strategy in Strategy}
    assert min(plan.total_cost.minor for plan in plans.values()) == plans[Strategy.LEAST_COST].total_cost.minor
    assert min(len(plan.assignments) for plan in plans.values()) == len(plans[Strategy.FEWEST_SPLITS].assignments)


@st.composite
def small_worlds(draw: st.DrawFn) -> Inputs:
    """Two to four nodes that all come into question, near and far, cheap and dear, and lines of different SKUs that are
    too large for most of them: few enough to try every single allocation, and hard enough that it matters."""
    nodes = [
        node(
            f"n{number}",
            country_code=draw(st.sampled_from(["US", "US", "DE"])),
            point=draw(
                st.sampled_from([Point(40.7, -74.0), Point(41.9, -87.6), Point(34.0, -118.2), Point(52.5, 13.4)])
            ),
            order_cost=Money(draw(st.sampled_from([0, 100, 400, 1500])), "USD"),
            line_cost=Money(draw(st.sampled_from([0, 50, 600])), "USD"),
        )
        for number in range(draw(st.integers(2, 4)))
    ]
    quantities = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    wanted = Demand(
        lines=tuple(
            DemandLine(line_id=sku, sku=sku, quantity=units) for sku, units in zip(SKUS, quantities, strict=False)
        ),
        destination=Destination(country_code="US"),
        service_level=draw(st.sampled_from(ServiceLevel)),
    )
    most = 5 if len(quantities) < 3 else 3
    return inputs(wanted, nodes, {one.node_id: {sku: draw(st.integers(0, most)) for sku in SKUS} for one in nodes})


@settings(deadline=None, max_examples=300)
@given(small_worlds())
def test_least_cost_is_the_least_of_all_allocations_there_are(world: Inputs):
    prices = _every_price(world)
    assert make_plan(world).total_cost.minor == min(money for _, money in prices)


@settings(deadline=None, max_examples=300)
@given(small_worlds())
def test_fewest_splits_has_the_fewest_shipments_of_all_and_of_those_the_least_cost(world: Inputs):
    made = _by(world, Strategy.FEWEST_SPLITS)
    assert (len(made.assignments), made.total_cost.minor) == min(_every_price(world))


def _every_price(world: Inputs) -> list[tuple[int, int]]:
    """Return (shipments, cost) of every allocation that covers as much as can be, found by trying all of them."""
    offers = _offers(world)
    ways = []
    for line in world.demand.lines:
        rooms = [range(offer.stock.get(line.sku, 0) + 1) for offer in offers]
        most = min(line.quantity, sum(len(room) - 1 for room in rooms))
        ways.append([units for units in itertools.product(*rooms) if sum(units) == most])
    prices = []
    for allocation in itertools.product(*ways):
        shipments, money = 0, 0
        for offer, units in zip(offers, zip(*allocation, strict=True), strict=True):
            if any(units):
                shipments += 1
                money += offer.parcel_cost + offer.unit_cost * sum(units)
                money += offer.order_cost + offer.line_cost * sum(1 for some in units if some)
        prices.append((shipments, money + world.rules.split_penalty * max(0, shipments - 1)))
    return prices


@given(worlds())
def test_nearest_leaves_nothing_at_a_node_that_a_farther_one_ships(world: Inputs):
    made = _by(world, Strategy.NEAREST)
    shipped = {(it.node.node_id, piece.sku): 0 for it in made.assignments for piece in it.pieces}
    for assignment in made.assignments:
        for piece in assignment.pieces:
            shipped[assignment.node.node_id, piece.sku] += piece.quantity
    offers = _offers(world)
    for far in offers:
        for sku in SKUS:
            if shipped.get((far.node_id, sku)):
                nearer = [one for one in offers if (one.distance_km or 0) < (far.distance_km or 0)]
                assert all(shipped.get((one.node_id, sku), 0) == one.stock.get(sku, 0) for one in nearer)


def _offers(world: Inputs) -> list[network.Offer]:
    serving, _ = network.qualify(world.nodes, world.demand)
    return [network.offer(one, world.demand, world.stock[one.node_id], world.place, world.rules) for one in serving]


def _by(world: Inputs, strategy: Strategy) -> Plan:
    return make_plan(replace(world, demand=replace(world.demand, strategy=strategy)))


def _units(plan: Plan) -> int:
    return sum(piece.quantity for assignment in plan.assignments for piece in assignment.pieces)
