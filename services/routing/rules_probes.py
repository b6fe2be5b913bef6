"""Orders, nodes and plans that expressions are tried on: nothing at all, an ordinary day, and the far ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from services.routing import cel
from services.routing.domain.facts import (
    FAR,
    CustomerFacts,
    DestinationFacts,
    LineFacts,
    NodeFacts,
    OrderFacts,
    PlanFacts,
    PromiseFacts,
    ServiceFacts,
    StockFacts,
)
from services.routing.domain.rules import Facts, RuleFailed, Rules

Expression = cel.Condition | cel.Score


@dataclass(frozen=True, slots=True)
class Failure:
    """An expression that fails for some facts."""

    place: str
    problem: str
    probe: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}, for {self.probe}"


def trial(rules: Rules) -> list[str]:
    """Return every expression that fails for some facts that may come: where, why, and for which."""
    return [str(failure) for expression in _expressions(rules) for failure in _first(failures(expression))]


def failures(expression: Expression) -> Iterator[Failure]:
    """Yield the probes for which an expression fails."""
    for name, facts in PROBES.items():
        try:
            expression(facts)
        except RuleFailed as error:
            place, _, why = error.message.partition(": ")
            yield Failure(place, why, f"{name}{_shown(facts, expression)}")


def _first(found: Iterator[Failure]) -> list[Failure]:
    return [failure] if (failure := next(found, None)) else []


def _expressions(rules: Rules) -> Iterator[Expression]:
    """Yield every expression that was read with rules_reading."""
    found: list[object] = [border.when for border in rules.borders]
    for profile in rules.profiles:
        found.append(profile.when)
        for one in profile.strategies:
            found += [one.when, one.nodes, one.services, one.stock, one.accept]
            found += [criterion.score for criterion in one.criteria]
    return (one for one in found if isinstance(one, Expression))


def _shown(facts: Facts, expression: Expression) -> str:
    """Show what an expression looked at."""
    values = {path: read(facts[subject]) for path, subject, read in expression.program.reads}
    if expression.program.most_entries:
        values["order.lines"] = facts["order"].lines
    shown = [f"{path} = {len(value) if isinstance(value, list | tuple) else value}" for path, value in values.items()]
    return f" ({', '.join(shown)})" if shown else ""


def _plan(number: int, amount: float) -> PlanFacts:
    return PlanFacts(
        shipments=number,
        units=number,
        left_units=number,
        cost=amount,
        shipping_cost=amount,
        days_until_delivery=amount,
        days_late=amount,
    )


def _probe(lines: int, number: int, amount: float, *, unknown: float | None = None) -> Facts:
    """Return facts in which every count is `number`, every amount `amount`, and what nobody may know is `unknown`."""
    open_end = amount if unknown is None else unknown
    line = LineFacts(sku="SKU", units=number, unit_price=amount, unit_weight_kg=amount)
    destination = DestinationFacts(country_code="US", administrative_area="NY", postal_area="100")
    order = OrderFacts(
        destination=destination,
        customer=CustomerFacts(),
        lines=(line,) * lines,
        units=number * lines,
        goods_value=amount,
        weight_kg=amount,
        days_until_due=open_end,
        has_due_time=unknown is None,
        short_units=number,
        priority=number,
    )
    node = NodeFacts(
        node_id="node",
        type="DC",
        country_code="US",
        administrative_area="NJ",
        capabilities=(),
        programs=(),
        distance_km=open_end,
        same_country=True,
        order_cost=amount,
        line_cost=amount,
        processing_minutes=number,
        load=min(amount, 10.0),
        share_in_stock=min(amount, 1.0),
        pickup_here=False,
    )
    service = ServiceFacts(
        carrier_code="carrier",
        service_code="ground",
        service_level="STANDARD",
        zone="2",
        parcel_price=amount,
        kilogram_price=amount,
        transit_days=number,
        load=min(amount, 10.0),
        on_time_rate=min(amount, 1.0),
        landed_cost=amount,
    )
    promise = PromiseFacts(
        days_until_dispatch=min(amount, 400.0), days_until_delivery=min(amount, 400.0), days_late=min(amount, 400.0)
    )
    stock = StockFacts(
        available=number, wanted=number, left=0, daily_demand=amount, days_of_cover=open_end, nodes=number
    )
    plan = _plan(number, amount)
    facts = {"order": order, "line": line, "node": node, "service": service}
    return facts | {"promise": promise, "stock": stock, "plan": plan}


def _ordinary() -> Facts:
    facts = dict(_probe(3, 2, 3.0))
    facts["line"] = replace(facts["line"], sku="TEE-BLK-M", required_capabilities=("hazmat",))
    facts["node"] = replace(facts["node"], type="STORE", capabilities=("ship-from-store",), load=0.5, distance_km=300.0)
    facts["order"] = replace(
        facts["order"],
        channel="web",
        program="main",
        customer=CustomerFacts(tier="gold", has_sla=True),
        destination=DestinationFacts(country_code="DE", postal_area="10", eu=True),
        lines=(facts["line"],) * 3,
    )
    return facts


PROBES: Mapping[str, Facts] = {
    "an empty order": _probe(0, 0, 0.0),
    "a line of nothing": _probe(1, 0, 0.0),
    "an ordinary order": _ordinary(),
    "a long order": _probe(50, 1, 10.0),
    "the far end": _probe(1, 1_000_000, 100_000.0, unknown=FAR),
}
