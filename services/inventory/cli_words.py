"""What the commands of `oms stock` share: asking the service, lists of any length, and reading what people type."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, TypeVar

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.cli_output import call, emit, err, run

Answer = TypeVar("Answer")

_PAGE = 500


def ask(use: Callable[[Any], Awaitable[Answer]]) -> Answer:
    """Ask the service; where it says no, print why and exit with 1."""
    return run(call(InventoryServiceStub, lambda settings: settings.inventory_address, use))


def ask_all(method: str, request: Any, field: str, limit: int) -> Any:
    """Ask for a list, as many pages of it as `limit` needs. Where there is more, the answer has its page token."""

    async def pages(stub: Any) -> Any:
        everything: Any = None
        while True:
            request.page_size = min(_PAGE, limit - (len(getattr(everything, field)) if everything else 0))
            page = await getattr(stub, method)(request)
            if everything is None:
                everything = page
            else:
                everything.MergeFrom(page)
                everything.next_page_token = page.next_page_token
            if not page.next_page_token or len(getattr(everything, field)) >= limit:
                return everything
            request.page_token = page.next_page_token

    return ask(pages)


def emit_list(answer: Any, *, as_json: bool, render: Callable[[], None]) -> None:
    """Print a list, and whether there is more of it."""
    emit(answer, as_json=as_json, render=render)
    if answer.next_page_token and not as_json:
        err.print("There is more: filter it, or raise --limit.", style="dim")


def read_moment(text: str) -> Timestamp:
    """Return the moment that somebody typed. A day is its beginning in UTC; a time must name its zone."""
    try:
        try:
            found = datetime.combine(date.fromisoformat(text), time(tzinfo=UTC))
        except ValueError:
            found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            message = f"{text} has no time zone: write {text}Z for UTC, or the zone's offset, such as {text}+01:00"
            raise typer.BadParameter(message)
        moment = Timestamp()
        moment.FromDatetime(found.astimezone(UTC))
    except (ValueError, OverflowError):
        message = (
            f"{text!r} is no ISO 8601 time: write it as 2026-11-17T12:00Z or 2026-11-17T12:00+01:00, or 2026-11-17"
        )
        raise typer.BadParameter(message) from None
    return moment


def read_choice(enum: Any, prefix: str, text: str, option: str) -> Any:
    """Return the value of a word, in whatever case it was typed."""
    word = text.upper().replace("-", "_")
    known = [name.removeprefix(prefix) for name in enum.keys() if not name.endswith("_UNSPECIFIED")]  # noqa: SIM118
    if word not in known:
        raise typer.BadParameter(f"there is no {text!r}: choose one of {', '.join(known)}", param_hint=option)
    return enum.Value(prefix + word)


def read_units(text: str, option: str) -> tuple[str, int]:
    """Return the SKU and the units of SKU=UNITS."""
    sku, _, units = text.rpartition("=")
    if not sku or not units.isascii() or not units.isdecimal():
        raise typer.BadParameter(f"{text!r} is not SKU=UNITS, such as MUG-WHT=2", param_hint=option)
    return sku, int(units)


Sku = Annotated[str, typer.Argument(help="The SKU.", show_default=False)]
Node = Annotated[str, typer.Argument(help="The node's id.", show_default=False)]
OnlySku = Annotated[str, typer.Option("--sku", help="Only of this SKU.")]
OnlyNode = Annotated[str, typer.Option("--node", help="Only at this node.")]
Key = Annotated[str, typer.Option("--request-id", help="The key of this request: the same key is done once.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many rows.")]
Lot = Annotated[str, typer.Option("--lot", help="The lot that the units are of.")]
Expires = Annotated[
    Timestamp | None,
    typer.Option(
        "--expires",
        parser=read_moment,
        metavar="TIME",
        help="When the lot may not be sold any more: 2026-12-31 (its beginning, UTC) or with a time and zone.",
    ),
]
UnsellableWhy = Annotated[
    str, typer.Option("--unsellable-reason", help="Why they cannot be sold: DAMAGED, QUALITY_CONTROL or QUARANTINE.")
]
