"""`oms up`, `oms down` and `oms status`: the system on this machine, for people at a terminal."""

import asyncio
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local import layout, processes
from deploy.local.record import PartRecord, Record, RecordFile, here
from deploy.local.stack import Stack
from services.kernel.clock import SystemClock

app = typer.Typer(help="The whole system on this machine.", no_args_is_help=True)
console = Console(soft_wrap=True)

ALL_UP, DEGRADED, NOT_RUNNING = 0, 1, 3
_START_SECONDS = 180.0
_STOP_SECONDS = 90.0

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The state folder.", envvar="OMS_HOME", show_default=".oms", file_okay=False),
]
Ports = Annotated[str, typer.Option("--ports", help='"default", or "auto" for free ones.', envvar="OMS_PORTS")]
Without = Annotated[
    list[str] | None, typer.Option("--without", help="Leave out a part, to run it from an editor; may be repeated.")
]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Return when everything is up, and leave it running.")]


@app.command(epilog="Examples:  oms up   |   oms up --detach --ports auto   |   oms up --without routing")
def up(
    home: Home = None,
    ports: Ports = "default",
    without: Without = None,
    detach: Detach = False,  # noqa: FBT002 - a flag
) -> None:
    """Start PostgreSQL, Temporal, the five services, the worker and the sandboxes, and keep them alive."""
    folder = (home or here()).absolute()
    if ports not in ("default", "auto"):
        raise typer.BadParameter('say "default" or "auto"', param_hint="--ports")
    parts = [name for name in layout.PORTS if name not in (without or ())]
    if unknown := set(without or ()) - set(layout.PORTS):
        raise typer.BadParameter(f"there is no part {', '.join(sorted(unknown))}", param_hint="--without")
    if detach:
        _detach(folder, ports, without or [])
        return
    try:
        asyncio.run(_run(folder, ports, parts))
    except (RuntimeError, OSError) as error:
        console.print(f"[red]✗[/] {_plain(error)}", highlight=False)
        raise typer.Exit(1) from None


@app.command(epilog="Examples:  oms down   |   oms down --home /srv/oms")
def down(home: Home = None) -> None:
    """Stop the system, in order; what it holds stays in the state folder."""
    file = RecordFile(home or here())
    if file.held():
        record = file.read()
        if record is None:
            console.print("[yellow]![/] the system is being started or stopped this very moment; try again")
            raise typer.Exit(1)
        record.supervisor.send(signal.SIGTERM)
        if not record.supervisor.wait(_STOP_SECONDS):
            console.print(
                f"[red]✗[/] the supervisor (pid {record.supervisor.pid}) still runs after {_STOP_SECONDS:.0f} s"
            )
            raise typer.Exit(1)
        console.print("[green]✓[/] stopped")
        return
    orphans = file.stop_orphans()
    console.print(f"[green]✓[/] stopped what was left behind: {', '.join(orphans)}" if orphans else "nothing runs")


@app.command(epilog="Examples:  oms status   |   oms status > /dev/null && echo all up")
def status(home: Home = None) -> None:
    """Show every part; the exit code is 0 when all are up, 1 when some are not, 3 when the system does not run."""
    file = RecordFile(home or here())
    record = file.read()
    if record is None or not file.held():
        console.print("the system does not run" if record is None else "the supervisor is gone; `oms up` or `oms down`")
        raise typer.Exit(NOT_RUNNING)
    console.print(_table(record), f"Temporal Web UI  http://{record.addresses['temporal-ui']}", sep="\n")
    raise typer.Exit(
        ALL_UP if record.ready and all(_state(part) == "UP" for part in record.parts.values()) else DEGRADED
    )


async def _run(home: Path, ports: str, parts: list[str]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    began = time.monotonic()
    with console.status("starting") as progress:

        def say(sentence: str) -> None:
            console.print(f"[green]•[/] {_plain(sentence)}", highlight=False)

        stack = Stack(home, ports, only=parts, say=say)
        starting = asyncio.create_task(stack.start())
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            progress.update("stopping")
            starting.cancel()
            await asyncio.wait({starting})
            raise RuntimeError("interrupted before everything was up; all is stopped again")
        await starting
    console.print(f"[bold green]✓[/] up in {time.monotonic() - began:.1f} s; Ctrl-C or `oms down` stops it")
    console.print(
        f"  Temporal Web UI  http://{stack.addresses['temporal-ui']}   logs  {home / 'logs'}", highlight=False
    )
    await waiting
    with console.status("stopping"):
        await stack.stop()
    console.print("[green]✓[/] stopped")


def _detach(home: Path, ports: str, without: list[str]) -> None:
    file, log = RecordFile(home), home / "logs" / "supervisor.log"
    if file.held():
        record = file.read()
        console.print(
            f"the system already runs (pid {record.supervisor.pid if record else '?'}); `oms status` shows it"
        )
        raise typer.Exit(1)
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "deploy.local.commands", "up", "--home", str(home), "--ports", ports]
    command += [word for name in without for word in ("--without", name)]
    supervisor = processes.launch(command, log=log)

    def ready() -> bool:
        record = file.read()
        return record is not None and record.ready and record.supervisor == supervisor

    with console.status("starting"):
        outcome = processes.until(lambda: not supervisor.alive() or ready(), _START_SECONDS)
    if not outcome or not supervisor.alive():
        supervisor.stop(seconds=_STOP_SECONDS)
        console.print(_plain(processes.tail(log, 40)), highlight=False)
        raise typer.Exit(1)
    status(home)


def _table(record: Record) -> Table:
    table = Table("part", "state", "pid", "address", "up for", title=f"supervisor pid {record.supervisor.pid}")
    for name, part in record.parts.items():
        state = _state(part)
        since = SystemClock().now() - datetime.fromisoformat(part.started)
        colour = "green" if state == "UP" else "red" if state == "DEAD" else "yellow"
        uptime = str(since).partition(".")[0] if state == "UP" else ""
        table.add_row(name, f"[{colour}]{state}[/]", str(part.process.pid), part.address, uptime)
    return table


def _state(part: PartRecord) -> str:
    return part.state if part.process.alive() else "DEAD"


def _plain(text: object) -> str:
    """Return the text as it is: brackets in a log are not colours."""
    return escape(str(text))


if __name__ == "__main__":
    app()
