"""The plan: who ships what, what nobody ships, and a reason for every node that was looked at.

The profile that fits the order says which strategies are tried; the first whose plan is good enough is it. An
expression that fails fails its strategy, never the service: the next strategy is tried, and the decision says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from services.kernel.money import Money
from services.routing.domain import verdicts, words
from services.routing.domain.calendar import NeverOpen
from services.routing.domain.choices import SHIPPING, SPLITTING, Offers
from services.routing.domain.demand import DemandLine
from services.routing.domain.facts import PlanFacts
from services.routing.domain.inputs import Inputs
from services.routing.domain.methods import Part, Search, search
from services.routing.domain.offers import Offering
from services.routing.domain.order import Order
from services.routing.domain.outcome import Assignment, Candidate, Plan, Terms, Trial, Unplanned
from services.routing.domain.pieces import settle
from services.routing.domain.reach import MILLS, lateness_days
from services.routing.domain.rules import Action, Fallback, Profile, RuleFailed, Strategy

# Where people find the orders that no profile fits.
UNCOVERED = Fallback(action=Action.PARK, queue="uncovered-orders")
# Where they find those whose rules failed.
FAILED = Fallback(action=Action.PARK, queue="failed-rules")
# Refusals of nodes that could ship, if it were not for the order or the rules.
_KEEPING = frozenset({"NOT_ALLOWED", "NO_CAPABILITY", "NO_CARRIER"})
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What a strategy came to."""

    strategy: Strategy
    offering: Offering
    offers: Offers
    search: Search
    assignments: tuple[Assignment, ...]
    unplanned: tuple[Unplanned, ...]
    terms: Terms
    total: Money


def make_plan(inputs: Inputs) -> Plan:
    """Return the plan for these inputs. The same inputs make the same plan."""
    return _Planning(inputs).plan()


class _Planning:
    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._order = Order(inputs)
        self._trials: list[Trial] = []
        self._warnings: list[str] = []
        self._in_vain: _Attempt | None = None

    def plan(self) -> Plan:
        profile = self._profile()
        for strategy in self._strategies(profile):
            attempt = self._try(strategy)
            if attempt is not None:
                return self._outcome(profile, attempt)
        # Nobody ships anything: the reasons are those of the last who looked for somebody.
        return self._outcome(profile, self._in_vain)

    def _profile(self) -> Profile | None:
        for profile in self._inputs.rules.profiles:
            try:
                if profile.when is None or profile.when({"order": self._order.facts}):
                    return profile
            except RuleFailed as failure:
                self._warnings.append(f"profile {profile.name!r} was passed over: {failure}")
        return None

    def _strategies(self, profile: Profile | None) -> Sequence[Strategy]:
        strategies = profile.strategies if profile else ()
        method = self._order.demand.method
        if method is None or not strategies:
            return strategies
        # Somebody asked for one way to plan: what the rules allow stays, how it is searched for is theirs.
        return [replace(strategy, name=method.value, method=method, accept=None) for strategy in strategies]

    def _try(self, strategy: Strategy, *, careful: bool = False) -> _Attempt | None:
        order = self._order
        try:
            if strategy.when is not None and not strategy.when({"order": order.facts}):
                self._tried(strategy, "NOT_MEANT", "is not meant for this order")
                return None
            offering = Offering(order, strategy, careful=careful)
            offers = offering.make()
            found = search(order, strategy, offers.offers)
            if found is None:
                self._tried(strategy, "NO_PLAN", "has no plan with the nodes that must be part of it")
                return None
            attempt = self._attempt(strategy, offering, offers, found)
            if not attempt.assignments:
                self._in_vain = attempt
                self._tried(strategy, "NO_PLAN", words.in_vain(attempt.unplanned))
                return None
            if strategy.accept is not None and not strategy.accept(
                {"order": order.facts, "plan": self._facts(attempt)}
            ):
                self._tried(strategy, "NOT_ACCEPTED", words.not_accepted(attempt.assignments, attempt.total), attempt)
                return None
        except NeverOpen:
            # Rare enough that times are only looked at where they matter: once more, without what never leaves.
            return self._try(strategy, careful=True)
        except RuleFailed as failure:
            self._tried(strategy, "FAILED", str(failure))
            self._warnings.append(f"strategy {strategy.name!r} failed: {failure}")
            return None
        self._tried(strategy, "CHOSEN", "made the plan", attempt)
        return attempt

    def _tried(self, strategy: Strategy, reason: str, explanation: str, attempt: _Attempt | None = None) -> None:
        self._trials.append(
            Trial(
                strategy=strategy.name,
                reason=reason,
                explanation=explanation,
                total_cost=attempt.total if attempt else None,
                shipments=len(attempt.assignments) if attempt else 0,
            )
        )

    def _attempt(self, strategy: Strategy, offering: Offering, offers: Offers, found: Search) -> _Attempt:
        order = self._order
        parts = found.parts
        unplanned = self._unplanned(offers, parts)
        if unplanned and (order.demand.ship_complete or strategy.ship_complete):
            parts, unplanned = (), self._held_back(unplanned)
        quantities = {
            part.offer.node_id: {sku: units for sku, units in zip(order.skus, part.units, strict=True) if units}
            for part in parts
        }
        pieces = settle(quantities, _served(order.demand.lines, unplanned))
        assignments = tuple(
            sorted(
                (verdicts.assignment(order, offering, part, pieces[part.offer.node_id]) for part in parts),
                key=lambda one: (-one.units, one.node.node_id),
            )
        )
        terms: dict[str, Money] = {}
        for assignment in assignments:
            for name, amount in assignment.terms.items():
                terms[name] = terms[name] + amount if name in terms else amount
        if len(assignments) > 1 and strategy.split_cost:
            terms[SPLITTING] = order.money(strategy.split_cost * (len(assignments) - 1))
        total = sum(terms.values(), order.money(0))
        return _Attempt(strategy, offering, offers, found, assignments, unplanned, terms, total)

    def _unplanned(self, offers: Offers, parts: Sequence[Part]) -> tuple[Unplanned, ...]:
        """Return what is left of each line; the lines that come first are served first."""
        order = self._order
        shipped = {sku: sum(part.units[index] for part in parts) for index, sku in enumerate(order.skus)}
        taken = dict(shipped)
        found = []
        for line in order.demand.lines:
            units = min(line.quantity, shipped[line.sku])
            shipped[line.sku] -= units
            if units < line.quantity:
                reason = self._why(offers, line.sku, taken[line.sku])
                found.append(Unplanned(line.line_id, line.sku, line.quantity - units, reason))
        return tuple(found)

    def _why(self, offers: Offers, sku: str, shipped: int) -> str:
        order, index = self._order, self._order.skus.index(sku)
        # What the rules let each node ship, where it stands for this destination at all.
        free = {offer.node_id: offer.stock[index] for offer in offers.offers}
        free |= {one.reach.site.node_id: 0 for one in offers.refusals if one.reason in _KEEPING and one.reach.ways}
        stock = {node_id: self._inputs.stock.get(node_id, {}) for node_id in free}
        for node_id, units in free.items():
            if stock[node_id].get(sku, 0) > units and (node_id, sku) not in order.excluded:
                return "NOT_ALLOWED"
        if sum(free.values()) > shipped:
            return "NOT_ALLOWED"
        served = offers.offers or any(units > 0 for skus in stock.values() for units in skus.values())
        return "NO_STOCK" if served else "NO_NODE_SERVES_DESTINATION"

    def _held_back(self, missing: Sequence[Unplanned]) -> tuple[Unplanned, ...]:
        """Return everything as unplanned: what is missing for its reason, the rest because it must wait for that."""
        reasons = {line.line_id: line.reason for line in missing}
        return tuple(
            Unplanned(line.line_id, line.sku, line.quantity, reasons.get(line.line_id, "SHIP_COMPLETE"))
            for line in self._order.demand.lines
        )

    def _facts(self, attempt: _Attempt) -> PlanFacts:
        order, scale = self._order, 10**self._order.exponent
        deliveries = [one.promise_time for one in attempt.assignments]
        last = max(deliveries, default=order.now)
        shipping = attempt.terms.get(SHIPPING, order.money(0))
        left = [one for one in attempt.unplanned if one.reason != "NO_STOCK"]
        return PlanFacts(
            shipments=len(attempt.assignments),
            units=sum(one.units for one in attempt.assignments),
            left_units=sum(one.quantity for one in left),
            cost=attempt.total.minor / scale,
            shipping_cost=shipping.minor / scale,
            days_until_delivery=(last - order.now).total_seconds() / _DAY_SECONDS,
            days_late=float(max((lateness_days(one, order.due_time) for one in deliveries), default=0)),
        )

    def _outcome(self, profile: Profile | None, attempt: _Attempt | None) -> Plan:
        order = self._order
        if attempt is None:
            reason = "RULE_FAILED" if self._warnings else "NOT_ALLOWED"
            unplanned = tuple(Unplanned(line.line_id, line.sku, line.quantity, reason) for line in order.demand.lines)
        else:
            unplanned = attempt.unplanned
        fallback = self._fallback(profile, attempt) if unplanned else None
        cancel = None
        if fallback is not None and fallback.auto_cancel_days:
            cancel = order.now + timedelta(days=fallback.auto_cancel_days)
        return Plan(
            assignments=attempt.assignments if attempt else (),
            unplanned=unplanned,
            total_cost=attempt.total if attempt else order.money(0),
            terms=attempt.terms if attempt else {},
            least_cost=self._least_cost(attempt) if attempt else None,
            proven=bool(attempt and attempt.search.proven),
            profile=profile.name if profile else "",
            trials=tuple(self._trials),
            fallback=fallback,
            auto_cancel_time=cancel,
            warnings=tuple(self._warnings),
            rule_version=self._inputs.rules.version,
            judge=partial(self._judged, attempt),
            tell=partial(words.explain, order),
        )

    def _least_cost(self, attempt: _Attempt) -> Money | None:
        """Return what no plan costs less than, rounded as the plan's own terms are."""
        least = attempt.search.least_cost
        if least is None or not attempt.assignments:
            return None
        if attempt.search.proven:
            return attempt.total
        return min(attempt.total, self._order.money(round(least / MILLS)))

    def _judged(self, attempt: _Attempt | None) -> tuple[Candidate, ...]:
        if attempt is None:
            return ()
        return verdicts.judge(self._order, attempt.strategy, attempt.offers, attempt.assignments, attempt.total)

    def _fallback(self, profile: Profile | None, attempt: _Attempt | None) -> Fallback:
        if self._warnings and not (attempt and attempt.assignments):
            return FAILED
        if profile is None:
            return UNCOVERED
        return profile.fallback


def _served(lines: Sequence[DemandLine], unplanned: Sequence[Unplanned]) -> list[DemandLine]:
    """Return the lines with as many units as are planned."""
    short = {line.line_id: line.quantity for line in unplanned}
    served = [replace(line, quantity=line.quantity - short.get(line.line_id, 0)) for line in lines]
    return [line for line in served if line.quantity]
