"""`oms order find|story|note|tag`, `oms customer` and `oms ownership`: what people who care for customers need."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from oms.intake.v1 import care_service_pb2 as rpc
from oms.intake.v1 import ownership_service_pb2 as own
from oms.intake.v1.care_service_pb2_grpc import CareServiceStub
from oms.intake.v1.ownership_service_pb2_grpc import OwnershipServiceStub
from services.cli_output import AsJson, call, emit, err, out, request_id, run, table
from services.intake.cli_render import Key, Limit, OrderId, order_rows, when, word

Answer = TypeVar("Answer")

customers = typer.Typer(help="A person's data: shown, or gone.", no_args_is_help=True, rich_markup_mode="rich")
ownership = typer.Typer(help="Who may write what of an order.", no_args_is_help=True, rich_markup_mode="rich")

Email = Annotated[str, typer.Option(help="The person's e-mail address.")]
Reference = Annotated[str, typer.Option("--reference", help="What the channel calls the customer.")]


def add_to(orders: typer.Typer) -> None:
    """Add the commands about one order to `oms order`."""
    orders.command(
        epilog="Examples: oms order find 1001   ·   oms order find jane@example.com   ·   oms order find 'elm court'"
    )(find)
    orders.command(epilog="Example: oms order story ord_01…")(story)
    orders.command(epilog="Example: oms order note ord_01… 'Called: leave it with the neighbour.'")(note)
    orders.command(epilog="Example: oms order tag ord_01… --add vip --remove check")(tag)


def find(*, query: Annotated[str, typer.Argument()], limit: Limit = 50, as_json: AsJson = False) -> None:
    """Find orders by number, e-mail, phone, SKU, tracking number, words of name or address, or tag:NAME."""
    request = rpc.ListMatchingOrdersRequest(query=query, page_size=limit)
    found = _care(lambda stub: stub.ListMatchingOrders(request))
    columns = ("Order", "Channel", "Number", "Status", "Units", "Region", "Total", "Accepted", "Found by")

    def render() -> None:
        by = [", ".join(word(rpc.MatchingOrder.Kind, kind) for kind in one.kinds) for one in found.matches]
        rows = order_rows(one.order for one in found.matches)
        table("Orders", columns, [(*row, kinds) for row, kinds in zip(rows, by, strict=True)])

    emit(found, as_json=as_json, render=render)


def story(*, order_id: OrderId, limit: Limit = 500, as_json: AsJson = False) -> None:
    """Tell everything that happened to an order, with who and why, and the notes of people."""
    request = rpc.ListOrderStoryRequest(order_id=order_id, page_size=limit)
    found = _care(lambda stub: stub.ListOrderStory(request))
    rows = [
        (when(one.create_time), escape(one.sentence + (f" “{one.note}”" if one.note else "")), escape(one.actor))
        for one in found.entries
    ]
    emit(found, as_json=as_json, render=lambda: table("Story", ("When", "What", "Who"), rows))


def note(*, order_id: OrderId, text: Annotated[str, typer.Argument()], key: Key = "", as_json: AsJson = False) -> None:
    """Write a note on an order."""
    request = rpc.AddOrderNoteRequest(request_id=key or request_id(), order_id=order_id, text=text)
    answer = _care(lambda stub: stub.AddOrderNote(request))
    emit(answer, as_json=as_json, render=lambda: out.print(f"Noted: {answer.note_id}"))


def tag(
    *,
    order_id: OrderId,
    add: Annotated[list[str] | None, typer.Option(help="To put on it; may be repeated.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="To take off it; may be repeated.")] = None,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Put tags on an order, or take them off."""
    request = rpc.ChangeOrderTagsRequest(
        request_id=key or request_id(), order_id=order_id, add=add or (), remove=remove or ()
    )
    answer = _care(lambda stub: stub.ChangeOrderTags(request))
    emit(answer, as_json=as_json, render=lambda: out.print(f"Tags: {', '.join(answer.tags) or 'none'}", markup=False))


@customers.command(epilog="Example: oms customer export --email jane@example.com > jane.json")
def export(*, email: Email = "", reference: Reference = "") -> None:
    """Print everything that is kept of a person, as JSON."""
    request = rpc.GetPersonalDataRequest(email=email, customer_reference=reference)
    answer = _care(lambda stub: stub.GetPersonalData(request))
    typer.echo(answer.json)
    if answer.truncated:
        err.print(f"Only the newest {answer.order_count} orders are told.")
        raise typer.Exit(1)


@customers.command(epilog="Example: oms customer erase --email jane@example.com --reason 'asked on the phone'")
def erase(
    *,
    email: Email = "",
    reference: Reference = "",
    reason: Annotated[str, typer.Option(help="Why, for the timelines.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Erase what is kept of a person; the orders' figures stay. It cannot be undone."""
    if not yes and not typer.confirm(f"Erase everything that is kept of {email or reference}?"):
        raise typer.Exit(1)
    request = rpc.ErasePersonalDataRequest(
        request_id=key or request_id(), email=email, customer_reference=reference, reason=reason
    )
    answer = _care(lambda stub: stub.ErasePersonalData(request))

    def render() -> None:
        out.print(f"Erased in {len(answer.erased_order_ids)} orders and {answer.erased_document_count} documents.")
        if answer.kept_order_ids:
            out.print(f"Still under way, erase again later: {', '.join(answer.kept_order_ids)}")

    emit(answer, as_json=as_json, render=render)


Channel = Annotated[str, typer.Argument(help="The channel; what holds for all where it is left out.")]


@ownership.command(epilog="Example: oms ownership show shopify-us --json")
def show(*, channel: Channel = "", as_json: AsJson = False) -> None:
    """Show who may write what."""
    answer = _owners(lambda stub: stub.GetOwnership(own.GetOwnershipRequest(channel=channel)))
    emit(answer, as_json=as_json, render=lambda: _show(answer.entries))


@ownership.command("set", epilog="Example: oms ownership set edi-acme order.ship_to=oms order.dates=channel")
def set_owners(
    *,
    channel: Annotated[str, typer.Argument(help="The channel; '' for all.")],
    entries: Annotated[list[str], typer.Argument(help="FIELD=SYSTEM, in place of what was agreed before.")],
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Agree on something else with a channel."""
    pairs = [entry.partition("=") for entry in entries]
    if any(not separator for _, separator, _ in pairs):
        err.print("Say FIELD=SYSTEM, such as order.ship_to=oms.")
        raise typer.Exit(2)
    request = own.SetOwnershipRequest(
        request_id=key or request_id(),
        channel=channel,
        entries=[own.OwnershipEntry(field=field, owner=owner) for field, _, owner in pairs],
    )
    answer = _owners(lambda stub: stub.SetOwnership(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.entries))


@ownership.command(epilog="Example: oms ownership drift edi-acme")
def drift(*, channel: Channel = "", limit: Limit = 50, as_json: AsJson = False) -> None:
    """Show who wanted to write what is not theirs, or says something else than what is known."""
    request = own.ListOwnershipDriftRequest(channel=channel, page_size=limit)
    found = _owners(lambda stub: stub.ListOwnershipDrift(request))
    rows = [
        (
            one.channel,
            one.field,
            word(own.OwnershipDrift.Kind, one.kind),
            one.count,
            when(one.last_time),
            one.last_order_id,
            one.last_document_id,
        )
        for one in found.drifts
    ]
    columns = ("Channel", "Field", "What", "Times", "Last", "Order", "Document")
    emit(found, as_json=as_json, render=lambda: table("Drift", columns, rows))


def _show(entries: Any) -> None:
    table("Ownership", ("Field or decision", "Owner"), [(one.field, one.owner) for one in entries])


def _care(use: Callable[[CareServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(CareServiceStub, lambda settings: settings.intake_address, use))


def _owners(use: Callable[[OwnershipServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(OwnershipServiceStub, lambda settings: settings.intake_address, use))
