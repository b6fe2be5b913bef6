"""Documents: ingested, replayed, found."""

from typing import Any

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.document_pb2 import Document as DocumentMessage
from services.chassis.context import context_caller
from services.chassis.paging import page_size
from services.intake import store, store_channels, store_documents
from services.intake.ingesting import Ingested
from services.intake.keeping import keep
from services.intake.pages import moment_and_id, next_token
from services.intake.rpcs import Rpcs
from services.intake.wire import (
    document_message,
    ingested_message,
)


class DocumentRpcs(Rpcs):
    """Documents: ingested, replayed, found."""

    async def IngestDocument(self, request: rpc.IngestDocumentRequest, context: Any) -> rpc.IngestDocumentResponse:
        async with self._db.connect() as conn:
            channel = await store_channels.find_channel(conn, request.channel)
        form = self._reader.format_of(request.channel, request.format or channel.format)
        received = self._reader.received(
            channel=request.channel, form=form, name=request.name, content=request.content, headers=request.headers
        )

        async def effect(conn: store.Connection) -> rpc.IngestDocumentResponse:
            kept = await keep(conn, channel, received, request.content)
            return rpc.IngestDocumentResponse(document=DocumentMessage(document_id=kept.document.document_id))

        # Only the receipt is kept under the request's id: what became of the document is asked of the document.
        receipt = await self._once(request, rpc.IngestDocumentResponse, effect)
        ingested = await self._reader.ingest(receipt.document.document_id, form, actor=context_caller())
        self._wake_relay()
        return rpc.IngestDocumentResponse(
            document=document_message(ingested.document),
            orders=[ingested_message(order) for order in ingested.orders],
            replayed=ingested.replayed,
        )

    async def ReplayDocument(self, request: rpc.ReplayDocumentRequest, context: Any) -> rpc.ReplayDocumentResponse:
        async with self._db.connect() as conn:
            document, content = await store_documents.get_document(conn, request.document_id)
        ingested: Ingested = await self._reader.read(document, content, actor=context_caller())
        return rpc.ReplayDocumentResponse(
            document=document_message(ingested.document), orders=[ingested_message(order) for order in ingested.orders]
        )

    async def GetDocument(self, request: rpc.GetDocumentRequest, context: Any) -> rpc.GetDocumentResponse:
        async with self._db.connect() as conn:
            document, content = await store_documents.get_document(conn, request.document_id)
        return rpc.GetDocumentResponse(document=document_message(document, content))

    async def ListDocuments(self, request: rpc.ListDocumentsRequest, context: Any) -> rpc.ListDocumentsResponse:
        size, older_than = page_size(request.page_size), moment_and_id(request)
        state = DocumentMessage.State.Name(request.state).removeprefix("STATE_") if request.state else ""
        async with self._db.connect() as conn:
            found = await store_documents.list_documents(
                conn, channel=request.channel, state=state, older_than=older_than, limit=size + 1
            )
        token = next_token(request, [(row.create_time, row.document_id) for row in found], size)
        documents = [document_message(document) for document in found[:size]]
        return rpc.ListDocumentsResponse(documents=documents, next_page_token=token)
