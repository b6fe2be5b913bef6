"""`oms stock drift`: how far outside systems are from our figures, and deciding what is too far."""

from typing import Annotated

import typer

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.source_pb2 import DriftException, DriftLimit, StockSource
from services.cli_output import AsJson, emit, out, request_id
from services.inventory.cli_render import lean, name, signed, when
from services.inventory.cli_words import Key, Limit, ask, ask_all, emit_list

app = typer.Typer(
    help="Drift: where outside systems have other figures than we have.", no_args_is_help=True, rich_markup_mode="rich"
)

Exception_ = Annotated[str, typer.Argument(metavar="DRIFT", help="The difference, dft_….", show_default=False)]
Note = Annotated[str, typer.Option(help="Why.")]

_COLUMNS = ("Drift", "Source", "SKU", "Node", "Snapshot", "We had", "They have", "Proposed", "State", "Since")
_DECIDED = ("By", "At", "Why")
_SOURCES = ("Source", "Node", "Snapshot", "At", "SKUs", "Differing", "More", "Less", "Open", "Limit")


@app.command("list", epilog="Example: oms stock drift list --source wms-dc-east")
def list_drifts(
    *,
    source: Annotated[str, typer.Option(help="Only of this source.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also those that were decided.")] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List differences that were too large to take over, oldest first."""
    request = rpc.ListDriftExceptionsRequest(source=source, all=everything)
    found = ask_all("ListDriftExceptions", request, "drift_exceptions", limit)
    emit_list(found, as_json=as_json, render=lambda: _show("Differences", *found.drift_exceptions))


@app.command(epilog="Example: oms stock drift accept dft_01J… --note 'counted twice'")
def accept(*, drift: Exception_, note: Note = "", key: Key = "", as_json: AsJson = False) -> None:
    """Make the correction that is proposed."""
    _decide(drift, note, key, accept=True, as_json=as_json)


@app.command(epilog="Example: oms stock drift reject dft_01J… --note 'their pallet was not booked yet'")
def reject(*, drift: Exception_, note: Note = "", key: Key = "", as_json: AsJson = False) -> None:
    """Say that our figure is right."""
    _decide(drift, note, key, accept=False, as_json=as_json)


@app.command(
    "limit",
    epilog="Examples: oms stock drift limit --units 20 --percent 10   ·   oms stock drift limit wms-dc-east --units 5"
    "   ·   oms stock drift limit erp --none",
)
def set_limit(
    *,
    source: Annotated[
        str, typer.Argument(help="Whose; of those that have none of their own where not named.", show_default=False)
    ] = "",
    units: Annotated[int | None, typer.Option(min=0, help="Units that it may differ.")] = None,
    percent: Annotated[int | None, typer.Option(min=0, help="Hundredths of our figure that it may differ.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No limit: take over differences of any size.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Set how far a source may be from our figures before somebody must decide: above both, where both are said."""
    said = units is not None or percent is not None
    if said == none:
        raise typer.BadParameter("say how far it may differ, or --none", param_hint="--units, --percent or --none")
    limit = None if none else DriftLimit(units=units or 0, percent=percent or 0)
    request = rpc.SetDriftLimitRequest(request_id=key or request_id(), source=source, limit=limit)
    answer = ask(lambda stub: stub.SetDriftLimit(request))
    shown = f"{source or 'Sources without their own'}: {_limit(answer)}"
    emit(answer, as_json=as_json, render=lambda: out.print(shown, highlight=False, markup=False))


@app.command(epilog="Example: oms stock drift sources --json")
def sources(*, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List sources, with how far their last snapshots were from our figures."""
    found = ask_all("ListStockSources", rpc.ListStockSourcesRequest(), "sources", limit)
    rows = [
        (
            *(one.source, one.node_id, one.sequence or "", when(one.update_time), one.counted_sku_count),
            *(one.drifted_sku_count, one.surplus_quantity, one.deficit_quantity, one.open_exception_count or ""),
            _limit(one),
        )
        for one in found.sources
    ]
    emit_list(found, as_json=as_json, render=lambda: lean("Sources", _SOURCES, rows))


def _decide(drift: str, note: str, key: str, *, accept: bool, as_json: bool) -> None:
    request = rpc.DecideDriftExceptionRequest(
        request_id=key or request_id(), drift_exception_id=drift, accept=accept, note=note
    )
    answer = ask(lambda stub: stub.DecideDriftException(request))
    emit(answer, as_json=as_json, render=lambda: _show("Decided", answer.drift_exception))


def _show(title: str, *found: DriftException) -> None:
    rows = [
        (
            *(one.drift_exception_id, one.source, one.sku, one.node_id, one.sequence, one.was_on_hand, one.on_hand),
            *(signed(one.proposed_delta), name(DriftException.State, one.state, "STATE_"), when(one.create_time)),
            *(one.decide_actor, when(one.decide_time), one.note),
        )
        for one in found
    ]
    lean(title, (*_COLUMNS, *_DECIDED), rows, optional=_DECIDED)


def _limit(one: StockSource | rpc.SetDriftLimitResponse) -> str:
    return f"{one.limit.units} units and {one.limit.percent} %" if one.HasField("limit") else "none"
