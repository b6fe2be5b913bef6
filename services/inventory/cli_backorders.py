"""`oms stock backorders` and `oms stock backorder-policy`: who waits, and who is served first."""

from typing import Annotated

import typer

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.backorder_pb2 import Backorder, BackorderPolicy
from services.cli_output import AsJson, emit, out, request_id
from services.inventory.cli_render import lean, name, when
from services.inventory.cli_words import Key, Limit, OnlySku, ask, ask_all, emit_list, read_choice

app = typer.Typer()

_COLUMNS = ("Order", "Line", "SKU", "Units", "Kept", "Priority", "State", "Since", "Promised")


@app.command(epilog="Example: oms stock backorders --sku TEE-BLK-M")
def backorders(
    *,
    sku: OnlySku = "",
    owner: Annotated[str, typer.Option(help="Only of this order.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List who waits for stock, in the order in which they will be served, with what is kept for them already."""
    request = rpc.ListBackordersRequest(sku=sku, owner_id=owner)
    found = ask_all("ListBackorders", request, "backorders", limit)
    rows = [
        (
            *(one.owner_id, one.line_id, one.sku, one.quantity, one.filled_quantity or "", one.priority),
            *(name(Backorder.State, one.state, "STATE_"), when(one.create_time), when(one.promise_time)),
        )
        for one in found.backorders
    ]
    emit_list(found, as_json=as_json, render=lambda: lean("Backorders", _COLUMNS, rows))


@app.command(
    "backorder-policy",
    epilog="Examples: oms stock backorder-policy SHIP_COMPLETE"
    "   ·   oms stock backorder-policy FAIR_SHARE --sku TEE-BLK-M"
    "   ·   oms stock backorder-policy DEFAULT --sku TEE-BLK-M",
)
def backorder_policy(
    *,
    policy: Annotated[
        str,
        typer.Argument(
            help="FIRST_COME, PRIORITY, SHIP_COMPLETE or FAIR_SHARE; DEFAULT: as all others.", show_default=False
        ),
    ],
    sku: Annotated[str, typer.Option(help="Of this SKU; of all that have none of their own where not named.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Say who is served first when units of a SKU come."""
    wanted = (
        BackorderPolicy.BACKORDER_POLICY_UNSPECIFIED
        if policy.upper() == "DEFAULT"
        else read_choice(BackorderPolicy, "BACKORDER_POLICY_", policy, "POLICY")
    )
    request = rpc.SetBackorderPolicyRequest(request_id=key or request_id(), sku=sku, policy=wanted)
    answer = ask(lambda stub: stub.SetBackorderPolicy(request))
    shown = f"{sku or 'All SKUs without their own'}: {name(BackorderPolicy, answer.policy, 'BACKORDER_POLICY_')}"
    emit(answer, as_json=as_json, render=lambda: out.print(shown, highlight=False, markup=False))
