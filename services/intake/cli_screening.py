"""`oms hold rules`, `oms channel skus` and `oms channel locations`: what new orders are held by; channels' words."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.markup import escape

from oms.intake.v1 import screening_service_pb2 as rpc
from oms.intake.v1.hold_pb2 import HoldType
from oms.intake.v1.screening_pb2 import ScreeningProblem, ScreeningRuleSet, ScreeningRuleVersion
from oms.intake.v1.screening_service_pb2_grpc import ScreeningServiceStub
from services.cli_output import AsJson, call, emit, err, out, request_id, run, table
from services.intake import mapping_files, screening_files
from services.intake.cli_render import Limit, OrderId, when, word

Answer = TypeVar("Answer")

rules = typer.Typer(help="Rules that hold new orders.", no_args_is_help=True, rich_markup_mode="rich")
skus = typer.Typer(help="What a channel calls goods.", no_args_is_help=True, rich_markup_mode="rich")
locations = typer.Typer(help="What a channel calls places.", no_args_is_help=True, rich_markup_mode="rich")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A rule set as YAML.")]
Csv = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV with a header.")]
Channel = Annotated[str, typer.Argument(help="The channel, such as shopify-us.")]
Name = Annotated[str, typer.Argument(help="The set, such as us-fraud.")]
# What one request takes.
_MOST_SKUS, _MOST_LOCATIONS = 20_000, 10_000


@rules.command(epilog="Example: oms hold rules check us.yaml")
def check(file: File, *, as_json: AsJson = False) -> None:
    """Show everything that is wrong with rules, where, and what to write instead. Saves nothing."""
    rule_set = _rule_set(file)
    answer = _ask(lambda stub: stub.CheckScreeningRules(rpc.CheckScreeningRulesRequest(rule_set=rule_set)))
    emit(answer, as_json=as_json, render=lambda: _show_problems(rule_set.name, answer.problems))
    if answer.problems:
        raise typer.Exit(1)


@rules.command("set", epilog="Examples: oms hold rules set us.yaml   ·   oms hold rules set us.yaml --draft")
def set_rules(
    file: File,
    *,
    draft: Annotated[bool, typer.Option("--draft", help="Save only; do not use it yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Save rules and let them screen new orders from now on. What is wrong with them is told, and nothing changed."""
    rule_set = _rule_set(file)
    found = _ask(lambda stub: stub.CheckScreeningRules(rpc.CheckScreeningRulesRequest(rule_set=rule_set)))
    if found.problems:
        emit(found, as_json=as_json, render=lambda: _show_problems(rule_set.name, found.problems))
        raise typer.Exit(1)
    saving = rpc.SaveScreeningRulesRequest(request_id=request_id(), rule_set=rule_set)
    version = _ask(lambda stub: stub.SaveScreeningRules(saving)).version
    if not draft:
        version = _ask(lambda stub: stub.ActivateScreeningRules(_activation(version))).version
    emit(version, as_json=as_json, render=lambda: _show_versions([version]))


@rules.command("list", epilog="Example: oms hold rules list")
def list_rules(*, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List versions of rules by name, the newest of each first."""
    found = _ask(lambda stub: stub.ListScreeningRules(rpc.ListScreeningRulesRequest(page_size=limit)))
    emit(found, as_json=as_json, render=lambda: _show_versions(found.versions))


@rules.command(epilog="Example: oms hold rules show us-fraud > us.yaml")
def show(
    name: Name,
    *,
    version: Annotated[int, typer.Option(help="The version; the newest where none is named.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Print rules as YAML, to be changed and set again."""
    answer = _ask(lambda stub: stub.GetScreeningRules(rpc.GetScreeningRulesRequest(name=name, version=version)))
    emit(answer, as_json=as_json, render=lambda: typer.echo(screening_files.write(answer.version.rule_set), nl=False))


@rules.command(epilog="Example: oms hold rules retire us-fraud")
def retire(name: Name, *, as_json: AsJson = False) -> None:
    """Stop screening by these rules; holds that they placed stay."""
    request = rpc.RetireScreeningRulesRequest(request_id=request_id(), name=name)
    answer = _ask(lambda stub: stub.RetireScreeningRules(request))
    emit(answer, as_json=as_json, render=lambda: _show_versions([answer.version]))


@rules.command("try", epilog="Examples: oms hold rules try ord_01…   ·   oms hold rules try ord_01… --file us.yaml")
def try_rules(
    *,
    order_id: OrderId,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="These rules, not the active.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which holds an order would get, and why. Changes nothing."""
    request = rpc.CheckOrderScreeningRequest(order_id=order_id, rule_set=_rule_set(file) if file else None)
    answer = _ask(lambda stub: stub.CheckOrderScreening(request))
    rows = [
        (escape(one.hold.handle), word(HoldType, one.hold.type), one.hold.line_id, one.rule, escape(one.hold.note))
        for one in answer.holds
    ]
    columns = ("Handle", "Type", "Line", "Because of", "Note")
    emit(answer, as_json=as_json, render=lambda: table("Holds it would get", columns, rows))


@skus.command("import", epilog="Example: oms channel skus import shopify-us skus.csv")
def import_skus(channel: Channel, file: Csv, *, as_json: AsJson = False) -> None:
    """Read what a channel calls goods: channel_sku, sku, units_each (12 for a case of 12), active. All or nothing."""
    rows, problems = mapping_files.read_skus(_text(file))
    _refuse(file, problems, len(rows), _MOST_SKUS)
    request = rpc.SetChannelSkusRequest(request_id=request_id(), channel=channel, skus=rows)
    answer = _ask(lambda stub: stub.SetChannelSkus(request))
    emit(answer, as_json=as_json, render=lambda: out.print(f"{len(rows)} read, {answer.changed_count} changed"))


@skus.command("list", epilog="Example: oms channel skus list shopify-us")
def list_skus(channel: Channel, *, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List what a channel calls goods."""
    found = _ask(lambda stub: stub.ListChannelSkus(rpc.ListChannelSkusRequest(channel=channel, page_size=limit)))
    rows = [
        (escape(one.channel_sku), escape(one.sku), one.units_each, "no" if one.inactive else "yes")
        for one in found.skus
    ]
    columns = ("Channel's", "SKU", "Units each", "Used")
    emit(found, as_json=as_json, render=lambda: table(f"Goods of {channel}", columns, rows))


@locations.command("import", epilog="Example: oms channel locations import edi-acme stores.csv")
def import_locations(channel: Channel, file: Csv, *, as_json: AsJson = False) -> None:
    """Read the places that a channel names: location_code, name, line1, city, postal_code, country_code, … All or
    nothing.
    """
    rows, problems = mapping_files.read_locations(_text(file))
    _refuse(file, problems, len(rows), _MOST_LOCATIONS)
    request = rpc.SetChannelLocationsRequest(request_id=request_id(), channel=channel, locations=rows)
    answer = _ask(lambda stub: stub.SetChannelLocations(request))
    emit(answer, as_json=as_json, render=lambda: out.print(f"{len(rows)} read, {answer.changed_count} changed"))


@locations.command("list", epilog="Example: oms channel locations list edi-acme")
def list_locations(channel: Channel, *, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the places that a channel names by codes."""
    request = rpc.ListChannelLocationsRequest(channel=channel, page_size=limit)
    found = _ask(lambda stub: stub.ListChannelLocations(request))
    rows = [
        (
            escape(one.location_code),
            escape(one.address.name or one.address.company),
            escape(one.address.city),
            one.address.postal_code,
            one.address.country_code,
        )
        for one in found.locations
    ]
    columns = ("Code", "Name", "City", "Postal code", "Country")
    emit(found, as_json=as_json, render=lambda: table(f"Places of {channel}", columns, rows))


def _ask(use: Callable[[ScreeningServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(ScreeningServiceStub, lambda settings: settings.intake_address, use))


def _activation(version: ScreeningRuleVersion) -> rpc.ActivateScreeningRulesRequest:
    return rpc.ActivateScreeningRulesRequest(
        request_id=request_id(), name=version.rule_set.name, version=version.version
    )


def _rule_set(file: Path) -> ScreeningRuleSet:
    try:
        return screening_files.read(_text(file))
    except screening_files.Unreadable as error:
        err.print(f"{file}: {error}", markup=False)
        raise typer.Exit(2) from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        err.print(f"{file}: it cannot be read as UTF-8: {error}", markup=False)
        raise typer.Exit(2) from None


def _refuse(file: Path, problems: Sequence[str], count: int, most: int) -> None:
    if not problems and count > most:
        problems = [f"it has {count} rows; {most} are taken at once: make several files of it"]
    if problems:
        for problem in problems:
            err.print(f"{file}: {problem}", markup=False)
        err.print(f"{len(problems)} problem{'s' * (len(problems) > 1)}; nothing was changed", markup=False)
        raise typer.Exit(1)


def _show_problems(name: str, problems: Sequence[ScreeningProblem]) -> None:
    if not problems:
        out.print(f"{name}: no problems", markup=False)
        return
    rows = [(escape(one.place), escape(one.message), escape(one.suggestion)) for one in problems]
    table(f"{len(rows)} problems; nothing was changed", ("Place", "Problem", "Suggestion"), rows)


def _show_versions(versions: Sequence[ScreeningRuleVersion]) -> None:
    rows = [
        (
            f"{one.rule_set.name}@{one.version}",
            word(ScreeningRuleVersion.State, one.state),
            ", ".join(one.rule_set.scope.channels) or "all",
            ", ".join(one.rule_set.scope.regions) or "all",
            len(one.rule_set.rules),
            escape(one.activate_actor or one.create_actor),
            when(one.activate_time if one.HasField("activate_time") else one.create_time),
        )
        for one in versions
    ]
    table("Screening rules", ("Set", "State", "Channels", "Regions", "Rules", "Who", "When"), rows)
