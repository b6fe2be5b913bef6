"""`oms stock atp`: what may be promised, now and later."""

from typing import Annotated

import typer

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.channel_pb2 import AvailableToPromise
from services.cli_output import AsJson, emit
from services.inventory.cli_render import lean, when
from services.inventory.cli_words import ask

app = typer.Typer()


@app.command(
    epilog="Examples: oms stock atp TEE-BLK-M MUG-WHT --node dc-east --node store-7"
    "   ·   oms stock atp GIFT-BOX --channel web-eu --quantity 20"
)
def atp(
    *,
    skus: Annotated[list[str], typer.Argument(help="Which SKUs; bundles among them.", show_default=False)],
    channel: Annotated[str, typer.Option(help="For this channel; plainly all stock where none is named.")] = "",
    node: Annotated[list[str] | None, typer.Option(help="At which nodes; all where none is named.")] = None,
    quantity: Annotated[int, typer.Option(min=0, help="Tell when this many can be had.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show what can be promised: now, how it grows, and when a quantity can be had."""
    request = rpc.GetAvailableToPromiseRequest(skus=skus, channel=channel, node_ids=node or [], quantity=quantity)
    answer = ask(lambda stub: stub.GetAvailableToPromise(request))

    def render() -> None:
        rows = [row for one in answer.promises for row in _steps(one)]
        lean(f"Available to promise{channel and f' in {channel}'}", ("SKU", "From", "Units"), rows)
        if quantity:
            rows = [(one.sku, _earliest(one, quantity)) for one in answer.promises]
            lean(f"{quantity} of each can be had", ("SKU", "From"), rows)

    emit(answer, as_json=as_json, render=render)


def _steps(one: AvailableToPromise) -> list[tuple[object, ...]]:
    later = [("", when(step.from_time), step.quantity) for step in one.steps[1:]]
    return [(one.sku, "now", one.available_quantity), *later]


def _earliest(one: AvailableToPromise, quantity: int) -> str:
    if one.available_quantity >= quantity:
        return "now"
    return when(one.earliest_time) if one.HasField("earliest_time") else "not with what is expected"
