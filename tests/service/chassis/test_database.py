"""What goes wrong in the database reaches the caller in the words of the house."""

import asyncio

import pytest
import sqlalchemy as sa

from services.chassis.database import Database, after_commit, translate
from services.kernel.errors import Aborted, DeadlineExceeded, InvalidArgument, OmsError, Unavailable
from tests.service.chassis import scratch


@pytest.fixture
async def database(postgres_url):
    async with scratch.schema(postgres_url) as opened:
        yield opened


async def meaning(database, *statements, **values):
    """Run statements in one transaction, and return what the error means to a caller."""
    try:
        async with database.begin() as connection:
            for statement in statements:
                await connection.execute(sa.text(statement) if isinstance(statement, str) else statement, values)
    except Exception as error:
        return error if isinstance(error, OmsError) else translate(error)
    raise AssertionError("nothing went wrong")


@pytest.mark.parametrize(
    "statement",
    [
        sa.select(scratch.events.c.sequence).where(scratch.events.c.sequence > 10**30),
        sa.select(scratch.events.c.sequence).where(scratch.events.c.attempts > 2**40),
        scratch.effects.insert().values(word="a\x00b"),
        sa.text("SELECT 9223372036854775807 + 1::bigint"),
    ],
)
async def test_a_value_that_cannot_be_stored_is_an_invalid_argument(database, statement):
    assert isinstance(await meaning(database, statement), InvalidArgument)


async def test_a_statement_that_takes_too_long_is_deadline_exceeded(database):
    error = await meaning(database, "SET LOCAL statement_timeout = 20", "SELECT pg_sleep(5)")
    assert isinstance(error, DeadlineExceeded)


async def test_a_standby_is_unavailable(database):
    error = await meaning(database, "SET TRANSACTION READ ONLY", "CREATE TABLE x (y int)")
    assert isinstance(error, Unavailable)


async def test_one_of_two_that_lock_each_other_is_aborted_and_the_other_goes_on(database):
    async with database.begin() as connection:
        await connection.execute(scratch.effects.insert(), [{"word": "a"}, {"word": "b"}])
    both = asyncio.Barrier(2)

    async def lock(*words):
        async with database.begin() as connection:
            for word in words:
                await connection.execute(
                    scratch.effects.update().where(scratch.effects.c.word == word).values(word=word)
                )
                if word == words[0]:
                    await both.wait()

    results = await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)
    errors = [result for result in results if result is not None]
    assert len(errors) == 1
    assert isinstance(translate(errors[0]), Aborted)


async def test_a_bug_is_not_translated(database):
    assert await meaning(database, "SELECT nonsense") is None


async def test_a_connection_that_is_cut_is_unavailable_and_the_next_call_works(database):
    error = await meaning(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert isinstance(error, Unavailable)
    async with database.connect() as connection:
        assert (await connection.execute(sa.text("SELECT 1"))).scalar_one() == 1


async def test_nobody_listening_is_unavailable():
    assert isinstance(await meaning(Database("postgresql://oms@127.0.0.1:9/oms"), "SELECT 1"), Unavailable)


async def test_a_server_that_takes_connections_and_says_nothing_is_unavailable():
    async def say_nothing(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await meaning(Database(f"postgresql://oms@127.0.0.1:{port}/oms"), "SELECT 1")
    assert isinstance(error, Unavailable)
    assert error.reason == "DATABASE_UNAVAILABLE"
    server.close()


async def test_calls_that_were_given_up_leave_no_connection_behind(postgres_url):
    database = Database(postgres_url, pool_size=2)

    async def endless():
        async with database.begin() as connection:
            await connection.execute(sa.text("SELECT pg_sleep(60)"))

    for _ in range(6):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await endless()
    async with database.connect() as first, database.connect() as second:
        for connection in (first, second):
            assert (await connection.execute(sa.text("SELECT 1"))).scalar_one() == 1
    await database.dispose()


async def test_what_comes_after_a_commit_comes_once_and_only_after_a_commit(database):
    calls = []

    def call():
        calls.append("called")

    async with database.begin() as connection:
        after_commit(connection, call)
        after_commit(connection, call)
        assert calls == []
    assert calls == ["called"]

    async def fail():
        async with database.begin() as connection:
            after_commit(connection, call)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    async with database.begin() as connection:
        await connection.execute(sa.text("SELECT 1"))
    assert calls == ["called"]
