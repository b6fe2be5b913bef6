"""Expressions: what is refused, what fails one decision, and how long any of it can take."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing import cel, rules_probes
from services.routing.domain.facts import LineFacts
from services.routing.domain.rules import Facts, RuleFailed
from services.routing.domain.vocabulary import OF_A_NODE, OF_AN_ORDER, SUBJECTS, WORDS

ANYWHERE = frozenset(SUBJECTS)
ORDINARY = rules_probes.PROBES["an ordinary order"]


def condition(text: str, subjects: frozenset[str] = ANYWHERE) -> cel.Condition:
    return cel.Condition("here", cel.compile_text(text, subjects, cel.Result.CONDITION))


def score(text: str) -> cel.Score:
    return cel.Score("here", cel.compile_text(text, ANYWHERE, cel.Result.SCORE))


def refusal(text: str, subjects: frozenset[str] = ANYWHERE, result: cel.Result = cel.Result.CONDITION) -> cel.Fault:
    with pytest.raises(cel.Unusable) as refused:
        cel.compile_text(text, subjects, result)
    return refused.value.faults[0]


def with_node(**changes: Any) -> Facts:
    return {**ORDINARY, "node": replace(ORDINARY["node"], **changes)}


def with_lines(count: int) -> Facts:
    lines = tuple(LineFacts(sku=f"SKU-{number}", units=1) for number in range(count))
    return {**ORDINARY, "order": replace(ORDINARY["order"], lines=lines)}


def test_an_expression_speaks_of_every_kind_of_word():
    text = (
        "order.customer.tier == 'gold' && order.destination.eu && order.units > 0 && order.goods_value < 5.0 "
        "&& 'ship-from-store' in node.capabilities && order.lines.exists(l, l.units > 1) && promise.days_late >= 0.0 "
        "&& stock.left >= 0 && plan.shipments > 0 && service.zone == '2' && line.sku.startsWith('TEE')"
    )
    assert condition(text)(ORDINARY) is True


def test_words_are_exactly_those_that_are_used():
    assert condition("node.load < 0.5 || order.units > 1").words == {"node", "order"}
    assert condition("'node.load' == 'order.units'").words == frozenset()
    # The loop's own name hides the word.
    assert condition("order.lines.all(node, node.units > 0)").words == {"order"}
    assert condition("order.lines.all(l, l.units > node.processing_minutes)").words == {"order", "node"}


def test_a_name_of_a_loop_hides_the_word_of_that_name():
    assert condition("order.lines.all(node, node.units == 2)")(ORDINARY) is True


@pytest.mark.parametrize(
    ("text", "message", "suggestion"),
    [
        ("order.unitz > 1", "there is no 'order.unitz'", "did you mean order.units?"),
        ("order.customer.teir == 'gold'", "there is no 'order.customer.teir'", "did you mean order.customer.tier?"),
        ("goods_value > 1.0", "there is no 'goods_value'", "did you mean order.goods_value?"),
        ("order.customer == 'gold'", "'order.customer' is no value by itself", "such as order.customer.tier"),
        ("order.lines.all(l, l.unts > 0)", "a line has no 'unts'", "did you mean units?"),
        ("order.goods_value > 5", "'>' does not go with double, int", "write 5.0 for 5"),
        ("node.type == STORE", "there is no 'STORE'", "texts are written in quotes: 'STORE'"),
        ("node.type == 5", "'==' does not go with string, int", "node.type == 'STORE'"),
        ("order.units = 5", "it cannot be read from here on", "write == to compare"),
        ("order.pickup and order.units > 5", "it cannot be read from here on", "write && for and"),
        ("max(1, 2) > 1", "there is no function 'max'", "did you mean math.greatest?"),
        ("greatest(1, 2) > 1", "there is no function 'greatest'", "did you mean math.greatest?"),
        ("order.units", "a condition must be true or false, and this gives int", "compare it"),
        ("has(order.pickup)", "has() says nothing here", "compare it"),
        ("dyn(order.units) > 1", "dyn() hides types", ""),
        ("{'a': 1}.size() > 0", "maps and messages cannot be written", ""),
        ("(" * 40 + "true" + ")" * 40, "it is nested too deep", "split it"),
        ("\x00", "it cannot be read", ""),
        ("order.units > 1 // " + "x" * 2000, "it has 2019 characters", ""),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write_instead(text, message, suggestion):
    fault = refusal(text)
    assert message in fault.message
    assert suggestion in fault.suggestion


def test_the_column_of_a_fault_counts_over_lines():
    assert refusal("order.units > 1 &&\n  order.unitz < 4").column == len("order.units > 1 &&\n  order") + 1


def test_a_word_that_is_not_known_at_a_place_is_told_with_those_that_are():
    fault = refusal("service.load > 0.5", OF_A_NODE)
    assert fault.message == "'service' is not known here"
    assert fault.suggestion == "here are: node, order"


def test_a_score_is_a_double():
    fault = refusal("5", result=cel.Result.SCORE)
    assert (fault.message, fault.suggestion[:15]) == ("a score must be a double, and this gives int", "write 5.0 for 5")
    assert score("5.0")({}) == 5.0


@pytest.mark.parametrize(
    "text", ["1 / 0 == 1", "1.0 / 0.0 > 1.0", "order.units % 0 > 1", "9223372036854775807 + 1 > 0", "[1][2] > 0"]
)
def test_what_can_never_be_worked_out_is_refused(text):
    assert refusal(text).message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.0 / node.load", "it divides by zero"),
        ("1.0 / (node.load * 2.0)", "it divides by zero"),
        ("double(100 / node.processing_minutes)", "divide by zero"),
        ("node.distance_km * 1e9", "beyond ±1,000,000"),
        ("1e308 * node.distance_km", "not a finite number"),
        ("double(order.lines[7].units)", "index"),
        ("double(node.node_id)", "cannot convert"),
    ],
)
def test_a_score_that_cannot_be_worked_out_fails_with_its_place(text, problem):
    with pytest.raises(RuleFailed) as failed:
        score(text)(with_node(load=0.0, processing_minutes=0))
    assert failed.value.reason == "RULE_FAILED"
    assert failed.value.metadata["place"] == "here"
    assert problem in failed.value.message.lower() or problem in failed.value.message


def test_a_division_by_zero_in_a_condition_is_never_just_infinite():
    with pytest.raises(RuleFailed, match="divides by zero"):
        condition("1.0 / node.load > 2.0")(with_node(load=0.0))
    with pytest.raises(RuleFailed, match="divides by zero"):
        condition("order.lines.exists(l, l.unit_price / l.unit_weight_kg > 1.0)")(with_lines(2))


def test_a_division_that_is_guarded_is_not_made():
    guarded = condition("node.load > 0.0 && 1.0 / node.load > 2.0")
    assert guarded(with_node(load=0.0)) is False
    assert guarded(with_node(load=0.25)) is True
    assert score("node.load > 0.0 ? 1.0 / node.load : 0.0")(with_node(load=0.0)) == 0.0


def test_a_failure_that_does_not_matter_does_not_fail():
    # CEL's rule: true || failure is true.
    assert condition("node.type == 'STORE' || 1 / node.processing_minutes > 0")(with_node(processing_minutes=0)) is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("order.lines.all(a, order.lines.all(b, order.lines.all(c, c.units > 0)))", "loops are nested 3 deep"),
        ("order.lines.all(a, a in order.lines)", "`in` takes a list"),
        ("[order.lines.map(b, b.sku)].all(skus, order.lines.all(a, a.sku in skus))", "`in` takes a list"),
        ("order.lines.all(a, order.lines == order.lines)", "lists cannot be compared"),
        ("order.lines.all(a, size(order.lines + order.lines) > 0)", "cannot be joined"),
        ("order.lines.all(a, size(a.sku + a.sku) > 0)", "cannot be joined"),
        ("order.lines.all(a, a.sku.matches('(.*x){8}'))", "matches() inside a loop"),
    ],
)
def test_what_could_run_too_long_is_refused(text, message):
    assert message in refusal(text).message


@pytest.mark.parametrize(
    ("text", "lines", "problem"),
    [
        ("order.lines.all(a, order.lines.all(b, a.sku != b.sku || a.units == b.units))", 5000, "10,000 turns"),
        ("order.lines.all(a, a.units > 0) && order.lines.all(a, a.units < 9) && order.pickup", 5000, "10,000 turns"),
        ("order.lines.filter(a, a.units > 0).size() > 1", 5000, "at most 500 lines"),
        ("order.lines.filter(a, order.lines.filter(b, a.sku < b.sku).size() > 1).size() >= 0", 500, "10,000 turns"),
        ("order.lines.map(a, order.lines.map(b, a.sku)).size() > 0", 500, "10,000 turns"),
    ],
)
def test_what_would_turn_too_often_for_an_order_ends_and_fails(text, lines, problem):
    """In half a second at most, on the machine that this was written on."""
    with pytest.raises(RuleFailed, match=problem):
        condition(text)(with_lines(lines))


def test_one_loop_over_the_longest_order_is_worked_out():
    facts = with_lines(5000)
    assert condition("order.lines.all(l, l.units == 1)")(facts) is True
    assert condition("order.lines.exists(l, l.sku == 'SKU-4999')")(facts) is True
    assert condition("order.lines.filter(l, l.units == 1).size() == 500")(with_lines(500)) is True


def test_a_loop_asked_again_for_another_node_or_order_is_worked_out_again():
    expression = condition("node.type == 'STORE' && order.lines.exists(l, l.sku == 'SKU-3')")
    facts = with_lines(4)
    assert [expression(facts), expression(facts)] == [True, True]
    assert expression({**facts, "node": replace(facts["node"], type="DC")}) is False
    assert expression(with_lines(3)) is False
    assert expression(facts) is True


def test_whole_numbers_where_doubles_belong_are_taken_as_doubles():
    assert score("node.load * 2.0")(with_node(load=1)) == 2.0


def test_an_expression_is_asked_a_thousand_times_within_a_tenth_of_a_second():
    expression = condition("node.type == 'STORE' && node.distance_km > 30.0 && order.goods_value < 50.0")
    start = time.perf_counter()
    for _ in range(1000):
        expression(ORDINARY)
    assert time.perf_counter() - start < 0.1


def test_the_order_is_all_that_a_profile_knows():
    assert condition("order.units > 1", OF_AN_ORDER)(ORDINARY) is True
    assert refusal("plan.shipments > 1", OF_AN_ORDER).suggestion == "here are: order"


_TOKENS = (
    *WORDS,
    *("order", "node", "l", "l.units", "1", "0", "1.5", "0.0", "'x'", "true", "null", "é", "\n", "//", '"\\"'),
    *("&&", "||", "!", "-", "+", "*", "/", "%", "==", "<", "?", ":", "(", ")", "[", "]", "{", "}", ",", ".", "in"),
    *("all(l,", "map(l,", "filter(l,", ".size()", "dyn(", "math.greatest(", "has(", "double(", "matches(", "b'x'"),
)


@given(
    words=st.lists(st.sampled_from(_TOKENS), min_size=1, max_size=9),
    subjects=st.sampled_from([ANYWHERE, OF_AN_ORDER, OF_A_NODE]),
    result=st.sampled_from(list(cel.Result)),
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_is_refused_with_words_or_gives_its_type_or_fails_safely(words, subjects, result):
    try:
        program = cel.compile_text(" ".join(words), subjects, result)
    except cel.Unusable as refused:
        messages = [fault.message for fault in refused.faults]
        program = None
    if program is None:
        assert all(messages)
        return
    assert program.words <= subjects
    expression = cel.Condition("p", program) if result is cel.Result.CONDITION else cel.Score("p", program)
    for facts in rules_probes.PROBES.values():
        with suppress(RuleFailed):
            assert type(expression(facts)) is (bool if result is cel.Result.CONDITION else float)
