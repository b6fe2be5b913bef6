"""Once per request: the answer to a request is stored in the transaction that does its work.

Two callers with the same key meet at the unique index: the second waits until the first has committed, and then hears
the first one's answer. An error rolls everything back, the key included, so a request that failed may be sent again.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import Message
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.database import Database
from services.kernel.clock import Clock
from services.kernel.errors import AlreadyExists

Response = TypeVar("Response", bound=Message)
Effect = Callable[[AsyncConnection], Awaitable[Response]]


def idempotency_table(metadata: MetaData) -> Table:
    """Return the table of answers of the service that this metadata belongs to."""
    return Table(
        "idempotency_keys",
        metadata,
        Column("rpc", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("request_digest", LargeBinary, nullable=False),
        Column("response", LargeBinary, nullable=True),
        Column("create_time", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("rpc", "request_id", name="pk_idempotency_keys"),
    )


def digest_of(request: Message) -> bytes:
    """Return what tells this request from another one with the same key."""
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


def reused(request_id: str) -> AlreadyExists:
    """Return the refusal of a request whose key was used for another one."""
    return AlreadyExists(
        f"request_id {request_id!r} was used for another request: choose a new one for a new request",
        reason="REQUEST_ID_REUSED",
        request_id=request_id,
    )


class Idempotency:
    """The answers of one service."""

    def __init__(self, database: Database, table: Table, clock: Clock) -> None:
        self._database = database
        self._table = table
        self._clock = clock

    async def once(self, request: Message, response_type: type[Response], effect: Effect[Response]) -> Response:
        """Run `effect` in one transaction, at most once for the request's request_id, and return its answer.

        Raises:
            AlreadyExists: REQUEST_ID_REUSED, the key was used for another request.
        """
        async with self._database.begin() as connection:
            stored = await self._claim(connection, request)
            if stored is not None:
                return response_type.FromString(stored)
            response = await effect(connection)
            await self._store(connection, request, response)
            return response

    async def _claim(self, connection: AsyncConnection, request: Message) -> bytes | None:
        request_id: str = request.request_id  # type: ignore[attr-defined]
        digest = digest_of(request)
        rpc = request.DESCRIPTOR.full_name
        claim = (
            insert(self._table)
            .values(rpc=rpc, request_id=request_id, request_digest=digest, create_time=self._clock.now())
            .on_conflict_do_nothing()
            .returning(self._table.c.request_id)
        )
        if (await connection.execute(claim)).first() is not None:
            return None
        known = select(self._table.c.request_digest, self._table.c.response).where(
            self._table.c.rpc == rpc, self._table.c.request_id == request_id
        )
        row = (await connection.execute(known)).one()
        if row.request_digest != digest:
            raise reused(request_id)
        return bytes(row.response)

    async def _store(self, connection: AsyncConnection, request: Message, response: Message) -> None:
        await connection.execute(
            update(self._table)
            .where(
                self._table.c.rpc == request.DESCRIPTOR.full_name,
                self._table.c.request_id == request.request_id,  # type: ignore[attr-defined]
            )
            .values(response=response.SerializeToString())
        )
