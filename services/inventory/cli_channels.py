"""`oms stock channel` and `oms stock bundle`: how stock is seen."""

from typing import Annotated

import typer

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.channel_pb2 import Bundle, BundleComponent, ChannelPolicy
from services.cli_output import AsJson, emit, out, request_id
from services.inventory.cli_render import lean, units
from services.inventory.cli_words import Key, Limit, Sku, ask, ask_all, emit_list, read_units

channels = typer.Typer(help="Channels: how each of them sees stock.", no_args_is_help=True, rich_markup_mode="rich")
bundles = typer.Typer(
    help="Bundles: SKUs that are made of others, and have no stock of their own.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@channels.command(
    "set",
    epilog="Examples: oms stock channel set web-eu --segment B2C --threshold 5 --exclude store-7 --exclude store-9"
    "   ·   oms stock channel set amazon --threshold 2 --sku-threshold MUG-WHT=0",
)
def set_channel(
    *,
    channel: Annotated[str, typer.Argument(help="The channel, such as web-eu.", show_default=False)],
    segment: Annotated[str, typer.Option(help="The segment whose pools it may sell from.")] = "",
    threshold: Annotated[int, typer.Option(min=0, help="Units of each SKU that it never shows.")] = 0,
    exclude: Annotated[list[str] | None, typer.Option(help="A node whose stock it does not sell.")] = None,
    sku_threshold: Annotated[
        list[str] | None, typer.Option(metavar="SKU=UNITS", help="The threshold of one SKU.")
    ] = None,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Say how a channel sees stock. What was said of it before is replaced, all of it."""
    policy = ChannelPolicy(
        channel=channel,
        segment=segment,
        threshold_quantity=threshold,
        excluded_node_ids=exclude or [],
        sku_thresholds=_units(sku_threshold or [], "--sku-threshold"),
    )
    request = rpc.SetChannelPolicyRequest(request_id=key or request_id(), policy=policy)
    answer = ask(lambda stub: stub.SetChannelPolicy(request))
    emit(answer, as_json=as_json, render=lambda: _show_channels(answer.policy))


@channels.command("list", epilog="Example: oms stock channel list --json")
def list_channels(*, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List how channels see stock."""
    found = ask_all("ListChannelPolicies", rpc.ListChannelPoliciesRequest(), "policies", limit)
    emit_list(found, as_json=as_json, render=lambda: _show_channels(*found.policies))


@bundles.command("set", epilog="Example: oms stock bundle set GIFT-BOX TEE-BLK-M=1 MUG-WHT=2")
def set_bundle(
    *,
    sku: Sku,
    components: Annotated[
        list[str], typer.Argument(metavar="SKU=UNITS…", help="What one of it is made of.", show_default=False)
    ],
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Say what a bundle is made of. Reservations keep what they were made of."""
    parts = _units(components, "SKU=UNITS…")
    if not all(parts.values()):
        raise typer.BadParameter("at least one unit of each component", param_hint="SKU=UNITS…")
    bundle = Bundle(sku=sku, components=[BundleComponent(sku=one, quantity=number) for one, number in parts.items()])
    request = rpc.SetBundleRequest(request_id=key or request_id(), bundle=bundle)
    answer = ask(lambda stub: stub.SetBundle(request))
    emit(answer, as_json=as_json, render=lambda: _show_bundles(answer.bundle))


@bundles.command("remove", epilog="Example: oms stock bundle remove GIFT-BOX")
def remove_bundle(*, sku: Sku, key: Key = "", as_json: AsJson = False) -> None:
    """Make a bundle a SKU of its own again. Reservations keep what they were made of."""
    request = rpc.SetBundleRequest(request_id=key or request_id(), bundle=Bundle(sku=sku))
    answer = ask(lambda stub: stub.SetBundle(request))
    said = f"{sku} is a SKU of its own"
    emit(answer, as_json=as_json, render=lambda: out.print(said, highlight=False, markup=False))


@bundles.command("list", epilog="Example: oms stock bundle list --component MUG-WHT")
def list_bundles(
    *,
    component: Annotated[str, typer.Option(help="Only those that have this in them.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List bundles."""
    found = ask_all("ListBundles", rpc.ListBundlesRequest(component_sku=component), "bundles", limit)
    emit_list(found, as_json=as_json, render=lambda: _show_bundles(*found.bundles))


def _show_channels(*found: ChannelPolicy) -> None:
    columns = ("Channel", "Segment", "Threshold", "Thresholds of SKUs", "Excluded nodes")
    rows = [
        (one.channel, one.segment, one.threshold_quantity, units(one.sku_thresholds), ", ".join(one.excluded_node_ids))
        for one in found
    ]
    lean("Channels", columns, rows, optional=("Segment", "Thresholds of SKUs", "Excluded nodes"))


def _show_bundles(*found: Bundle) -> None:
    rows = [(one.sku, units({part.sku: part.quantity for part in one.components})) for one in found]
    lean("Bundles", ("SKU", "Made of"), rows)


def _units(texts: list[str], option: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in texts:
        sku, number = read_units(text, option)
        if sku in found:
            raise typer.BadParameter(f"{sku} is named twice", param_hint=option)
        found[sku] = number
    return found
