"""`oms stock import` and `oms stock sync`: figures from outside, out of files."""

import csv
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from google.protobuf.json_format import MessageToDict
from rich.progress import Progress

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.cli_output import AsJson, emit, err, out, print_json, request_id
from services.inventory.cli_render import lean
from services.inventory.cli_words import Key, ask

if TYPE_CHECKING:  # only an import reads files: no other command waits for its readers
    from services.inventory.files import Figure, Kind
    from services.inventory.importing import Report

app = typer.Typer()

Source = Annotated[str, typer.Option(help="Whose figures, such as wms-dc-east.", show_default=False)]
Sequence = Annotated[int, typer.Option(min=1, help="Grows with every snapshot of the source.", show_default=False)]
Complete = Annotated[bool, typer.Option("--complete", help="SKUs that are not named have nothing.")]

_DIFFERENCES = ("Node", "SKU", "We had", "They have", "Oversold", "Waits for a decision")
_MARK = b"\xef\xbb\xbf"


@app.command(
    "import",
    epilog="Examples: oms stock import counts.csv --source wms-dc-east --sequence 42 --node dc-east --complete"
    "   ·   oms stock import inventory.edi --source acme --sequence 7",
)
def import_stock(
    *,
    file: Annotated[
        Path,
        typer.Argument(help="CSV or EDI X12 846; - for stdin.", show_default=False),
    ],
    source: Source,
    sequence: Sequence,
    node: Annotated[str, typer.Option(help="The node of whatever names none.")] = "",
    form: Annotated[str, typer.Option("--format", help="csv or 846; told by the content where not said.")] = "",
    complete: Complete = False,
    as_json: AsJson = False,
) -> None:
    """Take over counts and expected supplies from a file. An import that was stopped is run again as it was.

    Exits with 0 where all of it was taken over, 1 where something was refused or waits for a decision (drift).
    """
    from services.inventory.files import read
    from services.inventory.importing import import_file

    content: bytes | Path = sys.stdin.buffer.read() if str(file) == "-" else file
    kind = _kind(form, content if isinstance(content, bytes) else _beginning(content))
    rows = _rows(content, kind)

    async def work(stub: Any) -> "Report":
        with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
            task = bar.add_task("Reading", total=None)
            return await import_file(
                stub,
                _watched(lambda: read(content, kind, default_node=node), lambda: bar.advance(task)),
                source=source,
                sequence=sequence,
                complete=complete,
                progress=lambda done: bar.update(task, completed=done, total=rows, description=f"Sent {done}"),
            )

    report = ask(work)
    if as_json:
        print_json(_plain(report))
    else:
        _show(report, complete=complete)
    raise typer.Exit(1 if report.refused or report.refused_supplies or report.exceptions else 0)


@app.command(epilog="Example: oms stock sync counts.csv --source wms-dc-east --sequence 42 --node dc-east --complete")
def sync(
    *,
    file: Annotated[Path, typer.Argument(help="CSV with the columns sku and on_hand; - for stdin.", allow_dash=True)],
    source: Source,
    sequence: Sequence,
    node: Annotated[str, typer.Option(help="The node's id.", show_default=False)],
    complete: Complete = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Take over one node's figures in one request, and show where ours differed. `import` takes files of any size."""
    request = rpc.SyncStockRequest(
        request_id=key or request_id(),
        source=source,
        sequence=sequence,
        node_id=node,
        counts=_counts(file),
        complete=complete,
    )
    answer = ask(lambda stub: stub.SyncStock(request))
    title = f"Snapshot {sequence} " + ("is old, and changed nothing" if answer.stale else "taken over")
    rows = [_difference(node, one) for one in answer.drifts]
    render = lambda: lean(f"{title}: differences", _DIFFERENCES, rows, optional=_DIFFERENCES[4:])  # noqa: E731
    emit(answer, as_json=as_json, render=render)


def _kind(form: str, content: bytes) -> "Kind":
    from services.inventory.files import Kind

    kinds = {"csv": Kind.CSV, "846": Kind.X12_846}
    if form:
        if form.lower() not in kinds:
            raise typer.BadParameter(f"there is no {form!r}: choose csv or 846", param_hint="--format")
        return kinds[form.lower()]
    return Kind.X12_846 if content.removeprefix(_MARK).lstrip().startswith(b"ISA") else Kind.CSV


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(1024)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error


def _rows(content: bytes | Path, kind: "Kind") -> int | None:
    """Return about how many counts there are, for the progress bar; None where lines do not tell."""
    from services.inventory.files import Kind

    if kind is not Kind.CSV or not err.is_terminal:
        return None
    if isinstance(content, bytes):
        return content.count(b"\n")
    with content.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _watched(figures: "Callable[[], Iterable[Figure]]", tick: Callable[[], None]) -> "Callable[[], Iterable[Figure]]":
    """Return the figures, and tell of each of them the first time that they are read."""
    first = True

    def watched() -> "Iterable[Figure]":
        nonlocal first
        told, first = first, False
        for one in figures():
            if told:
                tick()
            yield one

    return watched


def _show(report: "Report", *, complete: bool) -> None:
    nodes = f"{len(report.node_ids)} node{'' if len(report.node_ids) == 1 else 's'}"
    out.print(f"{report.counted} counts of {nodes}, {report.supplies} expected supplies taken over.", highlight=False)
    if report.stale_parts:
        old = f"{report.stale_parts} of {report.parts} parts changed nothing: a newer snapshot was taken over before."
        out.print(old, style="yellow", highlight=False)
    if complete and not report.complete:
        kept = "What the file does not name was left as it is, because not all of the file could be read."
        out.print(kept, style="yellow", highlight=False)
    if report.refused:
        refusals = [(one.position, one.reason, one.message) for one in report.refusals]
        lean(_title("Refused", report.refused, len(refusals)), ("Where", "Reason", "What to do"), refusals)
    if report.refused_supplies:
        supplies = [(position, error.reason, error.message) for position, error in report.refused_supplies]
        lean(f"{len(supplies)} supplies refused", ("Where", "Reason", "Why"), supplies)
    if report.drifted:
        rows = [_difference(one.node_id, one.drift) for one in report.drifts]
        title = _title("Differences", report.drifted, len(rows))
        lean(title, _DIFFERENCES, rows, optional=_DIFFERENCES[4:])


def _title(what: str, number: int, shown: int) -> str:
    return f"{what}: {number}" + (f", the first {shown}" if shown < number else "")


def _difference(node_id: str, one: rpc.StockDrift) -> tuple[object, ...]:
    return (node_id, one.sku, one.was_on_hand, one.on_hand, one.oversold_quantity or "", one.drift_exception_id)


def _plain(report: "Report") -> dict[str, object]:
    return {
        "counted": report.counted,
        "node_ids": sorted(report.node_ids),
        "parts": report.parts,
        "stale_parts": report.stale_parts,
        "complete": report.complete,
        "supplies": report.supplies,
        "refused": report.refused,
        "refusals": [
            {"position": one.position, "reason": one.reason, "message": one.message} for one in report.refusals
        ],
        "refused_supplies": [
            {"position": position, "reason": error.reason, "message": error.message}
            for position, error in report.refused_supplies
        ],
        "drifted": report.drifted,
        "exceptions": report.exceptions,
        "drifts": [
            {"node_id": one.node_id, **MessageToDict(one.drift, preserving_proto_field_name=True)}
            for one in report.drifts
        ],
    }


def _counts(file: Path) -> list[rpc.StockCount]:
    try:
        lines = sys.stdin if str(file) == "-" else file.read_text(encoding="utf-8-sig").splitlines()
        return [rpc.StockCount(sku=row["sku"], on_hand=int(row["on_hand"])) for row in csv.DictReader(lines)]
    except (KeyError, TypeError, ValueError) as error:
        raise typer.BadParameter(f"expected the columns sku and on_hand: {error}", param_hint="FILE") from error
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error
