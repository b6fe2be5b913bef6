"""Inventory dies between any two statements of a change, and afterwards the change has happened once or not at all.

Each change is made once undisturbed. Then again and again, on SKUs of its own, with the replica killed before its first
statement is sent, with it sent and not answered, before its second, and so on until it comes to its end; and killed
with the last one answered and its caller not. The caller sends the same request to both replicas at once, until there
is an answer. Whatever is in the database then is what is there of the undisturbed one.
"""

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.kernel.errors import OmsError
from tests.chaos.inventory_cases import CASES, RIGHTS, Case, Scene
from tests.chaos.inventory_house import House

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("inventory-chaos"), pytest.mark.timeout(300)]

# No change has more statements: a case that does not end is one that never dies.
_MOST = 80
_SECONDS, _PAUSE = 60.0, 0.05

# Everything that a scene left behind, by its tail, without what differs from time to time: ids and moments.
_LEFT = {
    "positions": "SELECT sku, node_id, on_hand, reserved, safety_stock, unsellable, quality_control, quarantine, "
    "pools::text FROM inventory.positions WHERE sku LIKE '%' || $1",
    "reservations": "SELECT owner_id, line_id, sku, node_id, quantity, consumed_quantity, released_quantity, state, "
    "segment, pool_quantity, components::text, backorder FROM inventory.reservations WHERE sku LIKE '%' || $1",
    "ledger": "SELECT sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta, unsellable_delta, "
    "quality_control_delta, quarantine_delta, lot_id, reason, note FROM inventory.ledger_entries "
    "WHERE sku LIKE '%' || $1",
    "lots": "SELECT sku, node_id, lot_id, on_hand, quarantined FROM inventory.lots WHERE sku LIKE '%' || $1",
    "supplies": "SELECT sku, node_id, quantity, received_quantity, cancelled_quantity, state FROM inventory.supplies "
    "WHERE sku LIKE '%' || $1",
    "bundles": "SELECT sku, component_sku, quantity FROM inventory.bundles WHERE sku LIKE '%' || $1",
    "backorders": "SELECT owner_id, line_id, sku, quantity, state, passed FROM inventory.backorders "
    "WHERE sku LIKE '%' || $1",
    "policies": "SELECT sku, policy FROM inventory.backorder_policies WHERE sku LIKE '%' || $1",
    "channels": "SELECT channel, threshold_quantity, sku_thresholds::text FROM inventory.channel_policies "
    "WHERE channel LIKE '%' || $1",
    "limits": "SELECT source, units, percent FROM inventory.drift_limits WHERE source LIKE '%' || $1",
    "snapshots": "SELECT source, node_id, sequence, counted_sku_count, drifted_sku_count, surplus_quantity, "
    "deficit_quantity FROM inventory.snapshots WHERE source LIKE '%' || $1",
    "drifts": "SELECT source, sku, was_on_hand, on_hand, proposed_delta, state FROM inventory.drift_exceptions "
    "WHERE source LIKE '%' || $1",
    "signals": "SELECT key, type, attributes ->> 'signal' FROM inventory.outbox_events WHERE key LIKE '%' || $1",
    "answers": "SELECT rpc FROM inventory.idempotency_keys WHERE request_id LIKE '%' || $1 AND response IS NOT NULL",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("inventory")).open() as opened:
        yield opened


class Sweep:
    """One change, and everything that is done to it."""

    def __init__(self, house: House, case: Case, numbers: Iterator[int]) -> None:
        self._house = house
        self._case = case
        self._numbers = numbers

    async def undisturbed(self) -> dict[str, list[str]]:
        scene, method, request = await self._prepare()
        await getattr(self._house.victims[0], method)(request)
        return await self._left(scene)

    async def dies(self, how: str, number: int) -> tuple[bool, dict[str, list[str]]]:
        """Make the change, with the replica dying at a statement; return whether it did, and what is left behind."""
        scene, method, request = await self._prepare()
        died = await self._doomed(how, number, method, request)
        # Whoever asks twice hears the same twice, whoever he asks.
        answers = await asyncio.gather(*(self._house.ask(method, request, first) for first in (0, 1)))
        assert not any(isinstance(answer, OmsError) for answer in answers), (how, number, answers)
        assert answers[0] == answers[1], (how, number)
        assert await self._house.ask(method, request) == answers[0]
        return died, await self._left(scene)

    async def _doomed(self, how: str, number: int, method: str, request: Any) -> bool:
        """Call until the replica has died, or has answered: then it has no more statements than these."""
        replica = self._house.replicas[0]
        async with asyncio.timeout(_SECONDS):
            while True:
                replica.doom(how, number)
                try:
                    await getattr(self._house.victims[0], method)(request)
                except OmsError as error:
                    if replica.spare():
                        return True
                    if not error.retryable:
                        raise
                    await asyncio.sleep(_PAUSE)  # it is not back yet from when it died before
                else:
                    return replica.spare()

    async def _prepare(self) -> tuple[Scene, str, Any]:
        scene = Scene(self._house, f"-{next(self._numbers):05}.")
        method, request = await self._case(scene)
        return scene, method, request

    async def _left(self, scene: Scene) -> dict[str, list[str]]:
        found = {}
        for what, statement in _LEFT.items():
            rows = await self._house.rows(statement, scene.tail)
            found[what] = sorted(json.dumps(list(row), default=str).replace(scene.tail, "") for row in rows)
        return found


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count()


def sweep(house: House, case: Case, numbers: Iterator[int], ways: tuple[str, ...]) -> int:
    """Let it die in these ways at every statement, and after the last; return how often it died."""
    change = Sweep(house, case, numbers)

    async def all_of_it() -> int:
        expected = await change.undisturbed()
        deaths = 0
        for number in range(1, _MOST):
            died = False
            for how in ways:
                died, left = await change.dies(how, number)
                assert left == expected, (how, number)
                deaths += died
            if not died:
                break
        else:
            pytest.fail("it never came to its end")
        # One that has just been born has more statements than one that knows its database.
        for last in range(number - 1, 0, -1):
            died, left = await change.dies("after", last)
            assert left == expected, "with its last statement answered"
            if died:
                break
        assert await house.discrepancies() == []
        return deaths

    return house.loop.run(all_of_it())


def by_name(case: Case) -> str:
    return str(getattr(case, "__name__", case))


@pytest.mark.parametrize("case", RIGHTS[::3], ids=by_name)  # the long form below has all
def test_what_is_reserved_is_reserved_once_wherever_the_service_dies(
    house: House, case: Case, numbers: Iterator[int]
) -> None:
    assert sweep(house, case, numbers, ("during",)) >= 2


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_every_change_happens_once_wherever_the_service_dies(house: House, case: Case, numbers: Iterator[int]) -> None:
    assert sweep(house, case, numbers, ("before", "during")) >= 4


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_every_change_happens_once_wherever_postgresql_dies(house: House, case: Case, numbers: Iterator[int]) -> None:
    assert sweep(house, case, numbers, ("backend",)) >= 2
