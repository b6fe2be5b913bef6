"""Migrations: what they make is what the tables say, however many replicas make it at once, and failures are told."""

import asyncio
import sys

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import create_async_engine

from services.chassis import migration
from services.chassis.database import async_url, metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table


async def migrated(url, work):
    """Do `work` in a new schema, with Alembic's operations at hand."""
    engine = create_async_engine(async_url(url))

    def run(connection):
        connection.execute(sa.text("CREATE SCHEMA scratch"))
        with Operations.context(MigrationContext.configure(connection)):
            work()

    async with engine.begin() as connection:
        await connection.run_sync(run)
    return engine


async def test_the_first_version_of_the_chassis_tables_is_what_the_code_expects(postgres_url):
    metadata = metadata_for("scratch")
    outbox_table(metadata)
    idempotency_table(metadata)

    def work():
        migration.create_outbox("scratch")
        migration.create_idempotency("scratch")

    engine = await migrated(postgres_url, work)
    created = await _shape(engine)
    async with engine.begin() as connection:
        assert await connection.run_sync(migration._compare, metadata) == []
        await connection.execute(sa.text("DROP SCHEMA scratch CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA scratch"))
        await connection.run_sync(metadata.create_all)
    # Alembic does not compare checks, partial indexes' conditions and identities: the catalogue does.
    assert await _shape(engine) == created
    await engine.dispose()


async def test_a_difference_is_found(postgres_url):
    engine = await migrated(postgres_url, lambda: migration.create_outbox("scratch"))
    metadata = metadata_for("scratch")
    outbox_table(metadata).append_column(sa.Column("more", sa.Text))
    async with engine.begin() as connection:
        assert len(await connection.run_sync(migration._compare, metadata)) == 1
    await engine.dispose()


async def test_replicas_may_migrate_at_once_and_again(postgres_url):
    code = "import sys; from services.chassis.migration import upgrade; upgrade(sys.argv[1], 'routing')"
    replicas = [await asyncio.create_subprocess_exec(sys.executable, "-c", code, postgres_url) for _ in range(3)]
    assert [await replica.wait() for replica in replicas] == [0, 0, 0]
    await asyncio.gather(*(asyncio.to_thread(migration.upgrade, postgres_url, "routing") for _ in range(3)))
    assert await asyncio.to_thread(migration.check, postgres_url, "routing") == []


async def test_a_role_that_may_not_create_schemas_is_told_so_and_can_migrate_the_one_it_is_given(postgres_url):
    engine = create_async_engine(async_url(postgres_url))
    name = f"restricted_{sa.make_url(postgres_url).database.replace('-', '_')}"
    url = sa.make_url(postgres_url).set(username=name).render_as_string(hide_password=False)
    async with engine.begin() as connection:
        await connection.execute(sa.text(f'CREATE ROLE "{name}" LOGIN'))
    with pytest.raises(Exception, match="permission denied"):
        await asyncio.to_thread(migration.upgrade, url, "routing")
    async with engine.begin() as connection:
        await connection.execute(sa.text(f'CREATE SCHEMA routing AUTHORIZATION "{name}"'))
    await asyncio.to_thread(migration.upgrade, url, "routing")
    assert await asyncio.to_thread(migration.check, postgres_url, "routing") == []
    async with engine.begin() as connection:
        await connection.execute(sa.text(f'DROP OWNED BY "{name}" CASCADE'))
        await connection.execute(sa.text(f'DROP ROLE "{name}"'))
    await engine.dispose()


async def test_a_migration_that_fails_says_why_and_leaves_nothing_behind(postgres_url):
    engine = create_async_engine(async_url(postgres_url))
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE SCHEMA routing"))
        await connection.execute(sa.text("CREATE TABLE routing.outbox_events (x int)"))
    with pytest.raises(Exception, match="already exists"):
        await asyncio.to_thread(migration.upgrade, postgres_url, "routing")
    async with engine.begin() as connection:
        tables = await connection.execute(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'routing'"))
        assert {row.tablename for row in tables} <= {"outbox_events", "alembic_version"}
        await connection.execute(sa.text("DROP TABLE routing.outbox_events"))
    await asyncio.to_thread(migration.upgrade, postgres_url, "routing")  # the lock was given back
    await engine.dispose()


async def _shape(engine):
    """Everything that the catalogue knows of the schema's tables."""
    queries = [
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'scratch' ORDER BY 1",
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE connamespace = 'scratch'::regnamespace ORDER BY 1, 2""",
        """SELECT table_name, column_name, data_type, is_nullable, column_default, identity_generation
           FROM information_schema.columns WHERE table_schema = 'scratch' ORDER BY 1, 2""",
    ]
    async with engine.connect() as connection:
        return [[tuple(row) for row in await connection.execute(sa.text(query))] for query in queries]
