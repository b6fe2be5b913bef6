"""`oms route nodes`: the network, as a table and as a file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.node_pb2 import Node
from services.cli_output import AsJson, emit, print_json, request_id, table
from services.kernel.errors import NotFound
from services.routing.cli_words import amount, ask

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
    emit(answer, as_json=as_json, render=lambda: table("", ("field", "value"), _plain(answer.node).items()))


@app.command("import", epilog="Example: oms route nodes import deploy/local/demo/network.yaml")
def import_nodes(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="YAML, as `export` writes it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Add the nodes of a file, or replace them where they differ. Nodes that are not in it stay as they are."""
    nodes = _read(file)

    async def store(stub: "RoutingServiceAsyncStub") -> list[tuple[str, str]]:
        return [(node.node_id, await _store(stub, node)) for node in nodes]

    done = ask(store)
    if as_json:
        print_json([{"node_id": node_id, "outcome": outcome} for node_id, outcome in done])
    else:
        table("Imported", ("node", "outcome"), done)


@app.command("export", epilog="Example: oms route nodes export > network.yaml")
def export_nodes() -> None:
    """Write the network as YAML to stdout."""
    answer = ask(lambda stub: _all(stub, enabled_only=False))
    document = {"nodes": [_plain(_bare(node)) for node in answer.nodes]}
    yaml.safe_dump(document, sys.stdout, sort_keys=False, allow_unicode=True)


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


async def _store(stub: "RoutingServiceAsyncStub", node: Node) -> str:
    try:
        present = (await stub.GetNode(rpc.GetNodeRequest(node_id=node.node_id))).node
    except NotFound:
        await stub.CreateNode(rpc.CreateNodeRequest(request_id=request_id(), node=node))
        return "added"
    if _bare(present) == _bare(node):
        return "unchanged"
    node.etag = present.etag
    await stub.UpdateNode(rpc.UpdateNodeRequest(request_id=request_id(), node=node))
    return "replaced"


def _read(file: Path) -> list[Node]:
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), _Yaml)  # noqa: S506 - it is a SafeLoader
        return [ParseDict(entry, Node()) for entry in document["nodes"]]
    except (yaml.YAMLError, ParseError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise typer.BadParameter(f"{file} is not a list of nodes: {error}", param_hint="FILE") from error


class _Yaml(yaml.SafeLoader):
    """YAML in which NO is Norway: of the many words for true and false only those two are left."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and the kind are PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _bare(node: Node) -> Node:
    """Return what an operator wrote, without what the service added and in the order in which it stores."""
    bare = Node()
    bare.CopyFrom(node)
    for field in ("update_time", "etag"):
        bare.ClearField(field)
    for words in (bare.serves_country_codes, bare.capabilities):
        words[:] = sorted(set(words))
    return bare


def _plain(node: Node) -> dict[str, Any]:
    return MessageToDict(node, preserving_proto_field_name=True)
