"""`oms stock feed`: what channels may sell, as it changes."""

import asyncio
import json
from typing import Annotated, Any

import typer

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import Availability
from services.cli_output import err
from services.inventory.cli_words import ask
from services.kernel.errors import OmsError

app = typer.Typer()


@app.command(
    epilog="Examples: oms stock feed --channel web-eu   ·   oms stock feed --json --once > all.jsonl"
    "   ·   oms stock feed --channel web-eu --json --cursor …"
)
def feed(
    *,
    channel: Annotated[str, typer.Option(help="As this channel sees it; by node where none is named.")] = "",
    cursor: Annotated[str, typer.Option(help="Go on behind this; everything is told first where none is given.")] = "",
    sku: Annotated[list[str] | None, typer.Option(help="Only these SKUs.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when everything has been told once.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a line for each change.")] = False,
) -> None:
    """Follow what may be sold, a line for each change, until Ctrl-C.

    With --json, the last line of what was told together has the cursor to go on from: all before it has been told.
    """
    request = rpc.WatchAvailabilityRequest(channel=channel, cursor=cursor, skus=sku or [])
    ask(lambda stub: _follow(stub, request, once=once, as_json=as_json))


async def _follow(stub: Any, request: rpc.WatchAvailabilityRequest, *, once: bool, as_json: bool) -> None:
    caught_up = False
    try:
        async for told in stub.WatchAvailability(request):
            request.cursor = told.cursor or request.cursor
            news = told.caught_up and not caught_up
            _print_json(told, news=news) if as_json else _print(told, news=news)
            caught_up = caught_up or told.caught_up
            if once and caught_up:
                return
    except (OmsError, asyncio.CancelledError):
        if request.cursor:
            err.print(f"Go on with --cursor {request.cursor}", highlight=False, markup=False, soft_wrap=True)
        raise


def _print(told: rpc.WatchAvailabilityResponse, *, news: bool) -> None:
    for one in told.availabilities:
        typer.echo(f"{one.available_quantity:>10}  {one.sku}{one.node_id and f'  at {one.node_id}'}")
    if news:
        typer.echo(f"Everything has been told; from here on changes. Cursor: {told.cursor}", err=True)


def _print_json(told: rpc.WatchAvailabilityResponse, *, news: bool) -> None:
    lines = [_plain(one) for one in told.availabilities]
    if news:
        lines.append({"caught_up": True})
    if told.cursor and lines:
        lines[-1]["cursor"] = told.cursor
    for line in lines:
        typer.echo(json.dumps(line, ensure_ascii=False))


def _plain(one: Availability) -> dict[str, object]:
    where = {"node_id": one.node_id} if one.node_id else {}
    return {"sku": one.sku, **where, "available_quantity": one.available_quantity}
