"""`oms channel`: how orders come in, and what partners are owed."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Annotated, TypeVar

import typer
from google.protobuf.duration_pb2 import Duration
from rich.markup import escape

from oms.intake.v1 import channel_service_pb2 as rpc
from oms.intake.v1.channel_pb2 import Acknowledgement, Channel, SignatureScheme
from oms.intake.v1.channel_service_pb2_grpc import ChannelServiceStub
from services.cli_output import AsJson, call, emit, err, request_id, run, table
from services.intake.cli_render import Key, Limit, when, word
from services.kernel.errors import NotFound

Answer = TypeVar("Answer")

app = typer.Typer(
    help="Channels: how orders come in, and what partners are owed.", no_args_is_help=True, rich_markup_mode="rich"
)

Name = Annotated[str, typer.Argument(help="The channel, such as shopify-us.")]
Text = Annotated[str | None, typer.Option()]

ACKNOWLEDGEMENT_COLUMNS = ("Acknowledgement", "Channel", "Kind", "Partner", "Number", "State", "Due", "Sent")


@app.command("list", epilog="Example: oms channel list")
def list_channels(*, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the channels that are set up, by name."""
    found = _ask(lambda stub: stub.ListChannels(rpc.ListChannelsRequest(page_size=limit)))
    columns = ("Channel", "Format", "State", "Webhooks", "Fetched by", "Failures", "Next")
    emit(found, as_json=as_json, render=lambda: table("Channels", columns, map(_row, found.channels)))


@app.command(epilog="Example: oms channel show mirakl-fr")
def show(*, channel: Name, as_json: AsJson = False) -> None:
    """Show how a channel is set up, and how far it has been fetched."""
    answer = _ask(lambda stub: stub.GetChannel(rpc.GetChannelRequest(channel=channel)))
    emit(answer, as_json=as_json, render=lambda: _show(answer.channel))


@app.command(
    "set",
    epilog="Examples: oms channel set shopify-us --scheme shopify --secret-name SHOP_US   ·   "
    "oms channel set mirakl-fr --connector mirakl --url https://shop.example --secret-name MIRAKL_FR   ·   "
    "oms channel set x12-acme --acknowledge-within 86400",
)
def set_channel(
    *,
    channel: Name,
    form: Annotated[str | None, typer.Option("--format", help="What reads its documents.")] = None,
    brand: Text = None,
    program: Text = None,
    locale: Text = None,
    country: Annotated[str | None, typer.Option(help="Of addresses that name none (ISO 3166).")] = None,
    currency: Annotated[str | None, typer.Option(help="Of documents that name none (ISO 4217).")] = None,
    secret_name: Annotated[str | None, typer.Option(help="The name of its secret: OMS_SECRET_<NAME>.")] = None,
    scheme: Annotated[
        str | None, typer.Option(help="How webhooks are signed: shopify, woocommerce, …; - closes.")
    ] = None,
    signature_header: Text = None,
    timestamp_header: Text = None,
    id_header: Text = None,
    connector: Annotated[str | None, typer.Option(help="What fetches its orders: amazon, mirakl, …; - stops.")] = None,
    url: Annotated[str | None, typer.Option(help="Where they are fetched.")] = None,
    account: Annotated[str | None, typer.Option(help="The shop or marketplace at the platform.")] = None,
    interval: Annotated[int | None, typer.Option(min=1, help="Seconds between two rounds.")] = None,
    page_size: Annotated[int | None, typer.Option(min=1, max=500, help="Orders at once.")] = None,
    acknowledge_within: Annotated[int | None, typer.Option(min=0, help="Seconds; 0 for none.")] = None,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Set a channel up, or change what is named of it; the rest stays as it is."""
    changed = _known(channel)
    texts = {
        "format": form,
        "brand": brand,
        "program": program,
        "locale": locale,
        "country_code": country,
        "currency_code": currency,
        "secret_name": secret_name,
    }
    _apply(changed, texts)
    _apply(changed.pull, {"connector": connector, "url": url, "account": account, "page_size": page_size})
    if interval is not None:
        changed.pull.interval.CopyFrom(_seconds(interval))
    headers = {"signature_header": signature_header, "timestamp_header": timestamp_header, "id_header": id_header}
    _apply(changed.http, headers)
    if scheme is not None:
        changed.http.scheme = _scheme(scheme)
    if connector == "-":
        changed.ClearField("pull")
    if acknowledge_within is not None:
        changed.ClearField("acknowledge_within")
        if acknowledge_within:
            changed.acknowledge_within.CopyFrom(_seconds(acknowledge_within))
    request = rpc.SetChannelRequest(request_id=key or request_id(), channel=changed, etag=changed.etag)
    answer = _ask(lambda stub: stub.SetChannel(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.channel))


@app.command(epilog="Example: oms channel pause shopify-us --reason 'the shop is being moved'")
def pause(
    *,
    channel: Name,
    reason: Annotated[str, typer.Option(help="Why, for those who see it standing.")] = "",
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Pause a channel: documents are kept and read later, nothing is fetched."""
    _switch(channel, paused=True, reason=reason, key=key, as_json=as_json)


@app.command(epilog="Example: oms channel resume shopify-us")
def resume(*, channel: Name, key: Key = "", as_json: AsJson = False) -> None:
    """Let a channel go on."""
    _switch(channel, paused=False, reason="", key=key, as_json=as_json)


@app.command(
    epilog="Examples: oms channel acknowledgements --late   ·   oms channel acknowledgements --channel x12-acme"
)
def acknowledgements(
    *,
    channel: Annotated[str, typer.Option(help="Only of this channel.")] = "",
    late: Annotated[bool, typer.Option(help="Only those whose time was over before they were sent.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what partners are owed, those with the earliest due time first."""
    request = rpc.ListAcknowledgementsRequest(channel=channel, late_only=late, page_size=limit)
    found = _ask(lambda stub: stub.ListAcknowledgements(request))
    rows = map(_acknowledgement_row, found.acknowledgements)
    emit(found, as_json=as_json, render=lambda: table("Acknowledgements", ACKNOWLEDGEMENT_COLUMNS, rows))


def _ask(use: Callable[[ChannelServiceStub], Awaitable[Answer]]) -> Answer:
    return run(call(ChannelServiceStub, lambda settings: settings.intake_address, use))


def _known(channel: str) -> Channel:
    async def look(stub: ChannelServiceStub) -> Channel:
        try:
            answer: rpc.GetChannelResponse = await stub.GetChannel(rpc.GetChannelRequest(channel=channel))
        except NotFound:
            return Channel(channel=channel)
        return answer.channel

    return _ask(look)


def _switch(channel: str, *, paused: bool, reason: str, key: str, as_json: bool) -> None:
    request = rpc.SwitchChannelRequest(request_id=key or request_id(), channel=channel, paused=paused, reason=reason)
    answer = _ask(lambda stub: stub.SwitchChannel(request))
    emit(answer, as_json=as_json, render=lambda: _show(answer.channel))


def _apply(message: object, wanted: dict[str, str | int | None] | dict[str, str | None]) -> None:
    for name, value in wanted.items():
        if value is not None:
            setattr(message, name, value)


def _scheme(name: str) -> "SignatureScheme.ValueType":
    if name == "-":
        return SignatureScheme.SIGNATURE_SCHEME_UNSPECIFIED
    try:
        return SignatureScheme.Value(f"SIGNATURE_SCHEME_{name.upper().replace('-', '_')}")
    except ValueError:
        known = ", ".join(key.removeprefix("SIGNATURE_SCHEME_").lower() for key in SignatureScheme.keys()[1:])
        err.print(f"There is no signature scheme {name!r}. Choose of {known}.", markup=False)
        raise typer.Exit(2) from None


def _seconds(number: int) -> Duration:
    message = Duration()
    message.FromTimedelta(timedelta(seconds=number))
    return message


def _state(channel: Channel) -> str:
    return f"paused: {channel.pause_reason}" if channel.paused else "open"


def _row(channel: Channel) -> Iterable[object]:
    progress = channel.progress
    return (
        channel.channel,
        channel.format or channel.channel.partition("-")[0],
        escape(_state(channel)),
        word(SignatureScheme, channel.http.scheme) if channel.http.scheme else "",
        channel.pull.connector,
        progress.failure_count or "",
        when(progress.next_time) if progress.HasField("next_time") else "",
    )


def _show(channel: Channel) -> None:
    progress = channel.progress
    within = channel.acknowledge_within.seconds
    facts = [
        ("Channel", channel.channel),
        ("Format", channel.format or f"{channel.channel.partition('-')[0]} (by its name)"),
        ("State", _state(channel)),
        ("Brand, programme", ", ".join(filter(None, (channel.brand, channel.program)))),
        ("Locale, country, currency", f"{channel.locale} {channel.country_code} {channel.currency_code}".strip()),
        ("Secret", channel.secret_name and f"OMS_SECRET_{channel.secret_name}"),
        ("Webhooks", word(SignatureScheme, channel.http.scheme) if channel.http.scheme else "no HTTP door"),
        ("Fetched", f"{channel.pull.connector} {channel.pull.url}".strip() or "no"),
        ("Cursor", progress.cursor),
        ("Last error", progress.last_error and f"{progress.last_error} ({progress.failure_count} times)"),
        ("Next fetch", when(progress.next_time) if progress.HasField("next_time") else ""),
        ("Acknowledged within", f"{within} s" if within else ""),
        ("Etag", channel.etag),
    ]
    table("", ("", ""), [(name, escape(str(text))) for name, text in facts if text])


def _acknowledgement_row(found: Acknowledgement) -> Iterable[object]:
    return (
        found.acknowledgement_id,
        found.channel,
        word(Acknowledgement.Kind, found.kind),
        escape(found.partner),
        escape(found.control_number),
        word(Acknowledgement.State, found.state) + (" [red]late[/red]" if found.late else ""),
        when(found.due_time),
        when(found.send_time) if found.HasField("send_time") else "",
    )
