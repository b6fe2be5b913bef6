"""`oms route nodes`: the network, as a table and as a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.node_pb2 import Node
from services.cli_output import AsJson, emit, request_id, table
from services.routing.cli_network import Format, export_network, import_network
from services.routing.cli_words import amount, ask
from services.routing.files import documents

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub

app = typer.Typer(help="Nodes: the places that ship.", no_args_is_help=True, rich_markup_mode="rich")

NodeId = Annotated[str, typer.Argument(help="The node's id.")]


@app.command("list", epilog="Example: oms route nodes list --enabled")
def list_nodes(
    *,
    enabled: Annotated[bool, typer.Option("--enabled", help="Only those that get work.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the network."""
    answer = ask(lambda stub: _all(stub, enabled_only=enabled))
    emit(answer, as_json=as_json, render=lambda: table("Nodes", _COLUMNS, map(_row, answer.nodes)))


@app.command(epilog="Example: oms route nodes show dc-east")
def show(node_id: NodeId, *, as_json: AsJson = False) -> None:
    """Show one node."""
    answer = ask(lambda stub: stub.GetNode(rpc.GetNodeRequest(node_id=node_id)))
    emit(answer, as_json=as_json, render=lambda: table("", ("field", "value"), documents.write(answer.node).items()))


@app.command("import", epilog="Example: oms route nodes import deploy/local/demo/network.yaml --check")
def import_nodes(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="YAML or CSV, as `export` writes it.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong, and what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the nodes, calendars and carrier services of a file, or replace those that differ: all of them, or none.

    What is not in the file stays as it is. A file that ends in .csv has nodes only, a column for each field.
    """
    import_network(file, check=check, as_json=as_json)


@app.command("export", epilog="Example: oms route nodes export > network.yaml")
def export_nodes(
    *,
    written: Annotated[Format, typer.Option("--format", help="CSV has nodes only.")] = Format.YAML,
) -> None:
    """Write the whole network to stdout, so that to import it changes nothing."""
    export_network(written)


@app.command(epilog="Example: oms route nodes enable store-austin")
def enable(node_id: NodeId) -> None:
    """Let a node get new work."""
    _switch(node_id, disabled=False, reason="")


@app.command(epilog="Example: oms route nodes disable store-austin --reason 'flooded until Monday'")
def disable(node_id: NodeId, *, reason: Annotated[str, typer.Option(help="Why; shown in decisions.")] = "") -> None:
    """Give a node no new work. What it has goes on."""
    _switch(node_id, disabled=True, reason=reason)


_COLUMNS = ("node", "type", "place", "ships to", "processing", "per order", "per line", "state")


def _row(node: Node) -> tuple[object, ...]:
    return (
        node.node_id,
        Node.Type.Name(node.type).removeprefix("TYPE_"),
        f"{node.city}, {node.country_code}",
        " ".join(node.serves_country_codes) or "everywhere",
        f"{node.processing_minutes} min",
        amount(node.order_cost),
        amount(node.line_cost),
        f"disabled: {node.disabled_reason}" if node.disabled else "enabled",
    )


def _switch(node_id: str, *, disabled: bool, reason: str) -> None:
    async def switch(stub: "RoutingServiceAsyncStub") -> None:
        # With the etag as read: a change that somebody else makes meanwhile is not undone.
        node = (await stub.GetNode(rpc.GetNodeRequest(node_id=node_id))).node
        node.disabled, node.disabled_reason = disabled, reason
        await stub.UpdateNode(rpc.UpdateNodeRequest(request_id=request_id(), node=node))

    ask(switch)
    typer.echo(f"{node_id}: {'disabled' if disabled else 'enabled'}")


async def _all(stub: "RoutingServiceAsyncStub", *, enabled_only: bool) -> rpc.ListNodesResponse:
    request, everything = rpc.ListNodesRequest(enabled_only=enabled_only, page_size=500), rpc.ListNodesResponse()
    while True:
        page = await stub.ListNodes(request)
        everything.nodes.extend(page.nodes)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return everything
