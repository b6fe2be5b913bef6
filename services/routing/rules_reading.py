"""A rule set as it is written → as planning uses it, with everything that is wrong with it and where."""

from collections.abc import Iterable
from typing import Any

from google.type.money_pb2 import Money as MoneyMessage

from oms.intake.v1.hold_pb2 import HoldType
from oms.routing.v1 import rule_set_pb2
from oms.routing.v1.network_pb2 import Problem
from services.chassis.errors import InvalidFields
from services.routing import cel, rules_checks, rules_probes
from services.routing.domain import countries, rates
from services.routing.domain.demand import Method
from services.routing.domain.rules import (
    Action,
    Border,
    Condition,
    Criterion,
    Facts,
    Fallback,
    Per,
    Profile,
    ReturnPath,
    RuleFailed,
    Rules,
    Scope,
    Strategy,
)
from services.routing.domain.vocabulary import OF_A_NODE, OF_A_PLAN, OF_A_SCORE, OF_A_SERVICE, OF_AN_ORDER, OF_STOCK
from services.routing.problem import nearest, problem
from services.routing.wire_value import DEFAULT_CURRENCY, UnusableMoney, to_money

HOLD_TYPES = tuple(name.removeprefix("HOLD_TYPE_") for name, number in HoldType.items() if number)
# More for a split or a day is a mistake.
_MAX_UNITS = 1_000_000
# A rule set with more cannot be understood by anybody, and takes seconds to check.
_MAX_EXPRESSIONS = 2000
_DEFAULT_SPLIT_COST = MoneyMessage(currency_code="USD", units=5)


class InvalidRuleSet(InvalidFields):
    """The rule set has problems; each is a violation with its place."""

    reason = "INVALID_RULE_SET"

    def __init__(self, found: list[Problem]) -> None:
        super().__init__([(one.place, _sentence(one)) for one in found])
        self.metadata = {**self.metadata, "problems": str(len(found))}


def problems(message: rule_set_pb2.RuleSet) -> list[Problem]:
    """Return everything that is wrong with a rule set whose fields keep the constraints of their proto."""
    if (count := _count(message)) > _MAX_EXPRESSIONS:
        said = f"it has room for {count} expressions; {_MAX_EXPRESSIONS} are allowed"
        return [problem("profiles", said, "make several rule sets of it, each with its scope")]
    reading = _Reading(message)
    return [*reading.problems, *rules_checks.problems(reading.rules)]


def read(message: rule_set_pb2.RuleSet, version: str) -> Rules:
    """Return the rules, ready for use.

    Raises:
        InvalidRuleSet: it has problems.
    """
    if found := problems(message):
        raise InvalidRuleSet(found)
    return _Reading(message, version).rules


class _Reading:
    """Reads on after a problem, so that people are told all of them at once."""

    def __init__(self, message: rule_set_pb2.RuleSet, version: str = "") -> None:
        self.problems: list[Problem] = []
        self._currency = message.currency_code or DEFAULT_CURRENCY
        if not rates.known(self._currency):
            self._say("currency_code", f"nobody knows the rate of {self._currency}", nearest(self._currency, _KNOWN))
            self._currency = DEFAULT_CURRENCY
        self.rules = Rules(
            version=version,
            currency_code=self._currency,
            scope=self._scope(message.scope),
            profiles=tuple(self._profile(f"profiles[{n}]", one) for n, one in enumerate(message.profiles)),
            borders=tuple(self._border(f"borders[{n}]", one) for n, one in enumerate(message.borders)),
            return_paths=tuple(self._path(f"return_paths[{n}]", one) for n, one in enumerate(message.return_paths)),
        )

    def _scope(self, scope: rule_set_pb2.Scope) -> Scope:
        return Scope(
            country_codes=self._countries("scope.country_codes", scope.country_codes),
            channels=frozenset(scope.channels),
            programs=frozenset(scope.programs),
        )

    def _profile(self, place: str, profile: rule_set_pb2.Profile) -> Profile:
        strategies = enumerate(profile.strategies)
        return Profile(
            name=profile.name,
            when=self._condition(f"{place}.when", profile.when, OF_AN_ORDER),
            strategies=tuple(self._strategy(f"{place}.strategies[{n}]", one) for n, one in strategies),
            fallback=self._fallback(f"{place}.fallback", profile.fallback),
        )

    def _strategy(self, place: str, strategy: rule_set_pb2.Strategy) -> Strategy:
        method = rule_set_pb2.Strategy.Method.Name(strategy.method).removeprefix("METHOD_")
        criteria = enumerate(strategy.criteria)
        return Strategy(
            name=strategy.name,
            when=self._condition(f"{place}.when", strategy.when, OF_AN_ORDER),
            method=Method.LEAST_COST if method == "UNSPECIFIED" else Method(method),
            nodes=self._condition(f"{place}.nodes", strategy.nodes, OF_A_NODE),
            services=self._condition(f"{place}.services", strategy.services, OF_A_SERVICE),
            stock=self._condition(f"{place}.stock", strategy.stock, OF_STOCK),
            criteria=tuple(self._criterion(f"{place}.criteria[{n}]", one) for n, one in criteria),
            split_cost=self._split_cost(place, strategy),
            late_day_cost=self._amount(f"{place}.late_day_cost", strategy.late_day_cost),
            max_shipments=strategy.max_shipments,
            ship_complete=strategy.ship_complete,
            whole_lines=strategy.whole_lines,
            accept=self._condition(f"{place}.accept", strategy.accept, OF_A_PLAN),
        )

    def _split_cost(self, place: str, strategy: rule_set_pb2.Strategy) -> int:
        if strategy.HasField("split_cost"):
            return self._amount(f"{place}.split_cost", strategy.split_cost)
        return rates.convert(to_money(_DEFAULT_SPLIT_COST, DEFAULT_CURRENCY), self._currency)

    def _criterion(self, place: str, criterion: rule_set_pb2.Criterion) -> Criterion:
        name = rule_set_pb2.Criterion.Per.Name(criterion.per).removeprefix("PER_")
        per = Per.SHIPMENT if name == "UNSPECIFIED" else Per(name)
        program = self._program(f"{place}.score", criterion.score, OF_A_SCORE[per], cel.Result.SCORE)
        if program is None:
            return Criterion(name=criterion.name, score=_Unread(), per=per)
        score = cel.Score(f"{place}.score", program)
        self._probe(score)
        return Criterion(name=criterion.name, score=score, per=per)

    def _fallback(self, place: str, fallback: rule_set_pb2.Fallback) -> Fallback:
        name = rule_set_pb2.Fallback.Action.Name(fallback.action).removeprefix("ACTION_")
        action = Action.BACKORDER if name == "UNSPECIFIED" else Action(name)
        if action is Action.PARK and not fallback.queue:
            self._say(f"{place}.queue", "what is parked must wait in a queue", "name it, such as customer-care")
        if action is Action.BACKORDER and fallback.queue:
            self._say(f"{place}.queue", "what is backordered waits for stock, in no queue", "write action: ACTION_PARK")
        if fallback.hold_type and action is not Action.HOLD:
            self._say(f"{place}.hold_type", "nothing is held here", "write action: ACTION_HOLD")
        elif fallback.hold_type and fallback.hold_type not in HOLD_TYPES:
            meant = nearest(fallback.hold_type.upper(), HOLD_TYPES, 0.4) or ", ".join(HOLD_TYPES)
            self._say(f"{place}.hold_type", f"there is no hold type {fallback.hold_type!r}", meant)
        return Fallback(
            action=action,
            queue=fallback.queue,
            auto_cancel_days=fallback.auto_cancel_days,
            hold_type=fallback.hold_type or ("OTHER" if action is Action.HOLD else ""),
        )

    def _border(self, place: str, border: rule_set_pb2.Border) -> Border:
        return Border(
            from_country_codes=self._countries(f"{place}.from_country_codes", border.from_country_codes),
            to_country_codes=self._countries(f"{place}.to_country_codes", border.to_country_codes),
            when=self._condition(f"{place}.when", border.when, OF_AN_ORDER),
            flags=tuple(border.flags),
            duty_basis_points=border.duty_basis_points,
            tax_basis_points=border.tax_basis_points,
            clearance_cost=self._amount(f"{place}.clearance_cost", border.clearance_cost),
        )

    def _path(self, place: str, path: rule_set_pb2.ReturnPath) -> ReturnPath:
        codes = self._countries(f"{place}.country_codes", path.country_codes)
        return ReturnPath(country_codes=codes, node_id=path.node_id)

    def _countries(self, place: str, codes: Iterable[str]) -> frozenset[str]:
        for number, code in enumerate(codes):
            if code not in countries.CODES:
                meant = countries.OTHER_NAMES.get(code.upper()) or nearest(code.upper(), countries.CODES, 0.5)
                self._say(f"{place}[{number}]", f"{code!r} is no ISO 3166-1 alpha-2 code", meant)
        return frozenset(codes)

    def _amount(self, place: str, message: MoneyMessage) -> int:
        if message.currency_code not in ("", self._currency):
            said = f"it is in {message.currency_code}, and the rule set in {self._currency}"
            self._say(place, said, f"write it in {self._currency}")
            return 0
        try:
            minor = to_money(message, self._currency).minor
        except UnusableMoney as error:
            self._say(place, error.message)
            return 0
        if not 0 <= message.units <= _MAX_UNITS or minor < 0:
            self._say(place, f"it must be between 0 and {_MAX_UNITS:,}")
        return minor

    def _condition(self, place: str, text: str, subjects: frozenset[str]) -> Condition | None:
        if not text:
            return None
        program = self._program(place, text, subjects, cel.Result.CONDITION)
        if program is None:
            return _Unread()
        condition = cel.Condition(place, program)
        if condition.words:
            self._probe(condition)
            return condition
        if not condition({}):
            self._say(place, "it never holds", "leave this entry out, or leave the condition empty")
        return None

    def _program(self, place: str, text: str, subjects: frozenset[str], result: cel.Result) -> cel.Program | None:
        try:
            return cel.compile_text(text, subjects, result)
        except cel.Unusable as error:
            for fault in error.faults:
                where = f"{place}, column {fault.column}" if fault.column else place
                self._say(where, fault.message, fault.suggestion)
        return None

    def _probe(self, expression: rules_probes.Expression) -> None:
        """Refuse what fails for everything that we can think of."""
        failures = list(rules_probes.failures(expression))
        if len(failures) == len(rules_probes.PROBES):
            self._say(expression.place, f"it always fails: {failures[0].problem}")

    def _say(self, place: str, message: str, suggestion: str = "") -> None:
        self.problems.append(problem(place, message, suggestion))


class _Unread:
    """Stands where an expression could not be read: the rules are not used then."""

    words = frozenset({"order"})

    def __call__(self, facts: Facts) -> Any:
        raise RuleFailed("", f"an expression over {', '.join(facts)} could not be read")


def _count(message: rule_set_pb2.RuleSet) -> int:
    """Return how many expressions there are at most; each costs milliseconds to check."""
    strategies = [strategy for profile in message.profiles for strategy in profile.strategies]
    criteria = sum(len(strategy.criteria) for strategy in strategies)
    return len(message.profiles) + len(message.borders) + 5 * len(strategies) + criteria


_KNOWN = rates.CURRENCIES.split(", ")


def _sentence(one: Problem) -> str:
    return f"{one.message} ({one.suggestion})" if one.suggestion else one.message
