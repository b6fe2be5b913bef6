"""Who waits."""

from datetime import UTC, datetime

import pytest

from services.inventory.domain.backorder import Backorder, State, Wait, by_owner, once_each
from services.inventory.domain.problems import DuplicateLine


def waiting(owner: str, line: str, sku: str) -> Backorder:
    return Backorder(
        owner_id=owner,
        line_id=line,
        sku=sku,
        quantity=1,
        priority=3,
        state=State.NOTIFIED,
        create_time=datetime(2026, 3, 2, tzinfo=UTC),
    )


def test_an_order_is_told_once_of_everything_that_came():
    told = [waiting("ord_2", "1", "TEE"), waiting("ord_1", "1", "TEE"), waiting("ord_1", "2", "MUG")]
    assert by_owner(told) == {"ord_1": ["MUG", "TEE"], "ord_2": ["TEE"]}


def test_a_line_cannot_wait_twice_in_one_request():
    with pytest.raises(DuplicateLine):
        once_each([Wait(line_id="1", sku="TEE", quantity=1), Wait(line_id="1", sku="MUG", quantity=1)])
