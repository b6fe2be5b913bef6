"""Rule sets over the wire: checked, saved, listed."""

import asyncio
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.rule_set_pb2 import RuleSet
from services.chassis.client import Channels
from services.kernel.clock import ManualClock
from services.kernel.errors import AlreadyExists, InvalidArgument, NotFound
from services.routing.files import documents, plain_yaml, rule_sets
from tests.service.routing.conftest import key
from tests.service.routing.rule_desk import (
    ACTIVE,
    DRAFT,
    VALIDATED,
    Desk,
    open_desk,
    rule_set,
)


@pytest.fixture
async def desk(service: Any, migrated_database: Any, channels: Channels, clock: ManualClock) -> Desk:
    return await open_desk(service, migrated_database, channels, clock)


async def test_a_check_tells_every_problem_and_saves_nothing(desk: Desk):
    message = rule_set(nodes="node.lode < 1.0", criteria=[{"name": "a", "score": "5"}])
    answer = await desk.routing.CheckRuleSet(rpc.CheckRuleSetRequest(rule_set=message))
    assert [one.place for one in answer.problems] == [
        "profiles[0].strategies[0].nodes, column 5",
        "profiles[0].strategies[0].criteria[0].score",
    ]
    assert answer.problems[0].suggestion == "did you mean node.load?"
    assert await desk.states() == []


async def test_a_rule_set_with_problems_is_not_saved(desk: Desk):
    with pytest.raises(InvalidArgument) as refused:
        await desk.save(rule_set(nodes="node.lode < 1.0"))
    assert refused.value.reason == "INVALID_RULE_SET"
    assert "node.lode" in refused.value.message
    assert await desk.states() == []


async def test_what_is_saved_is_a_draft_with_who_and_why(desk: Desk, clock: ManualClock):
    saved = await desk.save(rule_set(), note="a start")
    assert (saved.version, saved.state, len(saved.digest)) == (1, DRAFT, 64)
    assert saved.rule_set == rule_set()
    assert [(event.state, event.note) for event in saved.events] == [(DRAFT, "a start")]
    assert saved.events[0].actor
    assert saved.create_time.ToDatetime() == clock.now().replace(tzinfo=None)
    assert (await desk.routing.GetRuleSet(rpc.GetRuleSetRequest(rule_set_id="test"))).rule_set_version == saved


async def test_the_same_document_again_is_the_same_version_and_another_is_the_next(desk: Desk):
    first = await desk.save(rule_set())
    assert await desk.save(rule_set()) == first
    assert (await desk.save(rule_set(nodes="node.load < 1.0"))).version == 2
    assert (await desk.save(rule_set())).version == 3


async def test_saves_at_once_get_numbers_of_their_own(desk: Desk):
    messages = [rule_set(nodes=f"node.load < {number}.0") for number in range(1, 7)]
    saved = await asyncio.gather(*map(desk.save, messages))
    assert sorted(one.version for one in saved) == [1, 2, 3, 4, 5, 6]


async def test_the_same_request_is_answered_once(desk: Desk):
    request = rpc.SaveRuleSetRequest(request_id=key(), rule_set=rule_set())
    answers = await asyncio.gather(*(desk.routing.SaveRuleSet(request) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    request.note = "another"
    with pytest.raises(AlreadyExists):
        await desk.routing.SaveRuleSet(request)


async def test_what_is_not_there_is_not_found(desk: Desk):
    for request in (
        rpc.GetRuleSetRequest(rule_set_id="nowhere"),
        rpc.GetRuleSetRequest(rule_set_id="nowhere", version=3),
    ):
        with pytest.raises(NotFound) as refused:
            await desk.routing.GetRuleSet(request)
        assert refused.value.reason == "RULE_SET_NOT_FOUND"
    for state in (VALIDATED, ACTIVE):
        with pytest.raises(NotFound):
            await desk.move(1, state)


async def test_pages_show_every_version_once_newest_first_within_a_set(desk: Desk):
    for rule_set_id in ("a", "b"):
        for load in (1, 2, 3):
            await desk.save(rule_set(rule_set_id, nodes=f"node.load < {load}.0"))
    await desk.move(2, VALIDATED, rule_set_id="b")
    request, seen = rpc.ListRuleSetsRequest(page_size=2), []
    while True:
        page = await desk.routing.ListRuleSets(request)
        seen += [(one.rule_set.rule_set_id, one.version) for one in page.rule_set_versions]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == [("a", 3), ("a", 2), ("a", 1), ("b", 3), ("b", 2), ("b", 1)]
    validated = await desk.routing.ListRuleSets(rpc.ListRuleSetsRequest(state=VALIDATED))
    assert [one.version for one in validated.rule_set_versions] == [2]
    with pytest.raises(InvalidArgument) as refused:
        await desk.routing.ListRuleSets(rpc.ListRuleSetsRequest(rule_set_id="a", page_token=request.page_token))
    assert refused.value.reason == "INVALID_PAGE_TOKEN"


async def test_the_samples_go_all_the_way(desk: Desk):
    for name in rule_sets.SAMPLES:
        message, _ = documents.read(plain_yaml.load(rule_sets.sample(name)), RuleSet())
        saved = await desk.save(message)
        moved = await desk.move(saved.version, VALIDATED, rule_set_id=message.rule_set_id)
        assert moved.rule_set == message


async def test_no_bad_document_is_more_than_an_invalid_argument(desk: Desk):
    good = rule_set()
    bad: list[dict[str, Any]] = [
        {"rule_set_id": "Not An Id"},
        {"rule_set_id": ""},
        {"profiles": []},
        {"currency_code": "usd"},
        {"profiles": [{"name": "", "strategies": [{"name": "a"}]}]},
        {"profiles": [{"name": "a", "strategies": []}]},
        {"profiles": [{"name": "a\x00b", "strategies": [{"name": "a"}]}]},
        {"profiles": [{"name": "a", "when": "\x00", "strategies": [{"name": "a"}]}]},
        {"profiles": [{"name": "a", "when": "x" * 2001, "strategies": [{"name": "a"}]}]},
        {"description": "a\x00b"},
        {"scope": {"country_codes": ["usa"]}},
        {"scope": {"channels": ["a\x00"]}},
        {"borders": [{"flags": ["a\x00"]}]},
        {"profiles": [{"name": "a", "strategies": [{"name": "a", "split_cost": {"units": "9223372036854775807"}}]}]},
        {"profiles": [{"name": "a", "strategies": [{"name": "a", "split_cost": {"currency_code": "\x00"}}]}]},
    ]
    for fields in bad:
        message = RuleSet()
        message.CopyFrom(good)
        for field in fields:
            message.ClearField(field)  # type: ignore[arg-type]  # stubs know fields by literal names only
        ParseDict(fields, message)
        with pytest.raises(InvalidArgument):
            await desk.save(message)
