"""A screening rule set as it is written → as orders are screened by it, with everything that is wrong and where."""

import difflib
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from oms.intake.v1.hold_pb2 import HoldDeadlineAction
from oms.intake.v1.hold_pb2 import HoldType as HoldTypeNumber
from oms.intake.v1.screening_pb2 import ScreeningProblem, ScreeningRule, ScreeningRuleSet
from services.chassis.cel import Unusable
from services.chassis.errors import InvalidFields
from services.chassis.validation import validate
from services.intake.domain.draft import DeadlineAction, HoldSpec, HoldType
from services.intake.domain.holds import check_chains
from services.intake.domain.screening import OTHER_HANDLES, RISK_SERVICE, Rule, RuleSet
from services.intake.screening_words import Condition, condition
from services.intake.wire_values import word_from
from services.kernel.errors import InvalidArgument

REGIONS = ("US", "UK", "EU", "ROW")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class InvalidScreeningRules(InvalidFields):
    """The rule set has problems; each is a violation with its place."""

    reason = "INVALID_SCREENING_RULES"

    def __init__(self, found: Sequence[ScreeningProblem]) -> None:
        super().__init__([(one.place, _sentence(one)) for one in found])


def problems(message: ScreeningRuleSet) -> list[ScreeningProblem]:
    """Return everything that is wrong with a rule set."""
    try:
        validate(message)
    except InvalidFields as error:
        return [ScreeningProblem(place=place, message=sentence) for place, sentence in error.violations]
    return _Reading(message, 0).problems


def read(message: ScreeningRuleSet, version: int) -> RuleSet:
    """Return the rules, ready for use.

    Raises:
        InvalidScreeningRules: it has problems.
    """
    if found := problems(message):
        raise InvalidScreeningRules(found)
    return _Reading(message, version).rules


class _Reading:
    """Reads on after a problem, so that people are told all of them at once."""

    def __init__(self, message: ScreeningRuleSet, version: int) -> None:
        self.problems: list[ScreeningProblem] = []
        names = [rule.name for rule in message.rules]
        self._known = (*names, *sorted(OTHER_HANDLES))
        self._check_names(names)
        for at, region in enumerate(message.scope.regions):
            if region not in REGIONS:
                self._say(f"scope.regions[{at}]", f"there is no region {region!r}", f"one of {', '.join(REGIONS)}")
        rules = [self._rule(f"rules[{at}]", rule) for at, rule in enumerate(message.rules)]
        self._check_order(message)
        self.rules = RuleSet(
            name=message.name,
            version=version,
            channels=frozenset(message.scope.channels),
            regions=frozenset(message.scope.regions),
            rules=tuple(rule for rule in rules if rule),
            pass_when_risk_down=message.risk_down == ScreeningRuleSet.RISK_DOWN_PASS,
        )

    def _rule(self, place: str, rule: ScreeningRule) -> Rule | None:
        each_line = rule.each == ScreeningRule.EACH_LINE
        when = self._condition(f"{place}.when", rule.when, each_line=each_line)
        self._check_approvals(place, rule)
        if when is None:
            return None
        return Rule(
            name=rule.name,
            when=when,
            each_line=each_line,
            type=word_from(HoldTypeNumber, rule.hold, HoldType, HoldType.OTHER),
            owner_queue=rule.owner_queue,
            limit=_duration(rule.deadline),
            deadline_action=word_from(
                HoldDeadlineAction, rule.deadline_action, DeadlineAction, DeadlineAction.ESCALATE
            ),
            note=rule.note,
            approvals=tuple(rule.approvals),
            after=tuple(rule.after),
        )

    def _condition(self, place: str, text: str, *, each_line: bool) -> Condition | None:
        try:
            found = condition(text, each_line=each_line)
        except Unusable as error:
            for fault in error.faults:
                where = f"{place}, column {fault.column}" if fault.column else place
                line_needed = fault.message.startswith("'line' is not known") and "write each: line"
                self._say(where, fault.message, line_needed or fault.suggestion)
            return None
        if not found.words:
            said = "always" if found({}) else "never"
            self._say(place, f"it {said} holds, whatever the order", "speak of the order, as in order.total > 500.0")
        return found

    def _check_names(self, names: Sequence[str]) -> None:
        for at, name in enumerate(names):
            if (first := names.index(name)) < at:
                self._say(f"rules[{at}].name", f"{name!r} is the name of rules[{first}] already", f"{name}-{at + 1}")
            if name == RISK_SERVICE:
                self._say(f"rules[{at}].name", f"{name!r} is what the hold is called that no score places", "another")

    def _check_approvals(self, place: str, rule: ScreeningRule) -> None:
        if rule.approvals and rule.deadline_action == HoldDeadlineAction.HOLD_DEADLINE_ACTION_RELEASE:
            said = "its deadline would release it though nobody agreed"
            self._say(f"{place}.deadline_action", said, "ESCALATE, or CANCEL")

    def _check_order(self, message: ScreeningRuleSet) -> None:
        for at, rule in enumerate(message.rules):
            for inner, name in enumerate(rule.after):
                if name not in self._known:
                    suggestion = _nearest(name, self._known)
                    self._say(f"rules[{at}].after[{inner}]", f"there is no rule {name!r} in this set", suggestion)
        if self.problems:
            return
        try:
            specs = [HoldSpec(handle=rule.name, type=HoldType.OTHER, after=tuple(rule.after)) for rule in message.rules]
            check_chains(specs, OTHER_HANDLES)
        except InvalidArgument as error:
            place = next(at for at, rule in enumerate(message.rules) if rule.name == error.metadata.get("handle"))
            self._say(f"rules[{place}].after", error.message, "leave one of them out")

    def _say(self, place: str, message: str, suggestion: str = "") -> None:
        self.problems.append(ScreeningProblem(place=place, message=message, suggestion=suggestion))


def _duration(text: str) -> timedelta | None:
    found = re.fullmatch(r"(\d+)([mhd])", text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, sorted(set(known)), 1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"


def _sentence(one: ScreeningProblem) -> str:
    return f"{one.message} ({one.suggestion})" if one.suggestion else one.message
