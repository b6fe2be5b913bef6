"""`oms route rules`: what orders are planned by, from a file to its first order and back."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oms.routing.v1 import routing_service_pb2 as rpc
from oms.routing.v1.network_pb2 import Problem
from oms.routing.v1.rule_set_pb2 import RuleSet, RuleSetReview, RuleSetVersion
from services.cli_output import AsJson, emit, out, request_id, table
from services.routing import cli_problems
from services.routing.cli_words import ask, when
from services.routing.domain.rule_versions import State
from services.routing.domain.vocabulary import WORDS
from services.routing.files import rule_sets
from services.routing.files.plain_yaml import Unreadable
from services.routing.problem import field_problems

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub

app = typer.Typer(
    help="Rules: what orders are planned by.\n\nA set is saved as a draft, validated, simulated, reviewed, perhaps run "
    "in shadow, and then active.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


class Item(StrEnum):
    """What must have been looked at."""

    SPLITS = "splits"
    EXCEPTIONS = "exceptions"
    UNCOVERED_ORDERS = "uncovered-orders"


File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A rule set as YAML.")]
Version = Annotated[str, typer.Argument(metavar="ID@VERSION", help="Such as us-parcel@3.")]
Note = Annotated[str, typer.Option(help="Why, for those who ask later.")]


@app.command(epilog="Example: oms route rules check us.yaml")
def check(file: File, *, as_json: AsJson = False) -> None:
    """Show everything that is wrong with a rule set, where, and what to write instead. Saves nothing."""
    rule_set = read(file, as_json=as_json)
    answer = ask(lambda stub: stub.CheckRuleSet(rpc.CheckRuleSetRequest(rule_set=rule_set)))
    if answer.problems:
        cli_problems.refuse(answer.problems, as_json=as_json)
    emit(answer, as_json=as_json, render=lambda: typer.echo(f"{rule_set.rule_set_id}: no problems"))


@app.command(epilog="Example: oms route rules save us.yaml --note 'stores keep their last unit'")
def save(file: File, *, note: Note = "", as_json: AsJson = False) -> None:
    """Save a rule set as a draft. Where nothing is different from the newest version, that is it."""
    rule_set = read(file, as_json=as_json)

    async def send(stub: "RoutingServiceAsyncStub") -> tuple[Sequence[Problem], rpc.SaveRuleSetResponse]:
        # An error has no room for all the problems that a file can have; this answer has.
        problems = (await stub.CheckRuleSet(rpc.CheckRuleSetRequest(rule_set=rule_set))).problems
        if problems:
            return problems, rpc.SaveRuleSetResponse()
        request = rpc.SaveRuleSetRequest(request_id=request_id(), rule_set=rule_set, note=note)
        return problems, await stub.SaveRuleSet(request)

    problems, answer = ask(send)
    if problems:
        cli_problems.refuse(problems, as_json=as_json)
    emit(answer, as_json=as_json, render=lambda: _say(answer.rule_set_version))


@app.command("list", epilog="Example: oms route rules list --state ACTIVE")
def list_rule_sets(
    *,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every version of every rule set, newest first within one."""
    request = rpc.ListRuleSetsRequest(page_size=500)
    if state is not None:
        request.state = RuleSetVersion.State.Value(f"STATE_{state}")
    answer = ask(lambda stub: _all(stub, request))
    rows = map(_row, answer.rule_set_versions)
    emit(answer, as_json=as_json, render=lambda: table("Rule sets", _COLUMNS, rows))


@app.command(epilog="Examples: oms route rules show us-parcel   ·   oms route rules show us-parcel@3 --yaml > us.yaml")
def show(
    version: Annotated[str, typer.Argument(metavar="ID[@VERSION]", help="The newest version where none is named.")],
    *,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the document, to be changed and saved again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a version: who has done what with it, and what has been looked at; or its document."""
    rule_set_id, number = parts(version) if "@" in version else (version, 0)
    answer = ask(lambda stub: stub.GetRuleSet(rpc.GetRuleSetRequest(rule_set_id=rule_set_id, version=number)))
    if as_yaml:
        typer.echo(rule_sets.rule_set_yaml(answer.rule_set_version.rule_set), nl=False)
    else:
        emit(answer, as_json=as_json, render=lambda: _show(answer.rule_set_version))


@app.command(epilog="Example: oms route rules validate us-parcel@3")
def validate(version: Version, *, note: Note = "", as_json: AsJson = False) -> None:
    """Try a draft on orders; where no expression fails, it is validated."""
    _move(version, State.VALIDATED, note, as_json=as_json)


@app.command(epilog="Example: oms route rules shadow us-parcel@3")
def shadow(version: Version, *, note: Note = "", as_json: AsJson = False) -> None:
    """Let a validated version plan every order beside the active one, for comparison only."""
    _move(version, State.SHADOW, note, as_json=as_json)


@app.command(epilog="Example: oms route rules activate us-parcel@3 --note 'agreed with the stores'")
def activate(version: Version, *, note: Note = "", as_json: AsJson = False) -> None:
    """Let a version plan orders from now on; the one before it is retired. A retired one comes back the same way."""
    _move(version, State.ACTIVE, note, as_json=as_json)


@app.command(epilog="Example: oms route rules retire us-parcel@2")
def retire(version: Version, *, note: Note = "", as_json: AsJson = False) -> None:
    """Use a version no more."""
    _move(version, State.RETIRED, note, as_json=as_json)


@app.command(
    epilog="Example: oms route rules review us-parcel@3 splits --simulation sim_01J… --note '2 % fewer splits'"
)
def review(
    version: Version,
    item: Annotated[Item, typer.Argument(help="What was looked at.")],
    *,
    simulation: Annotated[str, typer.Option(help="The simulation of this version in which.")],
    note: Annotated[str, typer.Option(help="What was found.")],
    as_json: AsJson = False,
) -> None:
    """Say that a part of what a version does has been looked at. All three are needed to activate it."""
    rule_set_id, number = parts(version)
    request = rpc.ReviewRuleSetRequest(
        request_id=request_id(),
        rule_set_id=rule_set_id,
        version=number,
        item=RuleSetReview.Item.Value(f"ITEM_{item.name}"),
        simulation_id=simulation,
        note=note,
    )
    answer = ask(lambda stub: stub.ReviewRuleSet(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.rule_set_version))


@app.command(epilog="Example: oms route rules words node")
def words(
    subject: Annotated[
        str, typer.Argument(help="Only of this: order, line, node, service, promise, stock, plan.")
    ] = "",
) -> None:
    """Show what conditions and scores can speak of."""
    rows = [(word.path, word.type, word.meaning) for word in WORDS.values() if subject in ("", word.subject)]
    table("Words", ("word", "type", "meaning"), rows)


@app.command(epilog="Example: oms route rules sample eu > eu.yaml")
def sample(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(rule_sets.SAMPLES)}.")],
) -> None:
    """Print a sample set with its comments, to start from."""
    if name not in rule_sets.SAMPLES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(rule_sets.SAMPLES)}", param_hint="NAME")
    typer.echo(rule_sets.sample(name), nl=False)


def _move(version: str, state: State, note: str, *, as_json: bool) -> None:
    rule_set_id, number = parts(version)
    request = rpc.ChangeRuleSetStateRequest(
        request_id=request_id(),
        rule_set_id=rule_set_id,
        version=number,
        state=RuleSetVersion.State.Value(f"STATE_{state}"),
        note=note,
    )
    answer = ask(lambda stub: stub.ChangeRuleSetState(request))
    emit(answer, as_json=as_json, render=lambda: _say(answer.rule_set_version))


def read(file: Path, *, as_json: bool) -> RuleSet:
    """Return the rule set in a file; where it cannot be sent, show what is wrong with it and exit."""
    try:
        rule_set, problems = rule_sets.read_rule_set(file)
    except Unreadable as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    problems = problems or field_problems(rpc.CheckRuleSetRequest(rule_set=rule_set), "rule_set.")
    if problems:
        cli_problems.refuse(problems, as_json=as_json)
    return rule_set


def parts(version: str) -> tuple[str, int]:
    """Return the id and the number of "id@3"."""
    rule_set_id, _, number = version.rpartition("@")
    if not rule_set_id or not (number.isascii() and number.isdigit()) or not 0 < int(number) < 2**31:
        raise typer.BadParameter(f"{version!r} is not ID@VERSION, such as us-parcel@3", param_hint="ID@VERSION")
    return rule_set_id, int(number)


async def _all(stub: "RoutingServiceAsyncStub", request: rpc.ListRuleSetsRequest) -> rpc.ListRuleSetsResponse:
    everything = rpc.ListRuleSetsResponse()
    while True:
        page = await stub.ListRuleSets(request)
        everything.rule_set_versions.extend(page.rule_set_versions)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return everything


_COLUMNS = ("version", "state", "for", "profiles", "saved", "last step by", "note")


def _row(version: RuleSetVersion) -> tuple[object, ...]:
    last = version.events[-1]
    return (
        _name(version),
        _state(version.state),
        _scope(version.rule_set),
        ", ".join(profile.name for profile in version.rule_set.profiles),
        when(version.create_time),
        last.actor,
        last.note or "–",
    )


def _show(version: RuleSetVersion) -> None:
    _say(version)
    out.print(version.rule_set.description.strip(), markup=False, highlight=False)
    events = [(when(event.time), _state(event.state), event.actor, event.note or "–") for event in version.events]
    table("Steps", ("when", "state", "who", "note"), events)
    seen = {one.item: one for one in version.reviews}
    rows = []
    for item in Item:
        one = seen.get(RuleSetReview.Item.Value(f"ITEM_{item.name}"))
        found = ("not yet", "–", "–", "–") if one is None else (when(one.time), one.actor, one.simulation_id, one.note)
        rows.append((item.value, *found))
    table("Looked at", ("what", "when", "who", "simulation", "found"), rows)


def _say(version: RuleSetVersion) -> None:
    typer.echo(f"{_name(version)}: {_state(version.state).lower()}, for {_scope(version.rule_set)}")


def _name(version: RuleSetVersion) -> str:
    return f"{version.rule_set.rule_set_id}@{version.version}"


def _state(state: RuleSetVersion.State.ValueType) -> str:
    return RuleSetVersion.State.Name(state).removeprefix("STATE_")


def _scope(rule_set: RuleSet) -> str:
    scope = rule_set.scope
    return (
        "; ".join(" ".join(words) for words in (scope.country_codes, scope.channels, scope.programs) if words) or "all"
    )
