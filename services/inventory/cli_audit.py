"""`oms stock audit`: proves that counters are the sums of their rows, and that rights and orders agree."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import Progress

from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.cli_output import AsJson, actor, err, out, print_json, run, table
from services.inventory.leaks import Report, audit_stock


def audit(
    *,
    settle: Annotated[float, typer.Option(min=0, help="Seconds that a difference must last to be one.")] = 5.0,
    full: Annotated[bool, typer.Option("--full", help="Add up the whole ledger; believe no earlier proof.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prove that nothing leaks: counters against rows, reservations against orders. Exits with 1 if not."""
    report = run(_audit(settle, full=full))
    if as_json:
        print_json(asdict(report))
    else:
        _show(report)
    raise typer.Exit(1 if report.findings else 0)


async def _audit(settle: float, *, full: bool) -> Report:
    settings = Settings()
    # On stderr, so that --json can be piped; nothing, not even rich's empty line, where nobody looks.
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        tasks: dict[str, object] = {}

        def progress(what: str, number: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=number, description=f"{what} {number}")  # type: ignore[arg-type]

        async with Channels(settings, actor=actor()) as channels:
            return await audit_stock(
                channels.connect(InventoryServiceStub, settings.inventory_address),
                channels.connect(IntakeServiceStub, settings.intake_address),
                settle_seconds=settle,
                full=full,
                progress=progress,
            )


def _show(report: Report) -> None:
    looked = (
        f"{report.positions} positions, {report.entries} ledger entries, {report.reservations} live reservations, "
        f"{report.orders} orders"
    )
    if not report.findings:
        out.print(f"[green]No leak[/green]: {looked}, and everything adds up.", highlight=False)
        return
    rows = [(one.kind, one.where, one.expected, one.found, one.words) for one in report.findings]
    table(f"{len(rows)} findings in {looked}", ("Kind", "Where", "Expected", "Found", "In words"), rows)
