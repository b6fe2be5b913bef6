"""`oms push`: what channels are told of their orders, and the platforms that are told."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, TypeVar

import typer
from rich.markup import escape

from oms.intake.v1 import push_service_pb2 as rpc
from oms.intake.v1.push_pb2 import Partner, Push
from oms.intake.v1.push_service_pb2_grpc import PushServiceStub
from services.cli_output import AsJson, call, emit, err, request_id, run, table
from services.intake.cli_render import Key, Limit, when, word

app = typer.Typer(help="Pushes: what channels are told of their orders.", no_args_is_help=True, rich_markup_mode="rich")

Answer = TypeVar("Answer")
PushId = Annotated[str, typer.Argument(help="The push, psh_….")]
Channel = Annotated[str, typer.Argument(help="The channel, such as shopify-us.")]

PUSH_COLUMNS = ("Push", "Order", "Channel", "Told", "State", "Tries", "Promised", "Said")
PARTNER_COLUMNS = ("Channel", "State", "Since", "Why", "Wait", "Orders", "Oldest", "Next try", "Refused")


@app.command("list", epilog="Example: oms push list --channel shopify-us --state REFUSED")
def list_pushes(
    *,
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    order: Annotated[str, typer.Option(help="Only of this order.")] = "",
    state: Annotated[str, typer.Option(help="Only in this state: WAITING, DONE or REFUSED.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List pushes, newest first."""
    request = rpc.ListPushesRequest(channel=channel, order_id=order, state=_state(state), page_size=limit)
    found = _ask(lambda stub: stub.ListPushes(request))
    emit(found, as_json=as_json, render=lambda: table("Pushes", PUSH_COLUMNS, map(_push_row, found.pushes)))


@app.command(epilog="Example: oms push show psh_01…")
def show(*, push_id: PushId, as_json: AsJson = False) -> None:
    """Show a push."""
    found = _ask(lambda stub: stub.GetPush(rpc.GetPushRequest(push_id=push_id)))
    emit(found, as_json=as_json, render=lambda: table("", PUSH_COLUMNS, [_push_row(found.push)]))


@app.command(epilog="Example: oms push retry psh_01…")
def retry(*, push_id: PushId, key: Key = "", as_json: AsJson = False) -> None:
    """Have a push sent again that was refused or is put off; the platform sees the same key."""
    request = rpc.RetryPushRequest(request_id=key or request_id(), push_id=push_id)
    again = _ask(lambda stub: stub.RetryPush(request))
    emit(again, as_json=as_json, render=lambda: table("", PUSH_COLUMNS, [_push_row(again.push)]))


@app.command(epilog="Example: oms push partners")
def partners(
    *,
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the platforms that are told of orders: up, down or paused, and what waits for them."""
    request = rpc.ListPartnersRequest(channel=channel, page_size=limit)
    found = _ask(lambda stub: stub.ListPartners(request))
    emit(found, as_json=as_json, render=lambda: table("Partners", PARTNER_COLUMNS, map(_partner_row, found.partners)))


@app.command(epilog="Example: oms push pause shopify-us --reason 'they move house'")
def pause(
    *,
    channel: Channel,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Tell a channel nothing until it is resumed; what is to be told waits."""
    _switch(channel, reason, key, paused=True, as_json=as_json)


@app.command(epilog="Example: oms push resume shopify-us")
def resume(*, channel: Channel, key: Key = "", as_json: AsJson = False) -> None:
    """Go on telling a channel, the earliest promise first."""
    _switch(channel, "", key, paused=False, as_json=as_json)


def _switch(channel: str, reason: str, key: str, *, paused: bool, as_json: bool) -> None:
    request = rpc.SwitchPartnerRequest(request_id=key or request_id(), channel=channel, paused=paused, reason=reason)
    answer = _ask(lambda stub: stub.SwitchPartner(request))
    emit(answer, as_json=as_json, render=lambda: table("", PARTNER_COLUMNS, [_partner_row(answer.partner)]))


def _ask(use: Callable[[PushServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(PushServiceStub, lambda settings: settings.intake_address, use))


def _push_row(push: Push) -> Iterable[object]:
    return (
        push.push_id,
        push.order_id,
        push.channel,
        word(Push.Kind, push.kind),
        word(Push.State, push.state),
        push.attempts,
        when(push.promise_time),
        escape(push.last_error),
    )


def _partner_row(partner: Partner) -> Iterable[object]:
    return (
        partner.channel,
        word(Partner.State, partner.state),
        when(partner.since_time),
        escape(partner.reason),
        partner.waiting_count,
        partner.blocked_order_count,
        when(partner.oldest_time),
        when(partner.next_attempt_time),
        partner.refused_count,
    )


def _state(name: str) -> "Push.State.ValueType":
    try:
        return Push.State.Value(f"STATE_{name.upper()}" if name else "STATE_UNSPECIFIED")
    except ValueError:
        err.print(f"There is no state {name!r}. Choose of WAITING, DONE, REFUSED.", markup=False)
        raise typer.Exit(2) from None
