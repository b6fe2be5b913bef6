"""Screening: rules of some set that new orders are held by. What an expression is written in is not known here."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.intake.domain.draft import DeadlineAction, HoldSpec, HoldType
from services.intake.domain.holds import PAYMENT_HANDLE
from services.kernel.errors import InvalidArgument

# The words that an expression may use: "order", "line", "customer", "destination", "risk", "history".
Facts = Mapping[str, Any]

# Holds that are placed by other means, which rules may wait for.
ADDRESS_HANDLE, DUPLICATE_HANDLE = "address", "duplicate"
OTHER_HANDLES = frozenset({ADDRESS_HANDLE, DUPLICATE_HANDLE, PAYMENT_HANDLE})
# What a hold is called that says that nobody knows the risk.
RISK_SERVICE = "risk-service"
FAILED_QUEUE = "failed-rules"
# A rule that holds for more lines holds the order: nobody looks at hundreds of holds one by one.
MOST_LINES = 200


class RuleFailed(InvalidArgument):
    """An expression could not be worked out for this order: it divided by zero, or ran too long."""

    reason = "RULE_FAILED"


class Condition(Protocol):
    """Whether something holds."""

    @property
    def words(self) -> frozenset[str]:
        """The subjects that it looks at."""

    def __call__(self, facts: Facts) -> bool:
        """Raises RuleFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One reason to hold; `limit` None is what the hold's type says."""

    name: str
    when: Condition
    each_line: bool = False
    type: HoldType
    owner_queue: str = ""
    limit: timedelta | None = None
    deadline_action: DeadlineAction = DeadlineAction.ESCALATE
    note: str = ""
    approvals: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Rules, ready for use. Empty channels or regions are all."""

    name: str
    version: int = 0
    channels: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    rules: tuple[Rule, ...]
    pass_when_risk_down: bool = False

    @property
    def title(self) -> str:
        return f"{self.name}@{self.version}" if self.version else self.name

    def fits(self, channel: str, region: str) -> bool:
        """Tell whether an order is in its scope."""
        return (not self.channels or channel in self.channels) and (not self.regions or region in self.regions)

    def uses(self, word: str) -> bool:
        """Tell whether any rule looks at this subject."""
        return any(word in rule.when.words for rule in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A hold to be placed, and who says so."""

    hold: HoldSpec
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An order to be looked at: its facts, its lines by the channel's id in the order of the facts, and its holds."""

    facts: Facts
    line_ids: Sequence[str]
    handles: Collection[str]
    # Why nobody knows the risk; empty where it is known, or where no rule looks at it.
    risk_problem: str = ""


def screen(rules: RuleSet, subject: Subject, now: datetime) -> list[Finding]:
    """Return the holds that the rules place. What fails is a hold, never an error."""
    found: dict[str, list[Finding]] = {}
    for rule in rules.rules:
        if not (subject.risk_problem and "risk" in rule.when.words):
            found[rule.name] = list(_findings(rules, rule, subject, now))
    if subject.risk_problem and rules.uses("risk") and not rules.pass_when_risk_down:
        found[RISK_SERVICE] = [_unknown_risk(rules, subject.risk_problem)]
    waiting = {rule.name: rule.after for rule in rules.rules}
    return [
        _chained(finding, waiting.get(name, ()), found, subject) for name, group in found.items() for finding in group
    ]


def _findings(rules: RuleSet, rule: Rule, subject: Subject, now: datetime) -> Iterator[Finding]:
    try:
        if not rule.each_line:
            if rule.when(subject.facts):
                yield _finding(rules, rule, now)
            return
        lines = [
            position
            for position, line in enumerate(subject.facts["order"].lines)
            if rule.when({**subject.facts, "line": line})
        ]
    except RuleFailed as error:
        yield _failed(rules, rule, error.message)
        return
    if len(lines) > MOST_LINES:
        yield _finding(rules, rule, now, f"{len(lines)} lines")
        return
    for position in lines:
        yield _finding(rules, rule, now, position=position + 1, line_id=subject.line_ids[position])


def _finding(
    rules: RuleSet, rule: Rule, now: datetime, said: str = "", *, position: int = 0, line_id: str = ""
) -> Finding:
    hold = HoldSpec(
        handle=f"{rules.name}/{rule.name}" + (f"/{position}" if position else ""),
        type=rule.type,
        external_line_id=line_id,
        owner_queue=rule.owner_queue,
        deadline_time=now + rule.limit if rule.limit else None,
        deadline_action=rule.deadline_action,
        note=": ".join(part for part in (rule.note, said) if part),
        approvals=rule.approvals,
    )
    return Finding(hold=hold, rule=f"{rules.title}/{rule.name}")


def _failed(rules: RuleSet, rule: Rule, why: str) -> Finding:
    source = f"{rules.title}/{rule.name}"
    note = f"rule {source} could not be worked out: {why}"
    hold = HoldSpec(handle=f"{rules.name}/{rule.name}", type=HoldType.OTHER, owner_queue=FAILED_QUEUE, note=note[:1000])
    return Finding(hold=hold, rule=source)


def _unknown_risk(rules: RuleSet, why: str) -> Finding:
    note = f"nobody knows the risk: {why}"
    hold = HoldSpec(handle=f"{rules.name}/{RISK_SERVICE}", type=HoldType.HIGH_RISK_OF_FRAUD, note=note[:1000])
    return Finding(hold=hold, rule=f"{rules.title}/{RISK_SERVICE}")


def _chained(
    finding: Finding, after: Sequence[str], found: Mapping[str, Sequence[Finding]], subject: Subject
) -> Finding:
    """Let a hold wait for those holds of its predecessors that are placed: on its line, or on the order."""
    if not after:
        return finding
    line = finding.hold.external_line_id
    handles = [name for name in after if name in OTHER_HANDLES and name in subject.handles]
    for name in after:
        handles.extend(
            other.hold.handle
            for other in found.get(name, ())
            if not (line and other.hold.external_line_id) or other.hold.external_line_id == line
        )
    return replace(finding, hold=replace(finding.hold, after=tuple(dict.fromkeys(handles))))
