"""`oms feed`: who is told of what happens to orders, and how far each is."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.markup import escape

from oms.intake.v1 import intake_service_pb2 as orders
from oms.intake.v1 import subscription_service_pb2 as rpc
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_event_pb2 import OrderEvent
from oms.intake.v1.subscription_pb2 import Subscription
from oms.intake.v1.subscription_service_pb2_grpc import SubscriptionServiceStub
from services.cli_output import AsJson, call, emit, err, out, request_id, run, table
from services.intake.cli_render import Key, Limit, event_row, when, word

app = typer.Typer(help="The feed: who is told what happens.", no_args_is_help=True, rich_markup_mode="rich")

Answer = TypeVar("Answer")
Name = Annotated[str, typer.Argument(help="The subscription, such as erp.")]
COLUMNS = ("Name", "State", "Delivered", "Last", "Tries", "Last error", "Address")


@app.command(
    epilog="Example: oms feed subscribe erp https://erp.example.com/events --type SUBMITTED --channel shopify-us"
)
def subscribe(
    *,
    name: Name,
    url: Annotated[str, typer.Argument(help="Where events are posted: https, or http to this machine.")],
    event_type: Annotated[list[str] | None, typer.Option("--type", help="Only these events; may be repeated.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Only of this channel; may be repeated.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Only of this region; may be repeated.")] = None,
    order: Annotated[list[str] | None, typer.Option(help="Only this order; may be repeated.")] = None,
    after: Annotated[str, typer.Option(help="A new one starts after the event with this cursor.")] = "",
    from_beginning: Annotated[bool, typer.Option(help="A new one starts with the oldest event.")] = False,
    rotate_secret: Annotated[bool, typer.Option(help="Make a new secret; the old one is good for a day.")] = False,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Subscribe, or change a subscription; the secret is shown this once."""
    request = rpc.SetSubscriptionRequest(
        request_id=key or request_id(),
        name=name,
        url=url,
        event_types=[_type(one) for one in event_type or ()],
        channels=channel or (),
        regions=region or (),
        order_ids=order or (),
        after_cursor=after,
        from_beginning=from_beginning,
        rotate_secret=rotate_secret,
    )
    answer = _ask(lambda stub: stub.SetSubscription(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.subscription, answer.secret))


@app.command("list", epilog="Example: oms feed list")
def list_subscriptions(*, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List subscriptions, and which of them fail."""
    found = _ask(lambda stub: stub.ListSubscriptions(rpc.ListSubscriptionsRequest(page_size=limit)))
    emit(found, as_json=as_json, render=lambda: table("Subscriptions", COLUMNS, map(_row, found.subscriptions)))


@app.command(epilog="Example: oms feed show erp")
def show(*, name: Name, as_json: AsJson = False) -> None:
    """Show a subscription: what it wants, where it stands, what it does not take."""
    answer = _ask(lambda stub: stub.GetSubscription(rpc.GetSubscriptionRequest(name=name)))
    emit(answer, as_json=as_json, render=lambda: _show(answer.subscription))


@app.command(epilog="Example: oms feed pause erp")
def pause(*, name: Name, key: Key = "", as_json: AsJson = False) -> None:
    """Send nothing more until it is resumed; nothing is lost."""
    _switch(name, Subscription.STATE_PAUSED, key, as_json=as_json)


@app.command(epilog="Example: oms feed resume erp")
def resume(*, name: Name, key: Key = "", as_json: AsJson = False) -> None:
    """Go on from where it was, and try at once."""
    _switch(name, Subscription.STATE_ACTIVE, key, as_json=as_json)


@app.command(epilog="Examples: oms feed replay erp --from 2026-03-01   ·   oms feed replay erp --after CURSOR")
def replay(
    *,
    name: Name,
    after: Annotated[str, typer.Option(help="After the event with this cursor; forward too, to skip one.")] = "",
    from_time: Annotated[datetime | None, typer.Option("--from", help="From this time on, UTC.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send again from any point, or from the beginning, under the same ids as before."""
    if after and from_time:
        err.print("Say --after or --from, not both.")
        raise typer.Exit(2)
    request = rpc.ReplaySubscriptionRequest(name=name)
    if after:
        request.after_cursor = after
    elif from_time:
        stamp = Timestamp()
        stamp.FromDatetime(from_time)
        request.from_time.CopyFrom(stamp)
    else:
        request.from_beginning = True
    answer = _ask(lambda stub: stub.ReplaySubscription(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.subscription))


@app.command(epilog="Example: oms feed delete erp")
def delete(*, name: Name, key: Key = "", as_json: AsJson = False) -> None:
    """Forget a subscription."""
    request = rpc.DeleteSubscriptionRequest(request_id=key or request_id(), name=name)
    answer = _ask(lambda stub: stub.DeleteSubscription(request))
    emit(answer, as_json=as_json, render=lambda: out.print(f"{name} is forgotten."))


@app.command(epilog="Examples: oms feed watch   ·   oms feed watch --from-now")
def watch(
    *,
    after: Annotated[str, typer.Option(help="Only after the event with this cursor.")] = "",
    from_now: Annotated[bool, typer.Option(help="From now on, not from the beginning.")] = False,
) -> None:
    """Follow everything that happens, with cursors, until Ctrl-C."""
    request = orders.WatchOrdersRequest(after_cursor=after, from_now=from_now)
    run(call(IntakeServiceStub, lambda settings: settings.intake_address, lambda stub: _follow(stub, request)))


async def _follow(stub: IntakeServiceStub, request: orders.WatchOrdersRequest) -> None:
    async for told in stub.WatchOrders(request):
        number, moment, what, why, who, _ = (escape(str(cell)) for cell in event_row(told.event))
        out.print(
            f"[dim]{told.event.cursor}[/dim] {moment} {told.event.order_id} #{number} {what} [dim]{why} ({who})[/dim]"
        )


def _switch(name: str, state: "Subscription.State.ValueType", key: str, *, as_json: bool) -> None:
    request = rpc.SwitchSubscriptionRequest(request_id=key or request_id(), name=name, state=state)
    answer = _ask(lambda stub: stub.SwitchSubscription(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.subscription))


def _show(found: Subscription, secret: str = "") -> None:
    table("", COLUMNS, [_row(found)])
    if found.failing_event_id:
        out.print(
            f"It does not take {found.failing_event_id}; to skip it: oms feed replay {found.name} --after "
            f"{found.failing_cursor}"
        )
    if secret:
        out.print(f"Its secret, shown only now: {secret}", highlight=False)


def _row(found: Subscription) -> tuple[object, ...]:
    return (
        found.name,
        word(Subscription.State, found.state),
        found.delivered_count,
        when(found.deliver_time),
        found.attempts,
        escape(found.last_error),
        escape(found.url),
    )


def _type(name: str) -> "OrderEvent.Type.ValueType":
    try:
        return OrderEvent.Type.Value(f"TYPE_{name.upper().replace('-', '_')}")
    except ValueError:
        known = ", ".join(key.removeprefix("TYPE_") for key in OrderEvent.Type.keys()[1:])
        err.print(f"There is no event {name!r}. Choose of {known}.", markup=False)
        raise typer.Exit(2) from None


def _ask(use: Callable[[SubscriptionServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(SubscriptionServiceStub, lambda settings: settings.intake_address, use))
