"""What moved units cost more: each unit is charged to the decision that has it."""

from google.type.money_pb2 import Money

from oms.routing.v1.decision_pb2 import AssignedLine, Assignment, CostTerm, Decision, UnplannedLine
from workflows.activities.outage_costs import cost_of, difference, part


def usd(cents: int) -> Money:
    sign = -1 if cents < 0 else 1
    return Money(currency_code="USD", units=sign * (abs(cents) // 100), nanos=sign * (abs(cents) % 100) * 10_000_000)


def decision(total: int, *assignments: tuple[str, dict[str, int], int], unplanned: int = 0) -> Decision:
    return Decision(
        total_cost=usd(total),
        assignments=[
            Assignment(
                node_id=node_id,
                lines=[AssignedLine(line_id=line_id, quantity=quantity) for line_id, quantity in lines.items()],
                shipping_cost=usd(cost),
            )
            for node_id, lines, cost in assignments
        ],
        unplanned_lines=[UnplannedLine(line_id="a", quantity=unplanned)] if unplanned else [],
    )


def test_units_cost_their_part_of_their_shipment_and_of_what_the_whole_plan_costs():
    made = decision(1500, ("east", {"a": 2}, 400), ("west", {"a": 1, "b": 1}, 600))
    assert cost_of([made], {"a": 2}, node_id="east") == usd(400 + 250)
    assert cost_of([made], {"b": 1}) == usd(300 + 125)


def test_units_are_charged_to_the_newest_decision_that_has_them():
    first = decision(900, ("east", {"a": 3}, 900))
    second = decision(700, ("west", {"a": 1}, 700))
    assert cost_of([second, first], {"a": 3}) == usd(700 + 600)


def test_units_that_the_newest_decision_leaves_unplanned_cost_nothing():
    first = decision(900, ("east", {"a": 3}, 900))
    second = decision(0, unplanned=1)
    assert cost_of([second, first], {"a": 3}) == usd(600)


def test_terms_are_what_an_assignment_costs_where_there_are_any():
    made = decision(500, ("east", {"a": 1}, 999))
    made.assignments[0].terms.append(CostTerm(name="shipping", amount=usd(450)))
    assert cost_of([made], {"a": 1}) == usd(500)


def test_nothing_is_said_of_units_that_no_decision_has_or_of_mixed_currencies():
    assert cost_of([decision(500, ("east", {"a": 1}, 500))], {"a": 2}) is None
    assert cost_of([], {"a": 1}) is None
    mixed = decision(500, ("east", {"a": 1}, 500))
    mixed.assignments[0].shipping_cost.currency_code = "EUR"
    assert cost_of([mixed], {"a": 1}) is None
    assert difference(usd(1), Money(currency_code="EUR", units=1)) is None


def test_differences_may_be_less_than_nothing_and_parts_are_rounded_to_the_cent():
    assert difference(usd(250), usd(400)) == usd(-150)
    assert part(usd(1000), 1, 3) == usd(333)
