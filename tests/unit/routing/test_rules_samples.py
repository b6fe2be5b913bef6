"""The sample sets that come with the product can be used as they are."""

from pathlib import Path

import pytest
import yaml

from oms.routing.v1.routing_service_pb2 import CheckRuleSetRequest
from oms.routing.v1.rule_set_pb2 import RuleSet
from services.chassis.validation import validate
from services.routing import rules_probes, rules_reading
from services.routing.domain.rules import Rules, select
from services.routing.files import documents, plain_yaml, rule_sets

DEMO = yaml.safe_load(Path("deploy/local/demo/network.yaml").read_text(encoding="utf-8"))["nodes"]


def read(name: str) -> RuleSet:
    message, problems = documents.read(plain_yaml.load(rule_sets.sample(name)), RuleSet())
    assert problems == []
    return message


def rules(name: str) -> Rules:
    return rules_reading.read(read(name), f"{name}@1")


@pytest.mark.parametrize("name", rule_sets.SAMPLES)
def test_a_sample_has_no_problem_and_fails_for_nothing(name):
    validate(CheckRuleSetRequest(rule_set=read(name)))
    assert rules_reading.problems(read(name)) == []
    assert rules_probes.trial(rules(name)) == []


@pytest.mark.parametrize("name", rule_sets.SAMPLES)
def test_a_sample_written_and_read_again_is_the_same(name):
    again, _ = documents.read(plain_yaml.load(rule_sets.rule_set_yaml(read(name))), RuleSet())
    assert again == read(name)


@pytest.mark.parametrize("name", rule_sets.SAMPLES)
def test_every_border_of_a_sample_names_its_source(name):
    assert all(border.source for border in read(name).borders)


@pytest.mark.parametrize("name", rule_sets.SAMPLES)
def test_returns_go_to_nodes_of_the_demonstration_that_take_them(name):
    taking = {node["node_id"] for node in DEMO if "returns" in node["capabilities"]}
    assert {path.node_id for path in rules(name).return_paths} <= taking


def test_an_order_gets_the_set_of_its_region():
    active = [rules(name) for name in rule_sets.SAMPLES]
    versions = [select(active, country, "web", "").version for country in ("US", "DE", "NO", "GB", "JE", "JP")]
    assert versions == ["us@1", "eu@1", "eu@1", "uk@1", "uk@1", "builtin@2"]
