"""What holds for every plan, whatever the network, the stock, the rules and the order."""

from collections import Counter
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from services.routing.domain.demand import Exclusion, Method, ServiceLevel
from services.routing.domain.inputs import Inputs
from services.routing.domain.network import Network
from services.routing.domain.node import Node
from services.routing.domain.outcome import Plan
from services.routing.domain.planning import make_plan
from services.routing.domain.rules import BUILTIN
from tests.property.routing_worlds import LIMITED, PRODUCTS, QUIET, SERVICES, SKUS, networks, taken, worlds
from tests.unit.routing.build import rules

ANY = worlds((BUILTIN, *LIMITED))


@QUIET
@given(ANY)
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


@QUIET
@given(ANY)
def test_no_node_ships_more_than_it_has(world: Inputs):
    for (node_id, sku), units in taken(make_plan(world)).items():
        assert units <= world.stock[node_id][sku]


@QUIET
@given(ANY)
def test_only_nodes_that_are_enabled_and_able_and_ship_there_and_are_not_excluded_get_work(world: Inputs):
    needed = {line.line_id: set(line.required_capabilities) for line in world.demand.lines}
    for assignment in make_plan(world).assignments:
        one = assignment.node
        assert not one.disabled
        assert one.serves("US")
        assert one.ships
        assert not one.programs or not world.demand.program or world.demand.program in one.programs
        assert Exclusion(node_id=one.node_id) not in world.demand.exclusions
        for piece in assignment.pieces:
            assert Exclusion(node_id=one.node_id, sku=piece.sku) not in world.demand.exclusions
            assert needed[piece.line_id] <= set(one.capabilities)


@QUIET
@given(ANY)
def test_everything_goes_by_a_service_that_carries_it_and_is_fast_enough(world: Inputs):
    levels = [*ServiceLevel]
    needed = {line.line_id: set(line.required_capabilities) for line in world.demand.lines}
    services = {one.service_code: one for one in SERVICES}
    for assignment in make_plan(world).assignments:
        used = services[assignment.service_code]
        assert levels.index(ServiceLevel(used.service_level)) >= levels.index(world.demand.service_level)
        for piece in assignment.pieces:
            assert needed[piece.line_id] <= used.capabilities
            assert not used.max_unit_grams or PRODUCTS[piece.sku].grams <= used.max_unit_grams


@QUIET
@given(ANY)
def test_an_order_that_must_ship_complete_is_planned_whole_or_not_at_all(world: Inputs):
    made = make_plan(replace(world, demand=replace(world.demand, ship_complete=True)))
    assert not made.assignments or not made.unplanned


@QUIET
@given(worlds())
def test_every_method_covers_as_many_units_as_there_are(world: Inputs):
    # Greedy choices may take what a service carries most of, and leave another's.
    light = replace(world, products={})
    covered = {sum(taken(_by(light, method)).values()) for method in Method}
    assert len(covered) == 1


@QUIET
@given(ANY, st.randoms())
def test_the_same_inputs_in_another_order_make_the_same_plan(world: Inputs, random):
    nodes = [site.node for site in world.network.sites]
    random.shuffle(nodes)
    shuffled = Network(nodes, {}, [*reversed(SERVICES)])
    again, made = make_plan(replace(world, network=shuffled)), make_plan(world)
    assert again == made
    assert again.candidates == made.candidates
    assert again.explanation == made.explanation


@QUIET
@given(ANY)
def test_every_node_is_a_candidate_once_and_the_chosen_ones_are_those_with_work(world: Inputs):
    made = make_plan(world)
    if made.candidates:
        assert sorted(one.node_id for one in made.candidates) == [site.node_id for site in world.network.sites]
    assert [one.node_id for one in made.candidates if one.chosen] == [it.node.node_id for it in made.assignments]
    assert all(one.explanation for one in made.candidates)
    assert made.explanation.endswith(".")


@QUIET
@given(ANY)
def test_costs_are_the_sum_of_their_terms(world: Inputs):
    made = make_plan(world)
    assert made.total_cost.minor == sum(amount.minor for amount in made.terms.values())
    parts = Counter[str]()
    for assignment in made.assignments:
        parts.update({name: amount.minor for name, amount in assignment.terms.items()})
    splitting = {"splitting"} & set(made.terms)
    assert {name: amount.minor for name, amount in made.terms.items() if name not in splitting} == dict(parts)


@QUIET
@given(ANY)
def test_what_is_left_has_a_fallback_and_what_is_whole_has_none(world: Inputs):
    made = make_plan(world)
    assert bool(made.unplanned) == (made.fallback is not None)
    assert [one.reason for one in made.trials].count("CHOSEN") <= 1
    assert bool(made.assignments) == (made.trials[-1].reason == "CHOSEN")


@QUIET
@given(worlds())
def test_no_other_method_is_cheaper_than_least_cost_and_none_has_fewer_shipments_than_fewest_splits(world: Inputs):
    plans = {method: _by(replace(world, products={}), method) for method in Method}
    assert min(plan.total_cost.minor for plan in plans.values()) == plans[Method.LEAST_COST].total_cost.minor
    assert min(len(plan.assignments) for plan in plans.values()) == len(plans[Method.FEWEST_SPLITS].assignments)


@QUIET
@given(worlds(), st.data())
def test_more_stock_never_makes_a_whole_order_dearer(world: Inputs, data: st.DataObject):
    world = _whole(world)
    before = make_plan(world)
    node_id = data.draw(st.sampled_from([site.node_id for site in world.network.sites]))
    sku = data.draw(st.sampled_from(SKUS))
    more = {
        **world.stock,
        node_id: {**world.stock[node_id], sku: world.stock[node_id][sku] + data.draw(st.integers(1, 9))},
    }
    after = make_plan(replace(world, stock=more))
    assert not after.unplanned
    assert after.total_cost.minor <= before.total_cost.minor


@QUIET
@given(worlds(), networks(least=1, most=1))
def test_another_node_never_makes_a_whole_order_dearer(world: Inputs, more: list[Node]):
    world = _whole(world)
    before, new = make_plan(world), replace(more[0], node_id="new")
    network = Network([*(site.node for site in world.network.sites), new], {}, SERVICES)
    stock = {**world.stock, "new": dict.fromkeys(SKUS, 9)}
    after = make_plan(replace(world, network=network, stock=stock))
    assert not after.unplanned
    assert after.total_cost.minor <= before.total_cost.minor


def _whole(world: Inputs) -> Inputs:
    """Return an order of what can be shipped of this one, at least cost."""
    world = replace(world, demand=replace(world.demand, method=None, ship_complete=False))
    made = make_plan(world)
    short = {line.line_id: line.quantity for line in made.unplanned}
    lines = [replace(line, quantity=line.quantity - short.get(line.line_id, 0)) for line in world.demand.lines]
    assume(made.assignments)
    world = replace(world, demand=replace(world.demand, lines=tuple(line for line in lines if line.quantity)))
    assert not make_plan(world).unplanned
    return world


@QUIET
@given(ANY, st.sampled_from(["when", "nodes", "services", "stock", "accept"]))
def test_a_strategy_that_fails_plans_nothing_and_the_rest_plans_as_if_it_were_not_there(world: Inputs, place: str):
    world = replace(world, demand=replace(world.demand, priority=7, method=None))
    profile = world.rules.profiles[0]
    (broken,) = rules({"name": "broken", place: "1 / (order.priority - 7) < 99"}).profiles[0].strategies
    known = replace(world.rules, profiles=(replace(profile, strategies=(broken, *profile.strategies)),))
    made, expected = make_plan(replace(world, rules=known)), make_plan(world)
    assert made.trials[0].reason in {"FAILED", "NO_PLAN"}
    assert (made.assignments, made.total_cost) == (expected.assignments, expected.total_cost)


@QUIET
@given(worlds())
def test_nearest_leaves_nothing_at_a_node_that_a_farther_one_ships(world: Inputs):
    made = _by(replace(world, products={}), Method.NEAREST)
    shipped = taken(made)
    away = {it.node.node_id: it.distance_km or 0.0 for it in made.assignments}
    for node_id, sku in shipped:
        for nearer in (one for one in away if away[one] < away[node_id]):
            able = _may_ship(world, nearer, sku)
            assert not able or shipped[nearer, sku] == world.stock[nearer][sku]


def _may_ship(world: Inputs, node_id: str, sku: str) -> bool:
    lines = [line for line in world.demand.lines if line.sku == sku]
    needed = {word for line in lines for word in line.required_capabilities}
    able = needed <= set(world.network.by_id[node_id].node.capabilities)
    return able and Exclusion(node_id=node_id, sku=sku) not in world.demand.exclusions


def _by(world: Inputs, method: Method) -> Plan:
    return make_plan(replace(world, demand=replace(world.demand, method=method)))
