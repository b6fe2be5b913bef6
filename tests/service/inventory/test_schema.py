"""What the database itself refuses."""

import asyncpg
import pytest
from sqlalchemy import CheckConstraint

from services.chassis import migration
from services.inventory.tables import metadata


@pytest.fixture
async def database(migrated_database):
    connection = await asyncpg.connect(migrated_database("inventory"))
    await connection.execute("SET search_path = inventory")
    await connection.execute("INSERT INTO positions VALUES ('TEE', 'east', 10, 0, 2, 1, now())")
    yield connection
    await connection.close()


def test_the_migrations_make_what_the_tables_say(migrated_database):
    assert migration.check(migrated_database("inventory"), "inventory") == []


async def test_every_rule_of_the_tables_is_in_the_database(database):
    rows = await database.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = $1::regnamespace", "inventory"
    )
    said = {
        f"ck_{table.name}_{one.name}" if not str(one.name).startswith("ck_") else str(one.name)
        for table in metadata.tables.values()
        for one in table.constraints
        if isinstance(one, CheckConstraint)
    }
    assert {row["conname"] for row in rows} == said


@pytest.mark.parametrize("counters", ["reserved = 8", "reserved = 8, on_hand = 10", "reserved = 1, safety_stock = 9"])
async def test_no_statement_reserves_more_than_is_free(database, counters):
    with pytest.raises(asyncpg.CheckViolationError, match="than is free"):
        await database.execute(f"UPDATE positions SET {counters}")


async def test_the_last_free_unit_can_be_reserved(database):
    await database.execute("UPDATE positions SET reserved = 7")


async def test_a_count_may_leave_less_than_is_reserved(database):
    await database.execute("UPDATE positions SET reserved = 7")
    await database.execute("UPDATE positions SET on_hand = 3")
    with pytest.raises(asyncpg.CheckViolationError, match="than is free"):
        await database.execute("UPDATE positions SET reserved = 8")


async def test_a_position_cannot_begin_oversold(database):
    with pytest.raises(asyncpg.CheckViolationError, match="than is free"):
        await database.execute("INSERT INTO positions VALUES ('MUG', 'east', 1, 2, 0, 0, now())")


@pytest.mark.parametrize(
    "change", ["UPDATE ledger_entries SET actor = 'me'", "DELETE FROM ledger_entries", "TRUNCATE ledger_entries"]
)
async def test_the_ledger_is_never_rewritten(database, change):
    await database.execute(
        "INSERT INTO ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta, unsellable_delta,"
        " reason, reference, note, actor, create_time) VALUES ('TEE', 'east', 1, 0, 0, 0, 'COUNT', '', '', '', now())"
    )
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await database.execute(change)


@pytest.mark.parametrize(
    "row",
    [
        "5, 3, 3, 'HARD', NULL",  # undone twice
        "5, 0, 0, 'RELEASED', NULL",  # ended, and live
        "5, 0, 5, 'HARD', NULL",  # in force, and nothing live
        "5, 1, 4, 'RELEASED', NULL",  # shipped, and not CONSUMED
        "5, 0, 5, 'CONSUMED', NULL",  # not shipped, and CONSUMED
        "5, 0, 0, 'SOFT', NULL",  # would never end
        "5, 0, 0, 'HARD', now()",  # would end
        "0, 0, 0, 'HARD', NULL",  # of nothing
    ],
)
async def test_a_reservation_that_contradicts_itself_is_refused(database, row):
    with pytest.raises(asyncpg.CheckViolationError):
        await database.execute(
            f"INSERT INTO reservations VALUES ('rsv_1', 'ord_1', '1', 'TEE', 'east', {row}, now(), now())"
        )
