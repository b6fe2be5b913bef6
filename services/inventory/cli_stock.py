"""`oms stock`: positions, and what changes them."""

from dataclasses import dataclass
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.position_pb2 import MovementReason, UnsellableReason
from services.cli_output import AsJson, emit, request_id
from services.inventory.cli_render import lean, positions, when
from services.inventory.cli_words import (
    Expires,
    Key,
    Limit,
    Lot,
    Node,
    OnlyNode,
    OnlySku,
    Sku,
    UnsellableWhy,
    ask,
    ask_all,
    emit_list,
    read_choice,
    read_moment,
)

app = typer.Typer()
pool = typer.Typer(help="Pools: stock that only one segment may take.", no_args_is_help=True, rich_markup_mode="rich")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goods:
    """What is said of units beside their number."""

    unsellable: int
    unsellable_reason: UnsellableReason.ValueType
    lot_id: str
    expire_time: Timestamp | None


@app.command(epilog="Examples: oms stock show --sku TEE-BLK-M   ·   oms stock show --node dc-east")
def show(*, sku: OnlySku = "", node: OnlyNode = "", limit: Limit = 100, as_json: AsJson = False) -> None:
    """Show positions."""
    found = ask_all("ListPositions", rpc.ListPositionsRequest(sku=sku, node_id=node), "positions", limit)
    emit_list(found, as_json=as_json, render=lambda: positions("Positions", *found.positions))


@app.command(
    epilog="Examples: oms stock adjust TEE-BLK-M dc-east --units -2 --reason LOSS --reference 'forklift'"
    "   ·   oms stock adjust MILK dc-east --units 48 --lot L7 --expires 2026-12-31"
    "   ·   oms stock adjust TEE-BLK-M dc-east --unsellable 3 --unsellable-reason QUARANTINE"
)
def adjust(
    *,
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Option(help="Units that came, or went where negative.")] = 0,
    unsellable: Annotated[int, typer.Option(help="Units that became unsellable, or sellable where negative.")] = 0,
    unsellable_reason: UnsellableWhy = "",
    lot: Lot = "",
    expires: Expires = None,
    reason: Annotated[str, typer.Option(help="COUNT, CORRECTION, LOSS, RECEIPT, RETURN or SHORT_PICK.")] = "CORRECTION",
    reference: Annotated[str, typer.Option(help="What it belongs to.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Change stock by a difference."""
    why = read_choice(MovementReason, "MOVEMENT_REASON_", reason, "--reason")
    if not units and not unsellable:
        raise typer.BadParameter("say what changed, such as --units -2", param_hint="--units or --unsellable")
    one = _adjustment(sku, node, units, _goods(unsellable, unsellable_reason, lot, expires))
    _adjust(one, why, reference, key, as_json=as_json)


@app.command(
    epilog="Examples: oms stock receive TEE-BLK-M dc-east 120 --reference DN-4711"
    "   ·   oms stock receive --supply sup_01J… 80 --final --unsellable 2"
)
def receive(
    *,
    what: Annotated[
        list[str],
        typer.Argument(metavar="SKU NODE UNITS", help="What came; of a supply only UNITS.", show_default=False),
    ],
    supply: Annotated[str, typer.Option(help="The supply that it is of, sup_….")] = "",
    final: Annotated[bool, typer.Option("--final", help="Nothing more of the supply will come.")] = False,
    unsellable: Annotated[int, typer.Option(min=0, help="Units among them that cannot be sold.")] = 0,
    unsellable_reason: UnsellableWhy = "",
    lot: Lot = "",
    expires: Expires = None,
    reference: Annotated[str, typer.Option(help="The delivery note; a supply has its own.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Receive goods, of a supply or without one; orders that wait for them are told."""
    expected = "UNITS" if supply else "SKU NODE UNITS"
    *where, number = what
    if len(where) != (0 if supply else 2) or not (number.isascii() and number.isdecimal()):
        raise typer.BadParameter(f"expected {expected}, the units a whole number", param_hint="SKU NODE UNITS")
    units = int(number)
    if unsellable > units:
        raise typer.BadParameter(f"at most the {units} that came", param_hint="--unsellable")
    goods = _goods(unsellable, unsellable_reason, lot, expires)
    if supply:
        if reference:
            raise typer.BadParameter("a supply has its own reference", param_hint="--reference")
        _receive(supply, units, goods, key, final=final, as_json=as_json)
        return
    if final:
        raise typer.BadParameter("this is about a supply: name it with --supply", param_hint="--final")
    if not units:
        raise typer.BadParameter("at least one unit must have come", param_hint="UNITS")
    sku, node = where
    one = _adjustment(sku, node, units, goods)
    _adjust(one, MovementReason.MOVEMENT_REASON_RECEIPT, reference, key, as_json=as_json)


@app.command(
    epilog="Example: oms stock count TEE-BLK-M dc-east 118 --reference sheet-12 --counted-at 2026-11-17T06:30Z"
)
def count(
    *,
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Argument(min=0, help="Units that are there, sellable or not.", show_default=False)],
    reference: Annotated[str, typer.Option(help="The count sheet, or who counted.")] = "",
    counted_at: Annotated[
        Timestamp | None,
        typer.Option(parser=read_moment, metavar="TIME", help="When, such as 2026-11-17T06:30Z; now where not said."),
    ] = None,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Take over what was counted at the shelf. What moved since then is taken into account."""
    request = rpc.RecordCountsRequest(
        request_id=key or request_id(),
        node_id=node,
        counts=[rpc.StockCount(sku=sku, on_hand=units)],
        count_time=counted_at,
        reference=reference,
    )
    answer = ask(lambda stub: stub.RecordCounts(request))
    rows = [(one.sku, one.was_on_hand, one.on_hand, one.oversold_quantity or "") for one in answer.drifts]
    columns = ("SKU", "We had", "Counted", "Oversold")
    emit(answer, as_json=as_json, render=lambda: lean("Count taken over: differences", columns, rows))


@app.command("set-safety", epilog="Example: oms stock set-safety TEE-BLK-M store-7 2")
def set_safety(
    *,
    sku: Sku,
    node: Node,
    units: Annotated[int, typer.Argument(min=0, help="Units that are never offered.", show_default=False)],
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Set how many units a node never offers."""
    request = rpc.SetSafetyStockRequest(request_id=key or request_id(), sku=sku, node_id=node, quantity=units)
    answer = ask(lambda stub: stub.SetSafetyStock(request))
    emit(answer, as_json=as_json, render=lambda: positions("Positions", answer.position))


@pool.command("set", epilog="Example: oms stock pool set TEE-BLK-M dc-east B2B 40")
def set_pool(
    *,
    sku: Sku,
    node: Node,
    segment: Annotated[str, typer.Argument(help="For whom, such as B2B.", show_default=False)],
    units: Annotated[int, typer.Argument(min=0, help="Free units that only it may take.", show_default=False)],
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Ring-fence free units of a position for a segment; 0 ends it."""
    request = rpc.SetPoolRequest(request_id=key or request_id(), sku=sku, node_id=node, segment=segment, quantity=units)
    answer = ask(lambda stub: stub.SetPool(request))
    emit(answer, as_json=as_json, render=lambda: positions("Positions", answer.position))


@app.command(
    epilog="Examples: oms stock lots --sku MILK   ·   oms stock lots --node dc-east --expire-before 2026-12-01"
)
def lots(
    *,
    sku: OnlySku = "",
    node: OnlyNode = "",
    expire_before: Annotated[
        Timestamp | None,
        typer.Option(
            parser=read_moment, metavar="TIME", help="Only those that expire before this, such as 2026-12-01."
        ),
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List lots that have units, the first to expire first at each node."""
    request = rpc.ListLotsRequest(sku=sku, node_id=node, expire_before_time=expire_before)
    found = ask_all("ListLots", request, "lots", limit)
    rows = [(one.sku, one.node_id, one.lot_id, one.on_hand, when(one.expire_time) or "never") for one in found.lots]
    columns = ("SKU", "Node", "Lot", "On hand", "Expires")
    emit_list(found, as_json=as_json, render=lambda: lean("Lots", columns, rows))


def _adjustment(sku: str, node: str, units: int, goods: _Goods) -> rpc.Adjustment:
    return rpc.Adjustment(
        sku=sku,
        node_id=node,
        on_hand_delta=units,
        unsellable_delta=goods.unsellable,
        unsellable_reason=goods.unsellable_reason,
        lot_id=goods.lot_id,
        lot_expire_time=goods.expire_time,
    )


def _adjust(one: rpc.Adjustment, why: MovementReason.ValueType, reference: str, key: str, *, as_json: bool) -> None:
    request = rpc.AdjustStockRequest(request_id=key or request_id(), adjustments=[one], reason=why, reference=reference)
    answer = ask(lambda stub: stub.AdjustStock(request))
    emit(answer, as_json=as_json, render=lambda: positions("Positions", *answer.positions))


def _receive(supply: str, units: int, goods: _Goods, key: str, *, final: bool, as_json: bool) -> None:
    from services.inventory.cli_supply import supplies

    request = rpc.ReceiveSupplyRequest(
        request_id=key or request_id(),
        supply_id=supply,
        quantity=units,
        final=final,
        unsellable_quantity=goods.unsellable,
        unsellable_reason=goods.unsellable_reason,
        lot_id=goods.lot_id,
        lot_expire_time=goods.expire_time,
    )
    answer = ask(lambda stub: stub.ReceiveSupply(request))

    def render() -> None:
        supplies("Received", answer.supply)
        positions("Positions", answer.position)

    emit(answer, as_json=as_json, render=render)


def _goods(unsellable: int, reason: str, lot: str, expires: Timestamp | None) -> _Goods:
    if reason and not unsellable:
        raise typer.BadParameter("say of how many units, with --unsellable", param_hint="--unsellable-reason")
    if expires is not None and not lot:
        raise typer.BadParameter("only lots expire: name it with --lot", param_hint="--expires")
    why = UnsellableReason.UNSELLABLE_REASON_UNSPECIFIED
    if reason:
        why = read_choice(UnsellableReason, "UNSELLABLE_REASON_", reason, "--unsellable-reason")
    return _Goods(unsellable=unsellable, unsellable_reason=why, lot_id=lot, expire_time=expires)
