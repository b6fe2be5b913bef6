"""Imports: opened, written in parts, closed, looked at."""

from typing import Any

from oms.intake.v1 import import_service_pb2 as rpc
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import store, store_imports
from services.intake.bulk import Importer
from services.intake.domain.imports import File, Part
from services.intake.pages import moment_and_id, next_token
from services.intake.rpcs import Rpcs
from services.intake.wire import document_message, ingested_message
from services.intake.wire_imports import import_message, problem_message

_PROBLEMS = 1000


class ImportRpcs(Rpcs):
    """The RPCs of ImportService."""

    async def OpenImport(self, request: rpc.OpenImportRequest, context: Any) -> rpc.OpenImportResponse:
        file = File(
            channel=request.channel,
            format=request.format,
            digest=request.digest,
            size=request.size,
            name=request.name,
        )
        # Not an answer to be kept: whoever opens the same file again wants to hear how far it is by now.
        async with self._db.begin() as conn:
            found = await self._importer.open(conn, file, actor=context_caller())
        return rpc.OpenImportResponse(file_import=import_message(found))

    async def WriteImportPart(self, request: rpc.WriteImportPartRequest, context: Any) -> rpc.WriteImportPartResponse:
        part = Part(number=request.part, position=request.position, content=request.content)
        # The part is its own key: it is kept once, with its bytes, whatever the request is called.
        ingested = await self._importer.take(request.import_id, part, actor=context_caller())
        self._wake_relay()
        return rpc.WriteImportPartResponse(
            document=document_message(ingested.document),
            orders=[ingested_message(order) for order in ingested.orders],
            replayed=ingested.replayed,
        )

    async def CloseImport(self, request: rpc.CloseImportRequest, context: Any) -> rpc.CloseImportResponse:
        await self._importer.read_rest(request.import_id, actor=context_caller())

        async def effect(conn: store.Connection) -> rpc.CloseImportResponse:
            found = await self._importer.close(conn, request.import_id, request.part_count)
            return rpc.CloseImportResponse(
                file_import=import_message(found, await store_imports.tally(conn, found.import_id))
            )

        closed = await self._once(request, rpc.CloseImportResponse, effect)
        self._wake_relay()
        return closed

    async def GetImport(self, request: rpc.GetImportRequest, context: Any) -> rpc.GetImportResponse:
        async with self._db.connect() as conn:
            found = await store_imports.get_import(conn, request.import_id)
            tally = await store_imports.tally(conn, request.import_id)
            problems = await store_imports.problems(conn, request.import_id, limit=_PROBLEMS)
        return rpc.GetImportResponse(
            file_import=import_message(found, tally), problems=[problem_message(problem) for problem in problems]
        )

    async def ListImports(self, request: rpc.ListImportsRequest, context: Any) -> rpc.ListImportsResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        async with self._db.connect() as conn:
            found = await store_imports.list_imports(
                conn, channel=request.channel, older_than=older_than, limit=size + 1
            )
        token = next_token(request, [(one.create_time, one.import_id) for one in found], size)
        return rpc.ListImportsResponse(imports=[import_message(one) for one in found[:size]], next_page_token=token)

    @property
    def _importer(self) -> Importer:
        return Importer(database=self._db, reader=self._reader, clock=self._clock)
