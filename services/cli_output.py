"""What every command shares: calling a service, showing its answer as a table or as JSON, and saying what went wrong.

Exit codes: 0 done; 1 the system said no, and stderr says why; 2 the command was used wrongly.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Annotated, Any, TypeVar

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel import clock, ids
from services.kernel.errors import OmsError

out = Console()
err = Console(stderr=True)

Stub = TypeVar("Stub")
Answer = TypeVar("Answer")

# The option of every command that shows something.
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run to the end and return the answer; where the system says no, print why and exit with 1."""
    try:
        return asyncio.run(work)
    except OmsError as error:
        details = "".join(f"\n  {key}: {value}" for key, value in sorted(error.metadata.items()))
        err.print(f"[red]{error.reason}[/red] {error.message}{details}", highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def call(
    stub: Callable[..., Stub], address: Callable[[Settings], str], use: Callable[[Stub], Awaitable[Answer]]
) -> Answer:
    """Connect to a service where the settings say it is, use it, and let go of it."""
    settings = Settings()
    async with Channels(settings, actor=actor()) as channels:
        return await use(channels.connect(stub, address(settings)))


def actor() -> str:
    """Return who uses the command line, for timelines of systems that do not ask for a token."""
    return f"cli:{os.environ.get('USER') or os.getuid()}"


def emit(message: Message, *, as_json: bool, render: Callable[[], None]) -> None:
    """Print the answer as JSON, or call `render` to show it."""
    if as_json:
        print_json(MessageToDict(message, preserving_proto_field_name=True))
    else:
        render()


def print_json(value: object) -> None:
    """Print JSON to stdout, uncoloured where it is piped."""
    out.print_json(json.dumps(value)) if out.is_terminal else print(json.dumps(value, indent=2))  # noqa: T201


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table; an empty one says so."""
    shown = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(str(cell) for cell in row))
    if shown.row_count:
        out.print(shown)
    else:
        out.print(f"{title or 'Result'}: nothing")


def request_id() -> str:
    """Return a new key for a request."""
    return ids.new(ids.REQUEST, clock.milliseconds(clock.SystemClock().now()))
