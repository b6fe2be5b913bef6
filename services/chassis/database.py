"""The database: one engine a process, short transactions, and its failures in the words of the house."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import UserDefinedType

from services.kernel.errors import Aborted, DeadlineExceeded, InvalidArgument, OmsError, Unavailable

# What servicers and domain-level code call a connection, so that SQLAlchemy stays in the stores.
Connection = AsyncConnection

STATEMENT_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_MS = 30_000
# Planned by how large tables are now: a plan that is kept from when they were empty makes the first import of a million
# rows slower with each row.
_BY_SIZE = {"plan_cache_mode": "force_custom_plan"}
# What the driver's own connections are for are a few statements that look rows up by their keys. They are planned once,
# not once for each set of values, and never by what a table looked like when it was still empty.
_BY_KEY = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_AFTERWARDS = "oms_after_commit"
# The database is away, is coming up or going down, is full, or is a standby that has not been promoted yet.
_AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
)


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's xid8: the number of a transaction, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


ischema_names["xid8"] = TransactionId  # so that a schema that has one can be read back


def metadata_for(schema: str) -> MetaData:
    """Return metadata for a service's schema, with the names that constraints have in this house."""
    return MetaData(
        schema=schema,
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        },
    )


def async_url(url: str) -> str:
    """Return the URL with the driver that is used here."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


class Database:
    """A pool of connections to PostgreSQL."""

    def __init__(self, url: str, *, pool_size: int = 10, application_name: str = "oms") -> None:
        self._url = url
        self._drivers: list[Any] = []
        self._server_settings = {
            "application_name": application_name,
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        }
        self.engine: AsyncEngine = create_async_engine(
            async_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
            hide_parameters=True,  # they may be personal data, and errors go to logs
            connect_args={"timeout": 5, "server_settings": {**self._server_settings, **_BY_SIZE}},
        )

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction: committed at the end, rolled back on any error."""
        async with self._connection() as connection:
            afterwards: list[Callable[[], None]] = []
            connection.info[_AFTERWARDS] = afterwards
            async with connection.begin():
                yield connection
            for call in afterwards:
                call()

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading; every statement sees what is committed when it starts."""
        async with self._connection() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.engine.connect())
            except TimeoutError as error:  # the driver's; once a call is being served it looks like the caller's own
                raise _unavailable() from error
            yield connection

    @contextlib.asynccontextmanager
    async def driver(self) -> AsyncIterator[Any]:
        """Borrow a connection of the driver itself, for the few statements whose price matters.

        Each statement is a transaction of its own. These connections are none of the pool's: they are never waited for
        behind ordinary work, and taking one costs nothing. Whoever borrows sees to it that there are few at a time.
        """
        connection = self._drivers.pop() if self._drivers else None
        if connection is None or connection.is_closed():
            connection = await asyncpg.connect(
                self._url.replace("postgresql+asyncpg://", "postgresql://", 1),
                timeout=5,
                server_settings={**self._server_settings, **_BY_KEY},
            )
        try:
            yield connection
        except asyncio.CancelledError:
            connection.terminate()  # nobody knows what it is at
            raise
        finally:
            if not connection.is_closed():
                self._drivers.append(connection)

    async def dispose(self) -> None:
        """Close every connection."""
        while self._drivers:
            self._drivers.pop().terminate()
        await self.engine.dispose()


def after_commit(connection: AsyncConnection, call: Callable[[], None]) -> None:
    """Have `call` called once the transaction of `Database.begin` is committed, and not if it is rolled back."""
    afterwards = connection.info.get(_AFTERWARDS)
    if afterwards is not None and call not in afterwards:
        afterwards.append(call)


def translate(error: BaseException) -> OmsError | None:
    """Return what a database error means to a caller; None where it is a bug of ours."""
    if isinstance(error, PoolTimeoutError):
        return Unavailable("every database connection is busy: try again", reason="DATABASE_BUSY")
    if isinstance(error, TimeoutError):
        return None  # an OSError in Python's tree, and yet the deadline of a call
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None and error.orig.__cause__ is not None else error.orig
        if (known := _translate_driver(cause)) is not None:
            return known
        lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        return _unavailable() if lost else None
    # While connecting, the driver's own errors come as they are.
    return _translate_driver(error)


def _translate_driver(cause: BaseException | None) -> OmsError | None:
    if isinstance(cause, asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.LockNotAvailableError):
        return Aborted("another transaction was in the way: try again", reason="TRANSACTION_CONFLICT")
    if isinstance(cause, asyncpg.QueryCanceledError):
        return DeadlineExceeded("the database took too long", reason="STATEMENT_TIMEOUT")
    if isinstance(cause, asyncpg.DataError):  # forbidden characters are among them
        return InvalidArgument("a value cannot be stored: it is out of range or has forbidden characters")
    return _unavailable() if isinstance(cause, _AWAY) else None


def _unavailable() -> Unavailable:
    return Unavailable("the database does not answer: try again", reason="DATABASE_UNAVAILABLE")
