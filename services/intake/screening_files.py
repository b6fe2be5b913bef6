"""Screening rules as people write them: YAML, with the short words of enums ("hold: COMPLIANCE", "each: line")."""

from typing import Any

import yaml
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from oms.intake.v1.screening_pb2 import ScreeningRuleSet

_PREFIXES = {"hold": "HOLD_TYPE_", "each": "EACH_", "deadline_action": "HOLD_DEADLINE_ACTION_"}
_RISK_DOWN = "RISK_DOWN_"


class Unreadable(ValueError):
    """It is no rule set in YAML; the message says where."""


def read(text: str) -> ScreeningRuleSet:
    """Return the rule set that a text is; whether it makes sense is another question.

    Raises:
        Unreadable: it is no YAML, or has fields that rule sets do not have.
    """
    try:
        # Everything is a text here, so that nobody is surprised by NO, 1e3 or 22:00.
        document = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it makes nothing but texts, lists and mappings
        return ParseDict(_long(document), ScreeningRuleSet())
    except (yaml.YAMLError, ParseError, RecursionError, TypeError, AttributeError) as error:
        raise Unreadable(str(error)) from error


def write(message: ScreeningRuleSet) -> str:
    """Return the rule set as YAML, to be changed and read again."""
    document = MessageToDict(message, preserving_proto_field_name=True)
    _shorten(document, "risk_down", _RISK_DOWN)
    for rule in document.get("rules", []):
        for field, prefix in _PREFIXES.items():
            _shorten(rule, field, prefix)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def _long(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ParseError("it is no mapping with name, scope and rules")
    long = dict(document)
    if "risk_down" in long:
        long["risk_down"] = _word(long["risk_down"], _RISK_DOWN)
    rules = long.get("rules")
    if isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules):
        long["rules"] = [
            {key: _word(value, _PREFIXES[key]) if key in _PREFIXES else value for key, value in rule.items()}
            for rule in rules
        ]
    return long


def _word(value: Any, prefix: str) -> Any:
    if not isinstance(value, str):
        return value
    return prefix + value.upper().replace("-", "_").removeprefix(prefix)


def _shorten(document: dict[str, Any], field: str, prefix: str) -> None:
    if field in document:
        document[field] = document[field].removeprefix(prefix)
