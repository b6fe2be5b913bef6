"""`oms document` and `oms ingest`: documents in, and what became of them."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import track

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.document_pb2 import Document
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from services.cli_output import AsJson, call, emit, err, out, print_json, request_id, run, table
from services.intake.cli_render import Key, Limit, ask, when, word
from services.kernel.errors import OmsError, Unavailable

app = typer.Typer(help="Documents as received.", no_args_is_help=True, rich_markup_mode="rich")

DocumentId = Annotated[str, typer.Argument(help="The document, doc_….")]
# A document may hold thousands of orders, each of which is a transaction.
_SECONDS = 120
_TRIES = 5


@app.command("list", epilog="Example: oms document list --quarantined")
def list_documents(
    *,
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    quarantined: Annotated[bool, typer.Option(help="Only those with problems.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List documents, newest first."""
    state = Document.STATE_QUARANTINED if quarantined else Document.STATE_UNSPECIFIED
    request = rpc.ListDocumentsRequest(channel=channel, state=state, page_size=limit)
    found = ask(lambda stub: stub.ListDocuments(request))
    columns = ("Document", "Channel", "Format", "Name", "State", "Orders", "Problem", "Where", "Received")
    emit(found, as_json=as_json, render=lambda: table("Documents", columns, map(_row, found.documents)))


@app.command(epilog="Example: oms document show doc_01… --content")
def show(
    *,
    document_id: DocumentId,
    content: Annotated[bool, typer.Option(help="Print the document itself, as received.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what became of a document."""
    answer = ask(lambda stub: stub.GetDocument(rpc.GetDocumentRequest(document_id=document_id)))
    if content:
        typer.get_binary_stream("stdout").write(answer.document.content)
        return
    emit(answer, as_json=as_json, render=lambda: _show(answer.document))


@app.command(epilog="Example: oms document replay doc_01…")
def replay(*, document_id: DocumentId, key: Key = "", as_json: AsJson = False) -> None:
    """Read a quarantined document again, with today's adapters."""
    request = rpc.ReplayDocumentRequest(request_id=key or request_id(), document_id=document_id)
    answer = ask(lambda stub: stub.ReplayDocument(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.document))


def ingest(
    *,
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders of files.")],
    channel: Annotated[str, typer.Option(help="The channel they come from, such as shopify-us.")],
    form: Annotated[str, typer.Option("--format", help="shopify, woocommerce or x12; told by the channel.")] = "",
    as_json: AsJson = False,
) -> None:
    """Deliver documents. Exits with 0 where each was accepted or quarantined, 1 where one could not be delivered.

    Example: oms ingest orders/ --channel shopify-us
    """
    files = list(_files(paths))
    result = run(
        call(IntakeServiceStub, lambda settings: settings.intake_address, lambda s: _deliver(s, files, channel, form))
    )
    if as_json:
        print_json(result.as_dict())
    else:
        result.show()
    if result.failed:
        raise typer.Exit(1)


@dataclass(slots=True)
class Delivery:
    """What became of the files that were delivered."""

    documents: int = 0
    orders: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, answer: rpc.IngestDocumentResponse) -> None:
        self.documents += 1
        self.orders.update(word(rpc.IngestedOrder.Outcome, order.outcome) for order in answer.orders)
        self.problems.update(problem.reason for problem in answer.document.problems)

    def as_dict(self) -> dict[str, object]:
        return {
            "documents": self.documents,
            "orders": dict(self.orders),
            "problems": dict(self.problems),
            "failed": [{"file": name, "reason": reason} for name, reason in self.failed],
        }

    def show(self) -> None:
        rows = [("orders", name, count) for name, count in sorted(self.orders.items())]
        rows += [("problems", name, count) for name, count in sorted(self.problems.items())]
        table(f"{self.documents} documents", ("", "What", "How many"), rows)
        for name, reason in self.failed:
            err.print(f"not delivered: {name}: {reason}", markup=False)


async def _deliver(stub: Any, files: Sequence[Path], channel: str, form: str) -> Delivery:
    delivery = Delivery()
    for file in track(files, "Delivering", console=err, disable=not err.is_terminal):
        try:
            content = await asyncio.to_thread(file.read_bytes)
            delivery.add(await _send(stub, file.name, content, channel, form))
        except (OmsError, OSError) as error:
            delivery.failed.append((str(file), str(error)))
    return delivery


async def _send(stub: Any, name: str, content: bytes, channel: str, form: str) -> rpc.IngestDocumentResponse:
    # The same file for the same channel is the same request, however often the command is run.
    key = f"ingest/{channel}/{form}/{hashlib.sha256(content + name.encode()).hexdigest()}"
    request = rpc.IngestDocumentRequest(request_id=key, channel=channel, format=form, content=content, name=name)
    for wait in range(_TRIES):
        try:
            answer: rpc.IngestDocumentResponse = await stub.IngestDocument(request, timeout=_SECONDS)
        except Unavailable:
            if wait == _TRIES - 1:
                raise
            await asyncio.sleep(2**wait * 0.2)
        else:
            return answer
    raise AssertionError("the last try returns or raises")


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        yield from sorted(inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else [path]


def _row(document: Document) -> Iterable[object]:
    problem = document.problems[0] if document.problems else None
    return (
        document.document_id,
        document.channel,
        document.format,
        escape(document.name),
        word(Document.State, document.state),
        len(document.order_ids),
        problem.reason if problem else "",
        escape(problem.position) if problem else "",
        when(document.create_time),
    )


def _show(document: Document) -> None:
    out.print(f"{document.document_id} {document.channel} {document.format} {word(Document.State, document.state)}")
    out.print(f"orders: {', '.join(document.order_ids) or 'none'}")
    problems = [
        (problem.reason, escape(problem.position), escape(problem.external_id), escape(problem.message))
        for problem in document.problems
    ]
    table("Problems", ("Reason", "Where", "Order", "What to do"), problems)
