import pytest
from google.type.money_pb2 import Money as MoneyMessage

from oms.routing.v1.node_pb2 import Node as NodeMessage
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money
from services.routing import wire
from services.routing.domain import rates
from services.routing.domain.node import COST_LIMIT, UnknownTimeZone, UnusableCost, checked
from tests.unit.routing.build import node


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "America", "america/new_york", "\x00"])
def test_a_time_zone_that_is_none_is_refused(name):
    with pytest.raises(UnknownTimeZone):
        checked(node("n", time_zone=name))


@pytest.mark.parametrize(
    "costs",
    [
        (Money(1, "USD"), Money(1, "EUR")),
        (Money(1, "XXX"), Money(1, "XXX")),
        (Money(-1, "USD"), Money(1, "USD")),
        (Money(1, "USD"), Money(COST_LIMIT + 1, "USD")),
    ],
)
def test_costs_that_cannot_be_compared_are_refused(costs):
    with pytest.raises(UnusableCost):
        checked(node("n", order_cost=costs[0], line_cost=costs[1]))


def test_conversion_minds_that_a_yen_has_no_hundredths():
    assert rates.convert(Money(1000, "JPY"), "USD") == 635
    assert rates.convert(Money(635, "USD"), "JPY") == 1000
    assert rates.convert(Money(1000, "KWD"), "USD") == 324


def test_a_node_goes_over_the_wire_and_comes_back_the_same():
    one = node("n", order_cost=Money(1234, "KWD"), line_cost=Money(5, "KWD"), serves_country_codes=("CA", "US"))
    assert wire.to_node(wire.from_node(one)) == one


def test_a_cost_that_is_not_set_is_nothing_in_the_currency_of_the_other():
    message = wire.from_node(node("n"))
    message.ClearField("line_cost")
    message.order_cost.CopyFrom(MoneyMessage(currency_code="EUR", units=1))
    assert wire.to_node(message).line_cost == Money(0, "EUR")


@pytest.mark.parametrize(
    ("units", "nanos"), [(1, 1), (0, 1_000_000), (1, -500_000_000), (0, 1_000_000_000), (-1, 10_000_000)]
)
def test_money_that_is_no_amount_is_refused(units, nanos):
    message = wire.from_node(node("n"))
    message.order_cost.CopyFrom(MoneyMessage(currency_code="USD", units=units, nanos=nanos))
    with pytest.raises(InvalidArgument):
        checked(wire.to_node(message))


def test_the_largest_amount_that_fits_the_wire_is_refused_and_breaks_nothing():
    message = wire.from_node(node("n"))
    message.order_cost.CopyFrom(MoneyMessage(currency_code="USD", units=2**63 - 1, nanos=990_000_000))
    with pytest.raises(UnusableCost):
        checked(wire.to_node(message))


def test_a_reason_without_being_disabled_is_forgotten():
    message = NodeMessage()
    message.CopyFrom(wire.from_node(node("n")))
    message.disabled_reason = "stocktaking"
    assert wire.to_node(message).disabled_reason == ""


@pytest.mark.parametrize("position", [[1], ["a", "b"], [], [None]])
def test_a_forged_position_of_a_node_is_refused(position):
    with pytest.raises(InvalidArgument):
        wire.node_position(position)


@pytest.mark.parametrize(
    "position", [["a"], ["yesterday", "dec_1"], [5, "dec_1"], ["2026-03-02T12:00:00", "dec_1"], []]
)
def test_a_forged_position_of_a_decision_is_refused(position):
    with pytest.raises(InvalidArgument):
        wire.decision_position(position)
