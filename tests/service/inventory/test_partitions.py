"""The ledger's months: each has its partition before it begins, and the default one is the net below."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import text

from services.chassis.database import Database
from services.inventory.partitions import Partitions, ensure

ENTRY = (
    "INSERT INTO inventory.ledger_entries (sku, node_id, on_hand_delta, reserved_delta, safety_stock_delta,"
    " unsellable_delta, reason, reference, note, actor, create_time)"
    " VALUES ('TEE', 'east', 1, 0, 0, 0, 'COUNT', '', '', '', $1) RETURNING tableoid::regclass::text"
)


@pytest.fixture
def url(migrated_database):
    return migrated_database("inventory")


@pytest.fixture
async def database(url):
    database = Database(url)
    yield database
    await database.dispose()


@pytest.fixture
async def sql(url):
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def months(sql):
    """The first days of this month and of the next three, by the clock that the first partition was made by."""
    month = await sql.fetchval("SELECT date_trunc('month', now() AT TIME ZONE 'UTC')")
    found = [month.replace(tzinfo=UTC)]
    for _ in range(3):
        found.append((found[-1] + timedelta(days=32)).replace(day=1))
    return found


async def make(database, now):
    async with database.begin() as conn:
        return await ensure(conn, now)


def name(month):
    return f"inventory.ledger_entries_{month:%Y_%m}"


async def test_each_month_to_come_has_its_partition_and_what_is_there_is_not_made_again(database, sql, months):
    assert await make(database, months[0] + timedelta(days=3)) == 2
    assert await make(database, months[0] + timedelta(days=3)) == 0
    this, following, after_it, beyond = months
    assert await sql.fetchval(ENTRY, this) == "inventory.ledger_entries_first"
    assert await sql.fetchval(ENTRY, following - timedelta(microseconds=1)) == "inventory.ledger_entries_first"
    assert await sql.fetchval(ENTRY, following) == name(following)
    assert await sql.fetchval(ENTRY, after_it) == name(after_it)
    assert await sql.fetchval(ENTRY, beyond - timedelta(microseconds=1)) == name(after_it)


async def test_a_month_without_a_partition_falls_into_the_net_and_stays_there(database, sql, months):
    assert await sql.fetchval(ENTRY, months[2]) == "inventory.ledger_entries_default"
    assert await make(database, months[0]) == 1
    assert await sql.fetchval(ENTRY, months[1]) == name(months[1])
    assert await sql.fetchval(ENTRY, months[2]) == "inventory.ledger_entries_default"


async def test_months_follow_each_other_over_the_end_of_a_year(database, sql, months):
    year = months[0].year + 1
    assert await make(database, datetime(year, 12, 31, 23, 59, tzinfo=UTC)) == 3
    assert await sql.fetchval(ENTRY, datetime(year + 1, 2, 1, tzinfo=UTC)) == f"inventory.ledger_entries_{year + 1}_02"


async def test_two_replicas_at_once_make_each_partition_once(database, url, months):
    other = Database(url)
    try:
        assert sum(await asyncio.gather(*(make(one, months[0]) for one in (database, other, database, other)))) == 2
    finally:
        await other.dispose()


@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'me'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_no_partition_is_ever_rewritten(database, sql, months, change):
    await make(database, months[0])
    for moment in (months[0], months[1], months[3]):
        partition = await sql.fetchval(ENTRY, moment)
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await sql.execute(change.format(partition))


async def test_a_partition_is_made_while_others_write_the_ledger(database, url, sql, months):
    async with sql.transaction():
        await sql.fetchval(ENTRY, months[0])
        assert await make(database, months[0]) == 2


async def test_a_reader_of_the_net_is_waited_for_two_seconds_and_no_longer(database, sql, months):
    async with sql.transaction():
        await sql.fetch("SELECT FROM inventory.ledger_entries_default")
        with pytest.raises(Exception, match="lock timeout"):
            await make(database, months[0])
    assert await make(database, months[0]) == 2


async def test_a_partition_has_every_index_and_rule_of_the_ledger(database, sql, months):
    await make(database, months[0])
    count = "SELECT count(*) FROM pg_index WHERE indrelid = $1::regclass AND indisvalid"
    expected = await sql.fetchval(count, "inventory.ledger_entries")
    assert await sql.fetchval(count, name(months[1])) == expected
    triggers = "SELECT count(*) FROM pg_trigger WHERE tgrelid = $1::regclass"
    assert await sql.fetchval(triggers, name(months[1])) == await sql.fetchval(
        triggers, "inventory.ledger_entries_first"
    )


async def test_the_loop_makes_what_its_clock_says(service, clock):
    running = await service("inventory", clock=clock)
    clock.advance(timedelta(days=900))
    partitions = Partitions(running.parts)
    await partitions.make()
    assert await partitions.make() == 0
    async with running.parts.database.connect() as conn:
        names = (await conn.execute(text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"))).all()
    assert f"ledger_entries_{clock.now():%Y_%m}" in {row[0] for row in names}
