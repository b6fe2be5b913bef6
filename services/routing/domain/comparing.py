"""What is different between plans: of one order in words, of many in sums."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.kernel.money import Money
from services.routing.domain import rates
from services.routing.domain.demand import Demand
from services.routing.domain.outline import Outline, by_sku, things
from services.routing.domain.rules import Rules, select

# As many are shown; the rest is in the sums.
MOST_CHANGES, MOST_IDS, MOST_FAILURES = 50, 100, 20


def takes(rules: Rules, active: Sequence[Rules], demand: Demand) -> bool:
    """Tell whether these rules would plan an order if they were active: no other active set is narrower."""
    rule_set_id = rules.version.rpartition("@")[0]
    others = [one for one in active if one.version.rpartition("@")[0] != rule_set_id]
    of = demand.destination.country_code, demand.channel, demand.program
    return rules.scope.fits(*of) and select([*others, rules], *of) is rules


@dataclass(slots=True)
class Tally:
    """Sums over the plans of a rule set, in minor units of one currency."""

    cost: int = 0
    shipping_cost: int = 0
    shipments: int = 0
    split_orders: int = 0
    unplanned_orders: int = 0
    delivered_orders: int = 0
    days: float = 0.0
    late_orders: int = 0
    node_shipments: dict[str, int] = field(default_factory=dict)
    fallback_units: dict[str, int] = field(default_factory=dict)

    @property
    def average_delivery_days(self) -> float:
        """Days from order to promised delivery, over the orders of which anything ships."""
        return self.days / self.delivered_orders if self.delivered_orders else 0.0

    def add(self, one: Outline, currency_code: str) -> None:
        """Count a plan."""
        self.cost += one.cost(currency_code)
        self.shipping_cost += rates.convert(one.terms["shipping"], currency_code) if "shipping" in one.terms else 0
        self.shipments += len(one.legs)
        self.split_orders += len(one.legs) > 1
        self.unplanned_orders += bool(one.left)
        self.late_orders += one.late
        if one.days is not None:
            self.delivered_orders += 1
            self.days += one.days
        for leg in one.legs:
            self.node_shipments[leg.node_id] = self.node_shipments.get(leg.node_id, 0) + 1
        if one.left:
            units = sum(piece.quantity for piece in one.left)
            self.fallback_units[one.action] = self.fallback_units.get(one.action, 0) + units


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An order that another node or service would ship, or of which more or less ships."""

    order_id: str
    decision_id: str
    baseline: str
    tried: str
    # Minor units; less than nothing where it is cheaper.
    cost_difference: int
    days_difference: float


class Comparing:
    """Holds the plans of one rule set against those of another, order by order, in memory that does not grow."""

    def __init__(self, currency_code: str) -> None:
        self.currency_code = currency_code
        self.orders = self.changed_orders = self.uncovered_orders = self.failed_orders = 0
        self.tried, self.baseline = Tally(), Tally()
        self.uncovered_order_ids: list[str] = []
        self.failures: list[str] = []
        self.strategies: dict[tuple[str, str], int] = {}
        self._changes: list[tuple[int, float, str, Change]] = []

    @property
    def changes(self) -> list[Change]:
        """The orders that change most, by money, then by days."""
        return [one for *_, one in sorted(self._changes, key=lambda one: (-one[0], -one[1], one[2]))]

    def add(self, order_id: str, decision_id: str, *, baseline: Outline, tried: Outline) -> None:
        """Count an order that both have planned."""
        self.orders += 1
        self.baseline.add(baseline, self.currency_code)
        self.tried.add(tried, self.currency_code)
        if not tried.profile:
            self.uncovered_orders += 1
            self.uncovered_order_ids += [order_id] if len(self.uncovered_order_ids) < MOST_IDS else []
        else:
            key = tried.profile, tried.strategy
            self.strategies[key] = self.strategies.get(key, 0) + 1
        if tried.warnings:
            self.failed_orders += 1
            new = [one for one in dict.fromkeys(tried.warnings) if one not in self.failures]
            self.failures += new[: MOST_FAILURES - len(self.failures)]
        if baseline.parts != tried.parts:
            self.changed_orders += 1
            self._keep(order_id, decision_id, baseline, tried)

    def _keep(self, order_id: str, decision_id: str, baseline: Outline, tried: Outline) -> None:
        cost = tried.cost(self.currency_code) - baseline.cost(self.currency_code)
        days = 0.0 if tried.days is None or baseline.days is None else tried.days - baseline.days
        change = Change(
            order_id=order_id,
            decision_id=decision_id,
            baseline=str(baseline),
            tried=str(tried),
            cost_difference=cost,
            days_difference=days,
        )
        # The key is unique, so that changes themselves are never compared.
        entry = abs(cost), abs(days), f"{order_id}/{decision_id}/{self.orders}", change
        if len(self._changes) < MOST_CHANGES:
            heapq.heappush(self._changes, entry)
        else:
            heapq.heappushpop(self._changes, entry)


def differences(before: Outline, after: Outline) -> list[str]:
    """Say what is different, the most important first; nothing where nothing is."""
    return [
        *_nodes(before, after),
        *_left(before, after),
        *_cost(before, after),
        *_promise(before, after),
        *_rules(before, after),
    ]


def _nodes(before: Outline, after: Outline) -> list[str]:
    was, now = ({leg.node_id: leg for leg in one.legs} for one in (before, after))
    found = [
        f"{leg.node_id} does not ship {things(leg.units)} by {leg.service} for {leg.cost}"
        for leg in before.legs
        if leg.node_id not in now
    ]
    for leg in after.legs:
        old = was.get(leg.node_id)
        if old is None:
            found.append(f"{leg.node_id} ships {things(leg.units)} by {leg.service} for {leg.cost}")
            continue
        if old.units != leg.units:
            found.append(f"{leg.node_id} ships {things(leg.units)} instead of {things(old.units)}")
        elif old.pieces != leg.pieces:
            found.append(f"{leg.node_id} ships the same units for other lines")
        if old.service != leg.service:
            found.append(f"{leg.node_id} ships by {leg.service} instead of {old.service}")
    return found


def _left(before: Outline, after: Outline) -> list[str]:
    was, now = by_sku(before.left), by_sku(after.left)
    if was == now:
        changed = bool(now) and before.action != after.action
        return [f"what nobody ships becomes {after.action} instead of {before.action}"] if changed else []
    words = [things(units) if units else "nothing" for units in (now, was)]
    return [f"{words[0]} is shipped by nobody, instead of {words[1]}"]


def _cost(before: Outline, after: Outline) -> list[str]:
    code = after.total_cost.currency_code
    was = rates.convert(before.total_cost, code)
    if after.total_cost.minor == was:
        return []
    parts = [
        more_or_less(difference, code, name)
        for name in dict.fromkeys([*before.terms, *after.terms])
        if (difference := _term(after, name, code) - _term(before, name, code))
    ]
    total = f"it costs {after.total_cost} instead of {Money(was, code)}"
    return [f"{total}: {', '.join(parts)}" if parts else total]


def _term(one: Outline, name: str, currency_code: str) -> int:
    return rates.convert(one.terms[name], currency_code) if name in one.terms else 0


def more_or_less(difference: int, currency_code: str, name: str) -> str:
    """Say by how much a part of the cost is more, or less."""
    return f"{name} {Money(abs(difference), currency_code)} {'more' if difference > 0 else 'less'}"


def _promise(before: Outline, after: Outline) -> list[str]:
    if before.days is None or after.days is None or before.promise_time is None or after.promise_time is None:
        return []
    if before.create_time != after.create_time:
        if abs(after.days - before.days) < 0.05:
            return []
        return [f"it takes {after.days:.1f} days until the last delivery instead of {before.days:.1f}"]
    if before.promise_time == after.promise_time:
        return []
    days = after.days - before.days
    moments = [f"{one:%-d %b %Y %H:%M} UTC" for one in (after.promise_time, before.promise_time)]
    how = f"{abs(days):.1f} days {'later' if days > 0 else 'earlier'}"
    return [f"the last delivery is promised for {moments[0]} instead of {moments[1]}, {how}"]


def _rules(before: Outline, after: Outline) -> list[str]:
    was, now = ((one.rule_version, one.profile, one.strategy) for one in (before, after))
    if was == now:
        return []
    words = [
        f"{strategy!r} of profile {profile!r} in {version}" if strategy else f"no strategy of {version}"
        for version, profile, strategy in (now, was)
    ]
    return [f"it is decided by {words[0]} instead of {words[1]}"]
