"""Screening rules: what is wrong with them is told with its place, and what they find becomes holds, never errors."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from oms.intake.v1 import screening_facts_pb2 as facts_pb
from services.intake import mapping_files, screening_files, screening_reading
from services.intake.domain.draft import HoldType
from services.intake.domain.screening import RuleSet, Subject, screen
from services.intake.screening_facts import facts
from services.intake.screening_words import VOCABULARY, condition
from tests.unit.intake.test_duplicates import cart, line, usd

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAMPLES = sorted(Path("services/intake/samples").glob("*.yaml"))


def rules(text: str) -> RuleSet:
    return screening_reading.read(screening_files.read(f"name: set\nrules:\n{text}"), 3)


def problems(text: str) -> dict[str, str]:
    found = screening_reading.problems(screening_files.read(f"name: set\nrules:\n{text}"))
    return {one.place: f"{one.message} ({one.suggestion})" for one in found}


def subject(*lines, handles=(), risk_problem="", **fields) -> Subject:
    draft = cart(*lines, **fields)
    ids = [one.external_line_id for one in draft.lines]
    return Subject(facts=facts(draft), line_ids=ids, handles=handles, risk_problem=risk_problem)


def test_a_rule_places_the_hold_that_it_says_with_its_queue_and_deadline():
    found = screen(
        rules("- {name: big, when: order.total > 9.5, hold: COMPLIANCE, owner_queue: export, deadline: 4h, note: why}"),
        subject(),
        NOW,
    )
    (hold,) = [one.hold for one in found]
    assert (hold.handle, hold.type, hold.owner_queue, hold.note) == ("set/big", HoldType.COMPLIANCE, "export", "why")
    assert hold.deadline_time == NOW + timedelta(hours=4)
    assert found[0].rule == "set@3/big"


def test_a_rule_for_each_line_holds_those_lines_and_too_many_hold_the_order():
    each = rules("- {name: hazmat, each: line, when: line.sku.startsWith('HAZ'), hold: COMPLIANCE}")
    found = screen(each, subject(line("TEE"), line("HAZ-1"), line("HAZ-2")), NOW)
    assert [(one.hold.handle, one.hold.external_line_id) for one in found] == [
        ("set/hazmat/2", "HAZ-1"),
        ("set/hazmat/3", "HAZ-2"),
    ]
    (whole,) = screen(each, subject(*(line(f"HAZ-{at}") for at in range(300))), NOW)
    assert (whole.hold.external_line_id, whole.hold.note) == ("", "300 lines")


def test_a_rule_that_fails_is_a_hold_for_whoever_writes_rules():
    failing = rules(
        "- {name: odd, when: order.total / order.discount > 2.0, hold: CREDIT_LIMIT}\n"
        "- {name: fine, when: order.units == 1, hold: OTHER}"
    )
    odd, fine = (one.hold for one in screen(failing, subject(), NOW))
    assert (odd.type, odd.owner_queue) == (HoldType.OTHER, "failed-rules")
    assert "divides by zero" in odd.note
    assert fine.handle == "set/fine"


def test_holds_wait_only_for_those_that_are_placed():
    chain = rules(
        "- {name: last, when: order.units > 0, hold: APPROVAL, after: [never, hazmat, payment, address]}\n"
        "- {name: never, when: order.units > 5, hold: OTHER}\n"
        "- {name: hazmat, each: line, when: line.sku == 'HAZ', hold: COMPLIANCE}"
    )
    found = {one.hold.handle: one.hold for one in screen(chain, subject(line(), line("HAZ"), handles={"payment"}), NOW)}
    assert found["set/last"].after == ("payment", "set/hazmat/2")


def test_what_happens_without_a_score_is_what_the_set_says():
    asking = rules(
        "- {name: bad, when: risk.score > 0.5, hold: HIGH_RISK_OF_FRAUD}\n"
        "- {name: all, when: order.units > 0, hold: OTHER}"
    )
    down = subject(risk_problem="it did not answer")
    held = {one.hold.handle: one.hold for one in screen(asking, down, NOW)}
    assert held.keys() == {"set/all", "set/risk-service"}
    assert "it did not answer" in held["set/risk-service"].note
    assert [one.hold.handle for one in screen(replace(asking, pass_when_risk_down=True), down, NOW)] == ["set/all"]


def test_every_problem_is_told_with_its_place_and_what_to_write():
    found = problems(
        "- {name: a, when: order.totl > 5.0, hold: OTHER, after: [b]}\n"
        "- {name: a, when: line.sku == 'X', hold: OTHER}\n"
        "- {name: c, when: order.units, hold: OTHER, approvals: [x], deadline_action: release}\n"
        "- {name: d, when: 1 < 2, hold: OTHER}\n"
        "- {name: risk-service, when: order.units > 5.0, hold: OTHER}"
    )
    assert "did you mean order.total?" in found["rules[0].when, column 6"]
    assert "there is no rule 'b'" in found["rules[0].after[0]"]
    assert "rules[0]" in found["rules[1].name"]
    assert "each: line" in found["rules[1].when, column 5"]
    assert "must be true or false" in found["rules[2].when"]
    assert "nobody agreed" in found["rules[2].deadline_action"]
    assert "always holds" in found["rules[3].when"]
    assert "rules[4].name" in found


def test_rules_that_wait_for_each_other_are_refused():
    found = problems(
        "- {name: a, when: order.units > 1, hold: OTHER, after: [b]}\n"
        "- {name: b, when: order.units > 1, hold: OTHER, after: [a]}"
    )
    assert "waits for itself" in found["rules[0].after"]


def test_every_word_has_a_value_for_an_order_that_says_nothing():
    everything = {**facts(cart()), "line": facts_pb.LineFacts()}
    for word in VOCABULARY.words.values():
        if word.path != VOCABULARY.entries:
            text = {"string": "!= 'x'", "int": ">= 0", "double": ">= 0.0", "bool": "|| true"}.get(word.type)
            text = f"{word.path} {text}" if text else f"size({word.path}) >= 0"
            assert condition(text, each_line=True)(everything) is True, word.path


def test_amounts_are_the_numbers_that_people_write():
    fits = condition("order.total == 10.1 && order.lines.all(line, line.unit_price == 10.1)", each_line=False)
    assert fits(facts(cart(line(price=1010), total=usd(1010))))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_can_be_used_and_comes_back_as_it_was_written(path):
    message = screening_files.read(path.read_text())
    assert screening_reading.problems(message) == []
    assert screening_files.read(screening_files.write(message)) == message


@pytest.mark.parametrize("text", ["[", "just a word", "name: [a]", "name: a\nrulez: []", "name: a\nrules: [1]"])
def test_what_is_no_rule_set_is_refused_in_words(text):
    with pytest.raises(screening_files.Unreadable):
        screening_files.read(text)


def test_a_csv_is_read_whole_or_every_problem_is_told_by_its_line():
    rows, wrong = mapping_files.read_skus("channel_sku,sku,units_each,active\nCASE,TEE,12,\nOLD,MUG,,no\n")
    assert wrong == []
    assert [(one.channel_sku, one.sku, one.units_each, one.inactive) for one in rows] == [
        ("CASE", "TEE", 12, False),
        ("OLD", "MUG", 1, True),
    ]
    _, wrong = mapping_files.read_skus("channel_sku,sku,units_each\nA,,1\nA,B,1\nC,D,zero\nC,D,1,2\nE,F\n")
    assert [one.split(":")[0] for one in wrong] == ["line 2", "line 3", "line 4", "line 5"]
    places, wrong = mapping_files.read_locations("location_code,line1,country_code\n0042,1 Main St,us\n0043,x,\n")
    assert [one.location_code for one in places] == ["0042"]
    assert wrong == ["line 3: country_code: an address has a country"]
    assert mapping_files.read_skus("sku\n")[1] == ["line 1: there is no column channel_sku"]
