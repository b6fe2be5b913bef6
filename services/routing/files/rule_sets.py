"""Files of rule sets, and the sample sets that come with the product."""

from importlib import resources
from pathlib import Path

from oms.routing.v1.network_pb2 import Problem
from oms.routing.v1.rule_set_pb2 import RuleSet
from services.routing.files import documents, plain_yaml
from services.routing.files.plain_yaml import Unreadable

SAMPLES = ("us", "eu", "uk")


def read_rule_set(file: Path) -> tuple[RuleSet, list[Problem]]:
    """Return the rule set of a YAML file, and what is wrong with how it is written.

    Raises:
        Unreadable: it is no text, or no YAML.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8: {error}") from error
    return documents.read(plain_yaml.load(text), RuleSet())


def sample(name: str) -> str:
    """Return the text of a sample set."""
    return resources.files("services.routing.samples").joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def rule_set_yaml(rule_set: RuleSet) -> str:
    """Return the rule set as YAML; to save it changes nothing."""
    return plain_yaml.dump(documents.write(rule_set))
