"""`oms stock rebuild`: repairs counters that are not the sums of their rows, and tells each."""

import sys
from typing import Annotated, Any

import typer
from rich.progress import Progress

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.cli_output import AsJson, emit, err, request_id
from services.inventory.cli_render import lean
from services.inventory.cli_words import Key, ask

app = typer.Typer()

_COLUMNS = ("SKU", "Node", "Counter", "Said", "Rows", "Say")


@app.command(epilog="Examples: oms stock rebuild --dry-run   ·   oms stock rebuild --yes --json")
def rebuild(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be repaired.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    size: Annotated[int, typer.Option(min=1, max=5000, help="Positions in each step.")] = 500,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Repair counters that are not the sums of their ledger and reservations, while others reserve.

    Exits with 0 where everything adds up now, 1 where something would be repaired and was not.
    """
    if not (dry_run or yes or sys.stdin.isatty()):
        raise typer.BadParameter("nobody is here to be asked: say --yes, or --dry-run", param_hint="--yes")
    if dry_run or not yes:
        answer = _walk(request_id(), size, dry_run=True)
        if dry_run or not answer.repairs:
            emit(answer, as_json=as_json, render=lambda: _show("Would be repaired", answer))
            raise typer.Exit(1 if answer.repairs else 0)
        if not as_json:
            _show("Would be repaired", answer)
        number = len(answer.repairs)
        if not typer.confirm(f"Repair {number} counter{'' if number == 1 else 's'}?", err=True):
            raise typer.Exit(1)
    done = _walk(key or request_id(), size, dry_run=False)
    emit(done, as_json=as_json, render=lambda: _show("Repaired", done))


def _walk(key: str, size: int, *, dry_run: bool) -> rpc.RebuildStockResponse:
    async def steps(stub: Any) -> rpc.RebuildStockResponse:
        everything, number = rpc.RebuildStockResponse(), 0
        request = rpc.RebuildStockRequest(dry_run=dry_run, page_size=size)
        with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
            task = bar.add_task("positions", total=None)
            while True:
                # Each step is a request of its own, and the same one when the command is run again with its key.
                number += 1
                request.request_id = f"{key}/{number}"
                step = await stub.RebuildStock(request)
                everything.position_count += step.position_count
                everything.repairs.extend(step.repairs)
                found = f"{everything.position_count} positions, {len(everything.repairs)} repairs"
                bar.update(task, completed=everything.position_count, description=found)
                if not step.next_page_token:
                    return everything
                request.page_token = step.next_page_token

    return ask(steps)


def _show(title: str, answer: rpc.RebuildStockResponse) -> None:
    rows = [(one.sku, one.node_id, one.counter, one.counted, one.rows, one.summed) for one in answer.repairs]
    lean(f"{title}, of {answer.position_count} positions", _COLUMNS, rows)
