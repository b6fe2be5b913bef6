"""`make run`: the whole system comes up, and orders walk through it."""

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from deploy.local.demo import show
from deploy.local.demo.feed import feed
from deploy.local.demo.seed import seed as seed_system
from deploy.local.demo.story import Story
from deploy.local.demo.system import System, connected
from deploy.local.record import here
from deploy.local.stack import Stack
from oms.intake.v1.document_pb2 import Document
from oms.intake.v1.intake_service_pb2 import (
    CountOrdersRequest,
    GetOrderRequest,
    IngestDocumentResponse,
    ListOrdersRequest,
)
from oms.intake.v1.order_pb2 import Order
from services.inventory.leaks import audit_stock

console = Console()
# A run that takes longer than this has an order that does not move: something is broken.
LIMIT_SECONDS = 240.0


def run(
    *,
    leave: Annotated[bool, typer.Option("--exit", help="End when the orders have ended.")] = False,
    orders: Annotated[int, typer.Option(help="How many orders the generated stream has.", min=0, max=5000)] = 60,
    ports: Annotated[str, typer.Option(help='"default", or "auto" for free ones.', envvar="OMS_PORTS")] = "default",
    home: Annotated[Path | None, typer.Option(help="The state folder.", envvar="OMS_HOME", file_okay=False)] = None,
) -> None:
    """Bring the system up, feed it orders, watch them walk, and prove at the end that no unit was lost."""
    try:
        code = asyncio.run(_run(home or here(), ports, orders, leave=leave))
    except (RuntimeError, OSError, BaseExceptionGroup) as error:
        for one in error.exceptions if isinstance(error, BaseExceptionGroup) else (error,):
            console.print(f"[red]✗[/] {one}", highlight=False)
        code = 1
    except KeyboardInterrupt:
        code = 130
    raise typer.Exit(code)


async def _run(home: Path, ports: str, orders: int, *, leave: bool) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    began = time.monotonic()
    async with Stack(
        home, ports, say=lambda sentence: console.print(f"[green]•[/] {sentence}", highlight=False)
    ) as stack:
        web_ui = f"http://{stack.addresses['temporal-ui']}"
        console.print(f"[bold green]✓[/] up in {time.monotonic() - began:.1f} s · Temporal Web UI {web_ui}")
        async with connected(stack.addresses) as system:
            playing = asyncio.create_task(_play(system, show.Board(web_ui), orders))
            waiting = asyncio.create_task(stopped.wait())
            await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await playing
                return 130
            waiting.cancel()
            code = playing.result()
        if not leave:
            console.print(f"\nThe system stays up. Look at {web_ui}: open an order, then its fulfillment.")
            console.print("Try: oms order list · oms order timeline ORDER · oms route explain ORDER · Ctrl-C ends it")
            await stopped.wait()
    return code


async def _play(system: System, board: show.Board, number: int) -> int:
    nodes, units = await seed_system(system)
    board.say(f"seeded {nodes} nodes with {units:,} units")
    # Each run brings new orders: it is numbered by how many orders there were before.
    before = await system.intake.CountOrders(CountOrdersRequest())
    run_number = sum(row.order_count for row in before.counts) + 1
    story = Story(system, run_number, board.say)
    done, began = asyncio.Event(), time.monotonic()

    def delivered(answer: IngestDocumentResponse) -> None:
        board.documents += 1
        if answer.document.state == Document.STATE_QUARANTINED:
            board.quarantined += 1
            problem = answer.document.problems[0]
            board.say(f"{answer.document.name}: {problem.reason} at {problem.position}: {problem.message}"[:160])

    with _shown(board) as refresh:
        async with asyncio.TaskGroup() as tasks:
            feeding = tasks.create_task(feed(system, number, run_number, delivered))
            playing = tasks.create_task(story.play())
            paying = tasks.create_task(story.pay(done))
            lorry = tasks.create_task(story.lorry(done))
            ids: list[str] = []
            while time.monotonic() - began < LIMIT_SECONDS:
                ids = [*(feeding.result() if feeding.done() else ()), *story.order_ids]
                await _look(system, board, ids)
                refresh()
                if feeding.done() and playing.done() and all(order.resting for order in board.orders.values()):
                    break
                await asyncio.sleep(0.5)
            done.set()
            for task in (feeding, playing, paying, lorry):
                task.cancel()
        await _look(system, board, ids)
        refresh()
    return await _summary(system, board, time.monotonic() - began)


async def _look(system: System, board: show.Board, ids: list[str]) -> None:
    """Read the newest orders in pages, and those that were not among them one by one."""
    board.counts = await system.intake.CountOrders(CountOrdersRequest())
    known: dict[str, Order] = {}
    request = ListOrdersRequest(page_size=200)
    while len(known) < len(ids) + 200:
        page = await system.intake.ListOrders(request)
        known.update({order.order_id: order for order in page.orders})
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    for order_id in set(ids) - known.keys():
        known[order_id] = (await system.intake.GetOrder(GetOrderRequest(order_id=order_id))).order
    board.orders = {order_id: known[order_id] for order_id in ids}


async def _summary(system: System, board: show.Board, seconds: float) -> int:
    from rich.table import Table

    table = Table(title=f"The run took {seconds:.0f} s", title_justify="left")
    table.add_column("status")
    table.add_column("orders", justify="right")
    by_status: dict[str, int] = {}
    for order in board.orders.values():
        word = show.status_word(order.status)
        by_status[word] = by_status.get(word, 0) + 1
    for word, count in sorted(by_status.items()):
        table.add_row(word, str(count))
    console.print(table)
    restless = [order.order_number for order in board.orders.values() if not order.resting]
    broken = show.conserved(board.orders)
    report = await audit_stock(system.inventory, system.intake)
    _verdict(not restless, f"every order came to rest ({len(board.orders)})", f"not at rest: {', '.join(restless)}")
    _verdict(not broken, "units conserved on every line", f"units not conserved on {', '.join(broken)}")
    _verdict(
        not report.findings,
        f"ledger audit: {report.positions} positions and {report.reservations} live reservations add up, no leak",
        "; ".join(finding.words for finding in report.findings[:5]),
    )
    return 1 if restless or broken or report.findings else 0


def _verdict(good: bool, yes: str, no: str) -> None:  # noqa: FBT001 - it reads as a sentence where it is called
    console.print(f"[green]✓[/] {yes}" if good else f"[red]✗[/] {no}", highlight=False)


@contextlib.contextmanager
def _shown(board: show.Board):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Redraw the board on a terminal; elsewhere print a line when something changed."""
    if console.is_terminal:
        with Live(board, console=console, refresh_per_second=4, vertical_overflow="crop"):
            yield lambda: None
        return
    last = ""

    def refresh() -> None:
        nonlocal last
        while board.said:
            console.print(f"· {board.said.popleft()}", highlight=False)
        if board.line() != last:
            last = board.line()
            console.print(last, highlight=False)

    yield refresh


if __name__ == "__main__":
    sys.argv[0] = "make run"
    typer.run(run)
