"""Sentences of an explanation: complete, with their figures, and the same whenever they are asked for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.kernel.money import Money
from services.routing.domain.demand import Demand, Method
from services.routing.domain.geo import Point
from services.routing.domain.inputs import Inputs
from services.routing.domain.node import Node
from services.routing.domain.planning import make_plan
from services.routing.domain.rules import BUILTIN, Action, Fallback, Profile, Rules, Strategy
from services.routing.domain.telling import recorded, tell
from services.routing.domain.telling_rivals import Alternatives
from tests.unit.routing import build

EAST, WEST = build.node("dc-east"), build.node("dc-west", point=Point(39.5, -119.8))
BOTH = [EAST, WEST]
CHEAPEST = Strategy(name="least cost")


def told(inputs: Inputs, strategy: Strategy = CHEAPEST, *required: str) -> list[str]:
    """Tell a decision, held against the best plans through these nodes."""
    plan = make_plan(inputs)
    withs = {node_id: make_plan(replace(inputs, required=frozenset({node_id}))) for node_id in required}
    return tell(inputs, plan, Alternatives(strategy=strategy, withs=withs))


def inputs(wanted: Demand, stock: dict[str, dict[str, int]], nodes: list[Node] = BOTH, **changes: Any) -> Inputs:
    return replace(build.inputs(wanted, nodes, stock), **changes)


def rules(*strategies: Strategy, **changes: Any) -> Rules:
    return Rules(version="us@3", profiles=(Profile(name="parcel", strategies=strategies, **changes),))


def test_an_ordinary_decision_is_told_from_what_was_asked_to_what_is_proved():
    both = {"dc-east": {"TEE": 5}, "dc-west": {"TEE": 5}}
    assert told(inputs(build.demand(("TEE", 2)), both), CHEAPEST, "dc-west") == [
        "2 × TEE is to be sent to US 100 by standard service, planned on 2 Mar 2026 17:00 UTC.",
        "dc-east ships 2 × TEE by sandbox ground (tariff zone local, 42 km away).",
        (
            "If it begins by Mon 2 Mar 2026 22:59 EST, the carrier has it on Mon 2 Mar 2026 23:59 EST, and it is "
            "promised by Tue 3 Mar 2026 23:59 EST at the latest."
        ),
        "This costs 6.80 USD: 5.70 USD shipping and 1.10 USD handling.",
        (
            "Of the other services at dc-east, sandbox express would cost 12.60 USD and be there by Tue 3 Mar 2026 "
            "23:59 EST and sandbox overnight would cost 21.00 USD and be there by Tue 3 Mar 2026 23:59 EST."
        ),
        (
            "It was decided by strategy 'least cost' of profile 'every order' in the rules builtin@2, which looks for "
            "the plan of least total cost."
        ),
        "dc-west lost because the cheapest plan with it costs 12.50 USD, 5.70 USD more (shipping 5.70 USD more).",
        "It is proved that no plan of this strategy costs less.",
    ]


def test_the_same_decision_is_always_told_the_same():
    one = inputs(build.demand(("TEE", 2)), {"dc-east": {"TEE": 1}, "dc-west": {"TEE": 1}})
    assert told(one) == told(one)


def test_a_split_adds_up():
    said = told(inputs(build.demand(("TEE", 2)), {"dc-east": {"TEE": 1}, "dc-west": {"TEE": 1}}))
    assert "Together that costs 22.90 USD: 15.70 USD shipping, 2.20 USD handling and 5.00 USD splitting." in said
    assert "It is split into 2 shipments because no plan in one shipment serves as much." in said


def test_a_split_that_could_be_one_shipment_is_told_with_its_price():
    strategy = replace(CHEAPEST, split_cost=0)
    given = inputs(
        build.demand(("TEE", 1), ("MUG", 1)),
        {"dc-east": {"TEE": 1}, "dc-west": {"TEE": 1, "MUG": 1}, "dc-mid": {"MUG": 1}},
        [EAST, build.node("dc-mid"), build.node("dc-west", point=Point(39.5, -119.8), order_cost=Money(5000, "USD"))],
        rules=rules(strategy),
    )
    plan, one = make_plan(given), make_plan(replace(given, rules=rules(replace(strategy, max_shipments=1))))
    said = tell(given, plan, Alternatives(strategy=strategy, fewer=one))
    assert one.total_cost.minor > plan.total_cost.minor
    assert any(
        sentence.startswith(
            f"It is split into 2 shipments because of this: the cheapest plan in one shipment, from dc-west, costs "
            f"{one.total_cost}, "
        )
        for sentence in said
    )


def test_between_equals_it_is_told_that_the_first_id_wins():
    twins = [build.node("dc-a"), build.node("dc-b")]
    stock = {"dc-a": {"TEE": 1}, "dc-b": {"TEE": 1}}
    said = told(inputs(build.demand(("TEE", 1)), stock, twins), CHEAPEST, "dc-b")
    assert (
        "dc-b lost because the cheapest plan with it costs 6.40 USD, exactly as much; between equals the node whose id "
        "comes first is taken." in said
    )


def test_what_is_left_is_told_with_why_and_what_becomes_of_it():
    park = Fallback(action=Action.PARK, queue="care", auto_cancel_days=3)
    said = told(
        inputs(build.demand(("TEE", 2), ("MUG", 1)), {"dc-east": {"TEE": 2}}, rules=rules(CHEAPEST, fallback=park))
    )
    assert "1 × MUG is not shipped now: nobody who may ship it has it." in said
    assert (
        "What is not shipped is parked in the queue 'care' for somebody to decide, and is cancelled on 5 Mar 2026 "
        "17:00 UTC if nothing happens." in said
    )


def test_a_due_time_is_told_with_how_far_it_is_kept():
    wanted = build.demand(("TEE", 1), due_time=build.NOW + timedelta(days=4))
    said = told(inputs(wanted, {"dc-east": {"TEE": 1}}, promise="prm_1@2"))
    assert (
        "It is due by promise prm_1@2 by 6 Mar 2026 17:00 UTC: the last of it is promised 2.5 days before that." in said
    )
    late = inputs(replace(wanted, due_time=build.NOW), {"dc-east": {"TEE": 1}})
    assert "It is due by 2 Mar 2026 17:00 UTC: the last of it is promised 1.5 days late." in told(late)


def test_a_method_that_somebody_asked_for_is_told_with_what_it_does_not_prove():
    nearest = replace(CHEAPEST, name="NEAREST", method=Method.NEAREST)
    wanted = build.demand(("TEE", 1), method=Method.NEAREST)
    said = told(inputs(wanted, {"dc-east": {"TEE": 1}, "dc-west": {"TEE": 1}}), nearest)
    assert any("each as much as it has as the caller asked for." in one for one in said)
    assert "dc-west (3,852 km away) lost: nearer nodes ship all of it." in said
    assert "Cost did not decide, so there may be a cheaper plan." in said


def test_an_order_that_no_profile_fits_is_told_so():
    nothing = Rules(version="us@3", profiles=())
    said = told(inputs(build.demand(("TEE", 1)), {"dc-east": {"TEE": 1}}, rules=nothing))
    assert "No profile of the rules us@3 fits this order, so none of its strategies was tried." in said
    assert any("'uncovered-orders'" in one for one in said)


def test_a_decision_of_long_ago_is_told_from_its_record():
    said = recorded("dc-east ships it.", {"dc-west": "would cost 9.00 USD for everything"}, ("x failed",))
    assert said[:3] == [
        "dc-east ships it.",
        "dc-west would cost 9.00 USD for everything.",
        "Somebody should look at this: x failed.",
    ]


def test_many_nodes_without_stock_are_counted_after_ten():
    nodes = [EAST, *[build.node(f"store-{number:02}") for number in range(13)]]
    said = told(inputs(build.demand(("TEE", 1)), {"dc-east": {"TEE": 1}}, nodes))
    assert [one for one in said if one.startswith("Out of the question")] == [
        (
            "Out of the question: store-00, store-01, store-02, store-03, store-04, store-05, store-06, store-07, "
            "store-08, store-09 and 3 more, each of which has none of it."
        )
    ]


def test_the_rules_that_are_built_in_are_named():
    assert any(BUILTIN.version in one for one in told(inputs(build.demand(("TEE", 1)), {"dc-east": {"TEE": 1}})))
