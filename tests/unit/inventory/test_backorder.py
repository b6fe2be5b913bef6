"""Who waits, what is kept for them, and what they are promised."""

from datetime import UTC, datetime, timedelta

import pytest

from services.inventory.domain.backorder import (
    HEAD_START,
    SAME_PROMISE,
    Promise,
    Wait,
    by_owner,
    kept,
    once_each,
    promises_by_owner,
)
from services.inventory.domain.filling import Fill
from services.inventory.domain.position import Pair
from services.inventory.domain.problems import DuplicateLine
from services.inventory.domain.reservation import State

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


def got(owner: str, line: str, sku: str) -> Fill:
    return Fill(owner, line, Pair(sku, "east"), 1)


def promise(owner: str, sku: str, before: datetime | None, time: datetime | None, line: str = "1") -> Promise:
    return Promise(owner_id=owner, line_id=line, sku=sku, before=before, time=time)


def test_an_order_is_told_once_of_everything_that_came():
    fills = [got("ord_2", "1", "TEE"), got("ord_1", "1", "TEE"), got("ord_1", "2", "MUG"), got("ord_1", "3", "TEE")]
    assert by_owner(fills) == {"ord_1": ["MUG", "TEE"], "ord_2": ["TEE"]}


def test_a_line_cannot_wait_twice_in_one_request():
    with pytest.raises(DuplicateLine):
        once_each([Wait(line_id="1", sku="TEE", quantity=1), Wait(line_id="1", sku="MUG", quantity=1)])


def test_what_is_kept_is_a_right_that_ends_with_the_head_start():
    first, second = kept([got("ord_1", "1", "TEE"), got("ord_1", "1", "TEE")], NOW)
    assert (first.state, first.expire_time, first.backorder, first.live) == (State.SOFT, NOW + HEAD_START, True, 1)
    assert first.reservation_id != second.reservation_id


@pytest.mark.parametrize(
    ("before", "time"),
    [(None, None), (NOW, NOW), (NOW, NOW + SAME_PROMISE), (NOW + SAME_PROMISE, NOW)],
)
def test_a_promise_that_hardly_moved_is_told_to_nobody(before, time):
    assert promises_by_owner([promise("ord_1", "TEE", before, time)]) == {}


@pytest.mark.parametrize(("before", "time"), [(None, NOW), (NOW, None), (NOW, LATER), (LATER, NOW)])
def test_a_promise_that_moved_is_told(before, time):
    assert promises_by_owner([promise("ord_1", "TEE", before, time)]) == {"ord_1": {"TEE": time}}


def test_of_a_sku_on_two_lines_the_later_date_is_told_and_none_where_one_of_them_has_none():
    dated = [promise("ord_1", "TEE", None, NOW), promise("ord_1", "TEE", None, LATER, "2")]
    assert promises_by_owner(dated) == {"ord_1": {"TEE": LATER}}
    undated = [promise("ord_1", "TEE", NOW, NOW), promise("ord_1", "TEE", NOW, None, "2")]
    assert promises_by_owner(undated) == {"ord_1": {"TEE": None}}
