"""Loopback ports: which are free, and who sits on the one we wanted."""

import random
import re
import socket
from pathlib import Path

HOST = "127.0.0.1"

# Below the range from which Linux takes ports for outgoing connections, so that nobody takes ours by accident.
_CHOICE = range(20_000, 32_000)


class PortTakenError(RuntimeError):
    """Another process listens where a part of the system was told to."""

    def __init__(self, part: str, port: int) -> None:
        holder = holder_of(port)
        found = f"by {holder}" if holder else f"by a process that can be found with `ss -ltnp 'sport = :{port}'`"
        super().__init__(
            f"{part} cannot listen on {HOST}:{port}: the port is taken {found}; stop it, or choose another"
        )
        self.part = part
        self.port = port


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port now."""
    with socket.socket() as probe:
        # Without it, connections that a stopped server left in TIME_WAIT would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(part: str, port: int) -> None:
    """Raise `PortTakenError`, with the port and whoever holds it, where `part` cannot listen."""
    if not is_free(port):
        raise PortTakenError(part, port)


def free(count: int) -> list[int]:
    """Return this many different ports on which nobody listens."""
    found: list[int] = []
    for port in random.sample(_CHOICE, len(_CHOICE)):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    return found


def holder_of(port: int) -> str | None:
    """Return who listens on the port, as "name (pid N)", or None where the system does not tell."""
    inodes = _listening_inodes(port)
    for link in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:[") and target[8:-1] in inodes:
            process = link.parent.parent
            return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            rows = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, rows):
            if fields[3] == "0A" and re.fullmatch(rf"[0-9A-F]+:{port:04X}", fields[1]):
                inodes.add(fields[9])
    return inodes
