"""A schema and a server with nothing in them but what the chassis brings."""

import contextlib

import sqlalchemy as sa

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceServicer, add_OutboxServiceServicer_to_server
from services.chassis.database import Database, metadata_for
from services.chassis.idempotency import idempotency_table
from services.chassis.outbox import outbox_table
from services.chassis.server import Served, Server
from services.chassis.settings import Settings

metadata = metadata_for("scratch")
answers = idempotency_table(metadata)
events = outbox_table(metadata)
effects = sa.Table("effects", metadata, sa.Column("word", sa.Text, nullable=False))


@contextlib.asynccontextmanager
async def schema(url):
    """A database with the scratch schema."""
    database = Database(url)
    async with database.begin() as connection:
        await connection.execute(sa.text("CREATE SCHEMA scratch"))
        await connection.run_sync(metadata.create_all)
    try:
        yield database
    finally:
        await database.dispose()


class Servicer(OutboxServiceServicer):
    """Answers both calls with whatever the test wants."""

    def __init__(self, answer):
        self._answer = answer

    async def ListOutboxEvents(self, request, context):
        return await self._answer(request, context) or pb.ListOutboxEventsResponse()

    async def ReplayOutboxEvents(self, request, context):
        return await self._answer(request, context) or pb.ReplayOutboxEventsResponse()


@contextlib.asynccontextmanager
async def server(answer, **settings):
    """A server whose calls are answered by `answer`; the address is what is yielded."""
    known = Settings(**{"listen": "127.0.0.1:0", **settings})
    descriptor = pb.DESCRIPTOR.services_by_name["OutboxService"]
    running = Server("scratch", known, [Served(add_OutboxServiceServicer_to_server, Servicer(answer), descriptor)])
    port = await running.start()
    await running.ready()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await running.stop()
