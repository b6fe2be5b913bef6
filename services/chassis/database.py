"""The database: one engine a process, short transactions, and its failures in the words of the house."""

import contextlib
from collections.abc import AsyncIterator

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.kernel.errors import Aborted, DeadlineExceeded, InvalidArgument, OmsError, Unavailable

# What servicers and domain-level code call a connection, so that SQLAlchemy stays in the stores.
Connection = AsyncConnection

STATEMENT_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_MS = 30_000


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
        self.engine: AsyncEngine = create_async_engine(
            async_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={
                "timeout": 5,
                "server_settings": {
                    "application_name": application_name,
                    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
                },
            },
        )

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction: committed at the end, rolled back on any error."""
        async with self.engine.begin() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading; every statement sees what is committed when it starts."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def translate(error: BaseException) -> OmsError | None:
    """Return what a database error means to a caller; None where it is a bug of ours."""
    if isinstance(error, PoolTimeoutError):
        return Unavailable("every database connection is busy: try again", reason="DATABASE_BUSY")
    if isinstance(error, TimeoutError):
        return None  # an OSError in Python's tree, and yet the deadline of a call
    if isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.CannotConnectNowError):
        return Unavailable("the database does not answer: try again", reason="DATABASE_UNAVAILABLE")
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig.__cause__ if error.orig is not None and error.orig.__cause__ is not None else error.orig
    return _translate_driver(cause, error)


def _translate_driver(cause: BaseException | None, error: DBAPIError) -> OmsError | None:
    if isinstance(cause, asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.LockNotAvailableError):
        return Aborted("another transaction was in the way: try again", reason="TRANSACTION_CONFLICT")
    if isinstance(cause, asyncpg.QueryCanceledError):
        return DeadlineExceeded("the database took too long", reason="STATEMENT_TIMEOUT")
    if isinstance(
        cause,
        asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError | asyncpg.DataError,
    ):
        return InvalidArgument("a value cannot be stored: it is out of range or has forbidden characters")
    if error.connection_invalidated or isinstance(
        cause,
        OSError
        | asyncpg.PostgresConnectionError
        | asyncpg.CannotConnectNowError
        | asyncpg.AdminShutdownError
        | asyncpg.CrashShutdownError
        | asyncpg.InterfaceError
        | asyncpg.TooManyConnectionsError,
    ):
        return Unavailable("the database does not answer: try again", reason="DATABASE_UNAVAILABLE")
    if isinstance(error, OperationalError | InterfaceError):
        return Unavailable("the database does not answer: try again", reason="DATABASE_UNAVAILABLE")
    return None
