"""`oms quarantine`: what could not be read, why and where, and reading it again."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import track

from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.document_pb2 import Document
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from services.cli_output import AsJson, call, emit, err, print_json, request_id, run, table
from services.intake.cli_documents import show
from services.intake.cli_render import Limit, ask, when
from services.kernel.errors import OmsError

app = typer.Typer(
    help="Documents that could not be read: why, where, and read again.", no_args_is_help=True, rich_markup_mode="rich"
)
app.command("show", epilog="Example: oms quarantine show doc_01… --content")(show)

Channel = Annotated[str, typer.Option(help="Only of this channel.")]
Reason = Annotated[str, typer.Option(help="Only with this reason, such as NOT_READ.")]
# A document may hold thousands of orders, each of which is a transaction.
_SECONDS = 120
_PAGE = 200


@app.command("list", epilog="Example: oms quarantine list --channel shopify-us --reason MISSING_FIELD")
def list_quarantined(*, channel: Channel = "", reason: Reason = "", limit: Limit = 50, as_json: AsJson = False) -> None:
    """List what is wrong with quarantined documents, newest first, a row for each problem."""
    request = rpc.ListDocumentsRequest(channel=channel, state=Document.STATE_QUARANTINED, page_size=limit)
    found = ask(lambda stub: stub.ListDocuments(request))
    if reason:
        kept = [document for document in found.documents if _has(document, reason)]
        del found.documents[:]
        found.documents.extend(kept)
    columns = ("Document", "Channel", "Name", "Reason", "Where", "Order", "What to do", "Received")
    rows = (row for document in found.documents for row in _rows(document, reason))
    emit(found, as_json=as_json, render=lambda: table("Quarantined", columns, rows))


@app.command(
    epilog="Examples: oms quarantine replay doc_01…   ·   oms quarantine replay --channel edi-us --reason NOT_READ"
)
def replay(
    *,
    document_ids: Annotated[
        list[str] | None, typer.Argument(help="Which; all that fit the options where none.")
    ] = None,
    channel: Channel = "",
    reason: Reason = "",
    everything: Annotated[bool, typer.Option("--all", help="Everything that is quarantined.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read quarantined documents again, with today's adapters. Exits with 1 where one could not be asked for."""
    if not (document_ids or channel or reason or everything):
        err.print("Say which: documents, --channel, --reason or --all.")
        raise typer.Exit(2)

    async def work(stub: Any) -> tuple[Counter[str], list[tuple[str, str]]]:
        wanted = document_ids or [one async for one in _quarantined(stub, channel, reason)]
        return await _replay(stub, wanted)

    outcomes, failed = run(call(IntakeServiceStub, lambda settings: settings.intake_address, work))
    if as_json:
        told = [{"document_id": document_id, "reason": why} for document_id, why in failed]
        print_json({"outcomes": dict(outcomes), "failed": told})
    else:
        table("Replayed", ("Now", "Documents"), sorted(outcomes.items()))
        for document_id, why in failed:
            err.print(f"not replayed: {document_id}: {why}", markup=False)
    if failed:
        raise typer.Exit(1)


async def _quarantined(stub: Any, channel: str, reason: str) -> Any:
    request = rpc.ListDocumentsRequest(channel=channel, state=Document.STATE_QUARANTINED, page_size=_PAGE)
    while True:
        page = await stub.ListDocuments(request)
        for document in page.documents:
            if not reason or _has(document, reason):
                yield document.document_id
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def _replay(stub: Any, document_ids: list[str]) -> tuple[Counter[str], list[tuple[str, str]]]:
    outcomes: Counter[str] = Counter()
    failed: list[tuple[str, str]] = []
    for document_id in track(document_ids, "Replaying", console=err, disable=not err.is_terminal):
        request = rpc.ReplayDocumentRequest(request_id=request_id(), document_id=document_id)
        try:
            document = (await stub.ReplayDocument(request, timeout=_SECONDS)).document
        except OmsError as error:
            failed.append((document_id, str(error)))
        else:
            outcomes[document.problems[0].reason if document.problems else "ACCEPTED"] += 1
    return outcomes, failed


def _has(document: Document, reason: str) -> bool:
    return any(problem.reason == reason for problem in document.problems)


def _rows(document: Document, reason: str) -> Iterable[Iterable[object]]:
    for problem in document.problems:
        if not reason or problem.reason == reason:
            yield (
                document.document_id,
                document.channel,
                escape(document.name),
                problem.reason,
                escape(problem.position),
                escape(problem.external_id),
                escape(problem.message),
                when(document.create_time),
            )
