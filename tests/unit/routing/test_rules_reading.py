"""Rule sets as they are read: what they become, and every problem with its place."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from oms.intake.v1.hold_pb2 import HoldType
from oms.routing.v1.rule_set_pb2 import RuleSet
from services.routing import rules_probes, rules_reading
from services.routing.domain.demand import Method
from services.routing.domain.rules import BUILTIN, Action, Per, select


def rule_set(**fields: Any) -> RuleSet:
    document = {"rule_set_id": "test", "profiles": [profile()]} | fields
    return ParseDict(document, RuleSet())


def profile(name: str = "all", **fields: Any) -> dict[str, Any]:
    return {"name": name, "strategies": [{"name": "cheapest"}]} | fields


def strategies(*entries: dict[str, Any]) -> RuleSet:
    named = [{"name": f"strategy {number}"} | entry for number, entry in enumerate(entries)]
    return rule_set(profiles=[profile(strategies=named)])


def said(message: RuleSet) -> dict[str, tuple[str, str]]:
    return {one.place: (one.message, one.suggestion) for one in rules_reading.problems(message)}


def test_what_is_not_written_is_as_the_proto_says():
    rules = rules_reading.read(rule_set(), "test@1")
    assert (rules.version, rules.currency_code) == ("test@1", "USD")
    strategy = rules.profiles[0].strategies[0]
    assert (strategy.method, strategy.split_cost, strategy.late_day_cost) == (Method.LEAST_COST, 500, 0)
    assert rules.profiles[0].fallback.action is Action.BACKORDER


def test_everything_that_is_written_is_read():
    message = rule_set(
        currency_code="EUR",
        scope={"country_codes": ["DE"], "channels": ["web"], "programs": ["main"]},
        profiles=[
            profile(
                when="order.units > 1",
                strategies=[
                    {
                        "name": "first",
                        "when": "order.pickup",
                        "method": "METHOD_NEAREST",
                        "nodes": "node.load < 1.0",
                        "services": "promise.days_late <= 0.0",
                        "stock": "stock.left >= 1",
                        "criteria": [{"name": "far", "score": "node.distance_km * 0.01", "per": "PER_LINE"}],
                        "split_cost": {"currency_code": "EUR", "units": 4, "nanos": 500000000},
                        "late_day_cost": {"units": 2},
                        "max_shipments": 2,
                        "whole_lines": True,
                        "accept": "plan.left_units == 0",
                    }
                ],
                fallback={"action": "ACTION_HOLD", "hold_type": "COMPLIANCE", "queue": "export"},
            )
        ],
        borders=[{"from_country_codes": ["GB"], "when": "order.goods_value > 150.0", "flags": ["EORI"]}],
        return_paths=[{"country_codes": ["DE"], "node_id": "dc-1"}],
    )
    rules = rules_reading.read(message, "test@1")
    strategy = rules.profiles[0].strategies[0]
    assert strategy.method is Method.NEAREST
    assert (strategy.split_cost, strategy.late_day_cost, strategy.max_shipments) == (450, 200, 2)
    conditions = (strategy.when, strategy.nodes, strategy.services, strategy.stock, strategy.accept)
    assert [sorted(one.words) for one in conditions if one] == [["order"], ["node"], ["promise"], ["stock"], ["plan"]]
    assert strategy.criteria[0].per is Per.LINE
    assert rules.profiles[0].fallback.hold_type == "COMPLIANCE"
    assert rules.borders[0].flags == ("EORI",)
    assert rules.return_paths[0].node_id == "dc-1"
    assert select([rules], "DE", "web", "main") is rules
    assert select([rules], "FR", "web", "main") is BUILTIN


def test_a_split_costs_five_dollars_in_whatever_currency():
    assert rules_reading.read(rule_set(currency_code="JPY"), "t@1").profiles[0].strategies[0].split_cost == 787


def test_a_condition_that_always_holds_is_none():
    assert rules_reading.read(strategies({"nodes": "1 < 2"}), "t@1").profiles[0].strategies[0].nodes is None


@pytest.mark.parametrize(
    ("message", "place", "problem", "suggestion"),
    [
        (
            rule_set(profiles=[profile(when="order.unitz > 1")]),
            "profiles[0].when, column 6",
            "no 'order.unitz'",
            "units?",
        ),
        (rule_set(profiles=[profile(when="1 > 2")]), "profiles[0].when", "it never holds", "leave this entry out"),
        (
            rule_set(profiles=[profile(when="1 / (order.units - order.units) > 1")]),
            "profiles[0].when",
            "always fails",
            "",
        ),
        (
            strategies({"nodes": "service.load > 0.5"}),
            "profiles[0].strategies[0].nodes, column 8",
            "not known",
            "node, order",
        ),
        (
            strategies({"criteria": [{"name": "a", "score": "5"}]}),
            "profiles[0].strategies[0].criteria[0].score",
            "must be a double",
            "write 5.0",
        ),
        (
            strategies({"criteria": [{"name": "a", "score": "stock.left > 0 ? 1.0 : 0.0"}]}),
            "profiles[0].strategies[0].criteria[0].score, column 6",
            "'stock' is not known here",
            "node, order, promise, service",
        ),
        (
            strategies({"criteria": [{"name": "a", "score": "1.0"}, {"name": "a", "score": "2.0"}]}),
            "profiles[0].strategies[0].criteria[1].name",
            "is the name of",
            "a 2",
        ),
        (
            strategies({"name": "x", "max_shipments": 1}, {"name": "x"}),
            "profiles[0].strategies[1].name",
            "'x' is the name of",
            "x 2",
        ),
        (strategies({}, {}), "profiles[0].strategies[1]", "never tried: 'strategy 0'", "accept"),
        (strategies({"accept": "true"}, {}), "profiles[0].strategies[1]", "never tried", "accept"),
        (rule_set(profiles=[profile("a"), profile("b")]), "profiles[1]", "no order ever gets here: 'a'", "condition"),
        (rule_set(profiles=[profile("a", when="true"), profile("b")]), "profiles[1]", "no order ever", "condition"),
        (rule_set(currency_code="XXX"), "currency_code", "nobody knows the rate of XXX", ""),
        (
            strategies({"split_cost": {"currency_code": "EUR", "units": 5}}),
            "profiles[0].strategies[0].split_cost",
            "EUR",
            "USD",
        ),
        (strategies({"split_cost": {"nanos": 1}}), "profiles[0].strategies[0].split_cost", "no amount of USD", ""),
        (strategies({"late_day_cost": {"units": -1}}), "profiles[0].strategies[0].late_day_cost", "between 0 and", ""),
        (
            rule_set(profiles=[profile(fallback={"action": "ACTION_PARK"})]),
            "profiles[0].fallback.queue",
            "must wait in a queue",
            "customer-care",
        ),
        (
            rule_set(profiles=[profile(fallback={"action": "ACTION_HOLD", "hold_type": "COMPLAINCE"})]),
            "profiles[0].fallback.hold_type",
            "no hold type 'COMPLAINCE'",
            "COMPLIANCE",
        ),
        (
            rule_set(profiles=[profile(fallback={"hold_type": "OTHER"})]),
            "profiles[0].fallback.hold_type",
            "nothing is held",
            "ACTION_HOLD",
        ),
        (rule_set(scope={"country_codes": ["UK"]}), "scope.country_codes[0]", "'UK' is no ISO 3166", "GB"),
        (rule_set(borders=[{"to_country_codes": ["ZZ"]}]), "borders[0].to_country_codes[0]", "'ZZ' is no", ""),
        (rule_set(borders=[{"when": "node.load > 1.0"}]), "borders[0].when, column 5", "not known here", "order"),
        (rule_set(borders=[{}, {"to_country_codes": ["CH"]}]), "borders[1]", "never counts: borders[0]", "before"),
        (
            rule_set(return_paths=[{"node_id": "a"}, {"country_codes": ["CH"], "node_id": "b"}]),
            "return_paths[1]",
            "never counts: return_paths[0]",
            "before",
        ),
    ],
)
def test_every_problem_has_its_place_and_what_to_write(message, place, problem, suggestion):
    found = said(message)
    assert list(found) == [place]
    assert problem in found[place][0]
    assert suggestion in found[place][1]


def test_all_problems_are_told_at_once_and_the_error_counts_them():
    message = rule_set(currency_code="XXX", scope={"country_codes": ["UK"]}, profiles=[profile(when="order.unitz > 1")])
    with pytest.raises(rules_reading.InvalidRuleSet) as refused:
        rules_reading.read(message, "t@1")
    assert refused.value.reason == "INVALID_RULE_SET"
    assert refused.value.metadata["problems"] == "3"
    assert len(refused.value.violations) == 3


def test_a_condition_that_cannot_be_read_hides_nothing_behind_it():
    message = rule_set(profiles=[profile("a", when="order.unitz > 1"), profile("b")])
    assert list(said(message)) == ["profiles[0].when, column 6"]


def test_a_rule_set_of_too_many_expressions_is_refused_before_they_are_read():
    criteria = [{"name": f"criterion {number}", "score": "nonsense"} for number in range(50)]
    many = [{"name": f"strategy {number}", "criteria": criteria} for number in range(20)]
    message = rule_set(profiles=[profile(str(number), strategies=many) for number in range(3)])
    assert list(said(message)) == ["profiles"]


def test_hold_types_are_those_of_intake():
    assert set(rules_reading.HOLD_TYPES) == {name.removeprefix("HOLD_TYPE_") for name in HoldType.keys()[1:]}


def test_a_trial_finds_what_fails_for_some_orders_only_and_says_for_which():
    rules = rules_reading.read(strategies({"criteria": [{"name": "load", "score": "1.0 / node.load"}]}), "t@1")
    assert rules_probes.trial(rules) == [
        "profiles[0].strategies[0].criteria[0].score: it divides by zero, for an empty order (node.load = 0.0)"
    ]


def test_a_trial_of_what_is_guarded_finds_nothing():
    score = "node.load > 0.0 ? 1.0 / node.load : 0.0"
    rules = rules_reading.read(strategies({"criteria": [{"name": "load", "score": score}]}), "t@1")
    assert rules_probes.trial(rules) == []


def test_a_distance_that_nobody_knows_is_tried():
    rules = rules_reading.read(strategies({"criteria": [{"name": "far", "score": "node.distance_km * 0.01"}]}), "t@1")
    assert "node.distance_km = 1000000000.0" in rules_probes.trial(rules)[0]
