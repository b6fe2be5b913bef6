"""Where events may be posted: over https, or to this machine; never to what only machines inside may reach."""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from services.kernel.errors import InvalidArgument

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_RESOLVE_SECONDS = 5.0
# Where clouds answer questions about their machines, credentials included, beyond link-local addresses.
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")))
# Names that nobody answers for occupy these threads, not those of the rest of the process.
_resolvers = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolve")


def check_url(url: str, *, allow_http: bool) -> None:
    """Make sure that something may be sent there, as far as the address itself tells.

    Raises:
        InvalidArgument: ADDRESS_NOT_ALLOWED.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise _not_allowed(f"{error}") from error
    if not host or parts.scheme not in ("http", "https") or not url.isascii() or not url.isprintable() or " " in url:
        raise _not_allowed("it must be an address such as https://example.com/events")
    if parts.username or parts.password:
        raise _not_allowed("it must hold no credentials: events are signed")
    literal = _literal(host)
    if parts.scheme == "http" and not allow_http and not (literal.is_loopback if literal else host == "localhost"):
        raise _not_allowed("it must be https")
    if literal and not _allowed(literal):
        raise _not_allowed("nobody may be sent to this host")


async def resolved(url: str) -> str:
    """Return the address behind the host's name: it is looked at before anything is sent, and then used.

    Raises:
        OSError: there is no such name, or it stands for an address that nobody may be sent to.
    """
    host = urlsplit(url).hostname or ""
    if _literal(host):
        return host
    async with asyncio.timeout(_RESOLVE_SECONDS):
        found = await asyncio.get_running_loop().run_in_executor(
            _resolvers, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
    addresses = [str(one[4][0]) for one in found]
    refused = [one for one in addresses if not _allowed(ipaddress.ip_address(one.split("%")[0]))]
    if refused:
        raise OSError(f"{host} is {refused[0]}, which nobody may be sent to")
    return addresses[0]


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _allowed(address: IpAddress) -> bool:
    plain = address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
    odd = plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved
    return not odd and plain not in _METADATA


def _not_allowed(why: str) -> InvalidArgument:
    return InvalidArgument(f"nothing can be asked or told there: {why}", reason="ADDRESS_NOT_ALLOWED")
