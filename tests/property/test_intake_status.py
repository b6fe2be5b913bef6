"""Units never appear or vanish, and the database says of every order what the domain says."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.domain.rooms import ALLOWED, ROOM_NAMES, Move, Room, Units, apply
from services.intake.domain.status import RESTING, derive
from services.kernel.errors import OmsError

counts = st.integers(0, 3)
some_units = st.builds(Units, **dict.fromkeys(ROOM_NAMES, counts)).filter(lambda units: units.total > 0)
moves = st.builds(
    Move,
    line_id=st.sampled_from(["a", "b"]),
    from_room=st.sampled_from(Room),
    to_room=st.sampled_from(Room),
    quantity=st.integers(1, 3),
)


@given(st.lists(moves, max_size=30), some_units, some_units)
def test_moves_conserve_units_or_change_nothing(steps, a, b):
    before = {"a": a, "b": b}
    for step in steps:
        try:
            after = apply(before, [step])
        except OmsError as error:
            assert error.reason in {"ILLEGAL_MOVE", "UNITS_NOT_THERE"}  # noqa: PT017 - either is right
            continue
        assert step.to_room in ALLOWED[step.from_room]
        assert {line: units.total for line, units in after.items()} == {"a": a.total, "b": b.total}
        assert all(getattr(units, name) >= 0 for units in after.values() for name in ROOM_NAMES)
        before = after


@pytest.fixture
def connection(migrated_database) -> Iterator[tuple[asyncio.Runner, asyncpg.Connection]]:
    with asyncio.Runner() as runner:
        connection = runner.run(_connect(migrated_database("intake")))
        yield runner, connection
        runner.run(connection.close())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(some_units, min_size=1, max_size=3),
    later=st.lists(some_units, min_size=1, max_size=3),
    holds=st.integers(0, 2),
    resolved=st.integers(0, 2),
)
def test_the_database_computes_the_status_that_the_domain_derives(connection, lines, later, holds, resolved):
    runner, database = connection
    runner.run(_check(database, lines, later, holds, min(resolved, holds)))


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url)


async def _check(db, lines: list[Units], later: list[Units], holds: int, resolved: int) -> None:
    transaction = db.transaction()
    await transaction.start()
    now = datetime(2026, 3, 2, tzinfo=UTC)
    await db.execute(
        "INSERT INTO intake.orders (order_id, channel, external_id, order_number, digest, region, priority,"
        " currency_code, customer_reference, ship_to, shipping_minor, shipping_tax_minor, total_minor, service_level,"
        " ship_complete, note, order_time, create_time, update_time) VALUES"
        " ('o', 'c', 'x', '1', '', 'US', 3, 'USD', '', '{}', 0, 0, 0, 'STANDARD', false, '', $1, $1, $1)",
        now,
    )
    for number, units in enumerate(lines):
        rooms = ", ".join(str(getattr(units, name)) for name in ROOM_NAMES)
        await db.execute(
            "INSERT INTO intake.order_lines (line_id, order_id, position, external_line_id, sku, title, quantity,"
            f" unit_price_minor, discount_minor, tax_minor, prices_include_tax, total_minor, {', '.join(ROOM_NAMES)})"
            f" VALUES ($1, 'o', $2, $1, 's', '', $3, 0, 0, 0, false, 0, {rooms})",
            str(number),
            number,
            units.total,
        )
    for number in range(holds):
        await db.execute(
            "INSERT INTO intake.holds (hold_id, order_id, handle, type, state, owner_queue, deadline_time,"
            " deadline_action, overdue, note, create_time, resolved_by)"
            " VALUES ($1, 'o', $1, 'OTHER', 'CREATED', 'q', $2, 'ESCALATE', false, '', $2, '')",
            str(number),
            now,
        )
    await _compare(db, lines, holds)
    # Whoever writes the lines, and however many at once, the order's own numbers follow.
    after = [later[number % len(later)] for number in range(len(lines))]
    for number, units in enumerate(after):
        changes = ", ".join(f"{name} = {getattr(units, name)}" for name in ROOM_NAMES)
        await db.execute(
            f"UPDATE intake.order_lines SET quantity = $1, {changes} WHERE line_id = $2", units.total, str(number)
        )
    await db.execute(
        "UPDATE intake.holds SET state = 'RELEASED', resolve_time = $1 WHERE CAST(handle AS int) < $2", now, resolved
    )
    await _compare(db, after, holds - resolved)
    if len(after) > 1:
        await db.execute("DELETE FROM intake.order_lines WHERE position = 0")
        await _compare(db, after[1:], holds - resolved)
    await transaction.rollback()


async def _compare(db, lines: list[Units], holds: int) -> None:
    row = await db.fetchrow("SELECT * FROM intake.orders WHERE order_id = 'o'")
    together = Units()
    for units in lines:
        together += units
    assert Units(**{name: row[name] for name in ROOM_NAMES}) == together
    assert row["open_hold_count"] == holds
    status = derive(together, holds)
    assert row["status"] == status
    assert row["resting"] == (status in RESTING)
