"""Setting a channel up: what it lacks is said when it is set up, not when the first order fails to come in."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from services.chassis.database import Connection
from services.intake import store_channels
from services.intake.channels.push_formats import PUSH_FORMATS, push_format_of
from services.intake.domain.channel import Channel, SignatureScheme
from services.intake.subscriber_address import check_url
from services.kernel.errors import Aborted, InvalidArgument, NotFound

_OWN_HEADER = frozenset({SignatureScheme.HMAC_SHA256_HEX, SignatureScheme.HMAC_SHA256_BASE64})


def check(channel: Channel, *, formats: Collection[str], connectors: Collection[str]) -> None:
    """Hold a channel's settings against what there is.

    Raises:
        InvalidArgument: UNKNOWN_FORMAT, UNKNOWN_CONNECTOR, INCOMPLETE_CHANNEL, ADDRESS_NOT_ALLOWED.
    """
    form = channel.format or channel.channel.partition("-")[0]
    needs_format = channel.format or channel.http.scheme or channel.pull.connector
    if needs_format and form not in formats:
        known = ", ".join(sorted(formats))
        raise InvalidArgument(f"no adapter reads {form!r}: set format to one of {known}", reason="UNKNOWN_FORMAT")
    if channel.pull.connector and channel.pull.connector not in connectors:
        known = ", ".join(sorted(connectors))
        raise InvalidArgument(
            f"there is no connector {channel.pull.connector!r}: choose of {known}", reason="UNKNOWN_CONNECTOR"
        )
    if channel.pull.connector and not channel.pull.url:
        raise _incomplete("pull.url", "a connector needs the address of its platform")
    for url in filter(None, (channel.pull.url, channel.push.url)):
        check_url(url, allow_http=True)
    if channel.http.scheme and not channel.secret_name:
        raise _incomplete("secret_name", "an HTTP door needs a secret: nothing comes in unsigned")
    if channel.push.url and push_format_of(channel) is None:
        known = ", ".join(sorted(PUSH_FORMATS))
        raise InvalidArgument(
            f"nothing tells this platform: set push.format to one of {known}", reason="UNKNOWN_FORMAT"
        )
    if channel.http.scheme in _OWN_HEADER and not channel.http.signature_header:
        raise _incomplete("http.signature_header", "this signature scheme needs the header that has the signature")


async def set_channel(conn: Connection, wanted: Channel, etag: str, *, now: datetime) -> Channel:
    """Write how the channel is set up; what did not change is not written again.

    Raises:
        Aborted: ETAG_CHANGED.
    """
    before = await store_channels.lock_channel(conn, wanted.channel)
    if etag and etag != before.etag:
        raise Aborted(
            "the channel has changed since you read it: read it again", reason="ETAG_CHANGED", etag=before.etag
        )
    kept = {name: getattr(before, name) for name in ("paused", "pause_reason", "version", "create_time", "update_time")}
    after = replace(wanted, **kept)
    if before.version and after == before:
        return before
    written = await store_channels.write_channel(conn, after, now)
    await store_channels.restart_pull(conn, wanted.channel, now)
    return written


async def switch_channel(conn: Connection, name: str, *, paused: bool, reason: str, now: datetime) -> Channel:
    """Pause the channel or let it go on.

    Raises:
        NotFound: CHANNEL_NOT_FOUND.
    """
    before = await store_channels.lock_channel(conn, name)
    if not before.version:
        raise NotFound(f"{name} was never set up: set it up first", reason="CHANNEL_NOT_FOUND", channel=name)
    after = replace(before, paused=paused, pause_reason=reason if paused else "")
    if after == before:
        return before
    written = await store_channels.write_channel(conn, after, now)
    if not paused:
        await store_channels.restart_pull(conn, name, now)
    return written


def _incomplete(field: str, message: str) -> InvalidArgument:
    return InvalidArgument(message, reason="INCOMPLETE_CHANNEL", field=field)
