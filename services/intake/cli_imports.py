"""`oms order import`: files of any size, taken over in parts and resumed where they stopped."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from oms.intake.v1 import import_service_pb2 as rpc
from oms.intake.v1.import_pb2 import Import
from oms.intake.v1.import_service_pb2_grpc import ImportServiceStub
from services.cli_output import AsJson, call, emit, err, out, run, table
from services.intake.cli_render import Limit, when, word

FORMATS = ("csv", "xlsx", "x12", "edifact")
_SHOWN = 50


def import_orders(
    *,
    file: Annotated[
        Path | None, typer.Argument(help="CSV, XLSX, X12 850 or EDIFACT ORDERS.", show_default=False)
    ] = None,
    channel: Annotated[str, typer.Option(help="The channel that the orders are of, such as acme-edi.")] = "",
    form: Annotated[str, typer.Option("--format", help="csv, xlsx, x12 or edifact; told by the file.")] = "",
    template: Annotated[bool, typer.Option("--template", help="Print the columns of CSV, with an example.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take over all orders of a file. Stopped at any point, the same command goes on where it was.

    Exits with 0 where every order is there, 1 where something is quarantined or could not be sent.
    """
    if template:
        from services.intake.channels.table_columns import template as columns

        typer.echo(columns(), nl=False)
        return
    if file is None or not file.is_file() or not channel:
        raise typer.BadParameter("name a file and, with --channel, whose orders they are")
    from services.intake.bulk_files import told_format

    form = form or told_format(file)
    if form not in FORMATS:
        raise typer.BadParameter(f"there is no {form!r}: choose of {', '.join(FORMATS)}", param_hint="--format")
    answer = _send(file, channel, form)
    emit(answer, as_json=as_json, render=lambda: _show(answer))
    found = answer.file_import
    raise typer.Exit(1 if found.quarantined_count or found.conflict_count or found.unread_part_count else 0)


def list_imports(
    *,
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List files that were taken over, or are being, newest first."""
    request = rpc.ListImportsRequest(channel=channel, page_size=limit)
    found = run(
        call(ImportServiceStub, lambda settings: settings.intake_address, lambda stub: stub.ListImports(request))
    )
    columns = ("Import", "Channel", "Format", "File", "State", "Parts", "Last part", "Who")
    rows = [
        (
            one.import_id,
            one.channel,
            one.format,
            escape(one.name),
            word(Import.State, one.state),
            one.next_part - 1,
            when(one.update_time),
            escape(one.actor),
        )
        for one in found.imports
    ]
    emit(found, as_json=as_json, render=lambda: table("Imports", columns, rows))


def show_import(
    *, import_id: Annotated[str, typer.Argument(help="The import, imp_….")], as_json: AsJson = False
) -> None:
    """Show what became of a file, with what is quarantined and where."""
    request = rpc.GetImportRequest(import_id=import_id)
    found = run(call(ImportServiceStub, lambda settings: settings.intake_address, lambda stub: stub.GetImport(request)))
    emit(found, as_json=as_json, render=lambda: _show(found))


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of `oms order`."""
    example = "Example: oms order import orders.csv --channel acme-csv   ·   oms order import --template"
    app.command("import", epilog=example)(import_orders)
    app.command("imports", epilog="Example: oms order imports --channel acme-csv")(list_imports)
    app.command("imported", epilog="Example: oms order imported imp_01…")(show_import)


def _send(file: Path, channel: str, form: str) -> rpc.GetImportResponse:
    from services.intake.bulk_sending import Watcher, send

    size = file.stat().st_size
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("Reading", total=size)

        class Shown(Watcher):
            orders = 0

            def reading(self, done: int) -> None:
                bar.update(task, completed=done)

            def opened(self, found: Import) -> None:
                bar.reset(task, description="Importing")
                if found.next_part > 1 and found.state == Import.STATE_OPEN:
                    err.print(f"{found.import_id} goes on with part {found.next_part}.", highlight=False)

            def sent(self, done: int, answer: rpc.WriteImportPartResponse) -> None:
                self.orders += len(answer.orders)
                bar.update(task, completed=done, description=f"{self.orders} orders")

        try:
            return run(
                call(
                    ImportServiceStub,
                    lambda settings: settings.intake_address,
                    lambda stub: send(stub, file, channel, form, Shown()),
                )
            )
        except (typer.Exit, OSError):
            err.print("Not all of the file is taken over: the same command goes on where it stopped.")
            raise


def _show(answer: rpc.GetImportResponse) -> None:
    found = answer.file_import
    rows = [
        ("accepted", found.accepted_count),
        ("there before", found.repeated_count),
        ("conflicts", found.conflict_count),
        ("quarantined", found.quarantined_count),
        ("parts not read yet", found.unread_part_count),
    ]
    title = f"{found.import_id} {escape(found.name)}: {word(Import.State, found.state).lower()}"
    table(title, ("Orders", "How many"), [row for row in rows if row[1] or row[0] == "accepted"])
    problems = [
        (
            one.problem.reason,
            escape(one.problem.position),
            escape(one.problem.external_id),
            escape(one.problem.message),
            one.document_id,
        )
        for one in answer.problems[:_SHOWN]
    ]
    if problems:
        table("Quarantined", ("Reason", "Where", "Order", "What to do", "Document"), problems)
    more = found.quarantined_count + found.conflict_count - len(problems)
    if more > 0:
        out.print(f"… and {more} more: `oms document list --quarantined` has them all.")
