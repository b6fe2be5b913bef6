"""Migrations: one history for each service's schema, safe to run from several replicas at once.

A migration waits at most 4 s for a lock and runs at most 5 s a statement (a longer one belongs in the background), so
it never stands in the way of the code that is running.
"""

import asyncio
import importlib
import threading
from pathlib import Path
from typing import Any

from alembic import command, context, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.chassis.database import async_url

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "5s"
SERVICES = Path(__file__).parents[1]
_TURN = 0x6F6D73  # "oms": migrations of one database take turns
_ONE_IN_A_PROCESS = threading.Lock()  # what Alembic is doing is in its module's globals


def upgrade(database_url: str, service: str, revision: str = "head") -> None:
    """Bring one service's schema to a revision; nothing happens where it is there already."""
    config = Config()
    config.set_main_option("script_location", str(SERVICES / service / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = database_url
    config.attributes["service"] = service
    with _ONE_IN_A_PROCESS:
        command.upgrade(config, revision)


def run_env(metadata: MetaData) -> None:
    """Do what a migrations/env.py is there for."""
    asyncio.run(_online(metadata, context.config.attributes["database_url"]))


async def _online(metadata: MetaData, database_url: str) -> None:
    engine = create_async_engine(async_url(database_url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, metadata)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    schema = metadata.schema
    connection.execute(text("SELECT pg_advisory_lock(:turn)"), {"turn": _TURN})
    try:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        # Only where it is missing: even IF NOT EXISTS needs a right that the service's role may not have.
        if connection.execute(text("SELECT to_regnamespace(:name)"), {"name": f'"{schema}"'}).scalar() is None:
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table="alembic_version",
            version_table_schema=schema,
            include_schemas=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()  # what succeeded is committed, and after a failure nothing else can be said
        connection.execute(text("SELECT pg_advisory_unlock(:turn)"), {"turn": _TURN})


def check(database_url: str, service: str) -> list[Any]:
    """Return how the migrated schema differs from what `tables.py` says; empty where it does not."""
    tables = importlib.import_module(f"services.{service}.tables")
    return asyncio.run(_check(database_url, tables.metadata))


async def _check(database_url: str, metadata: MetaData) -> list[Any]:
    engine = create_async_engine(async_url(database_url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare, metadata)
    finally:
        await engine.dispose()


def _compare(connection: Connection, metadata: MetaData) -> list[Any]:
    # A partition is a part of its table, and not a table that somebody wrote down.
    parts = set(connection.execute(text("SELECT relname FROM pg_class WHERE relispartition")).scalars())

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        if kind == "schema":
            return name == metadata.schema
        return not (kind == "table" and (name == "alembic_version" or name in parts))

    migration = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": ours,
            "compare_type": True,
            "version_table_schema": metadata.schema,
        },
    )
    return list(compare_metadata(migration, metadata))


def create_idempotency(schema: str) -> None:
    """Create the table of answers as its first version was. For a service's first migration; never to be changed."""
    op.execute(
        f"""
        CREATE TABLE "{schema}".idempotency_keys (
            rpc text NOT NULL,
            request_id text NOT NULL,
            request_digest bytea NOT NULL,
            response bytea,
            create_time timestamptz NOT NULL,
            CONSTRAINT pk_idempotency_keys PRIMARY KEY (rpc, request_id)
        )
        """
    )


def create_outbox(schema: str) -> None:
    """Create the outbox as its first version was. For a service's first migration; never to be changed."""
    op.execute(
        f"""
        CREATE TABLE "{schema}".outbox_events (
            sequence bigint GENERATED ALWAYS AS IDENTITY,
            event_id text NOT NULL,
            sink text NOT NULL,
            key text NOT NULL,
            type text NOT NULL,
            attributes jsonb NOT NULL,
            message_type text NOT NULL,
            message bytea NOT NULL,
            trace jsonb NOT NULL,
            state text NOT NULL DEFAULT 'PENDING',
            attempts integer NOT NULL DEFAULT 0,
            last_error text NOT NULL DEFAULT '',
            create_time timestamptz NOT NULL,
            next_attempt_time timestamptz NOT NULL,
            deliver_time timestamptz,
            CONSTRAINT pk_outbox_events PRIMARY KEY (sequence),
            CONSTRAINT uq_outbox_events_event_id UNIQUE (event_id),
            CONSTRAINT ck_outbox_events_state CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD'))
        )
        """
    )
    op.execute(
        f"""
        CREATE INDEX ix_outbox_events_undelivered ON "{schema}".outbox_events (sink, key, sequence)
        WHERE state <> 'DELIVERED'
        """
    )
    op.execute(
        f"""
        CREATE INDEX ix_outbox_events_delivered ON "{schema}".outbox_events (deliver_time)
        WHERE state = 'DELIVERED'
        """
    )
