"""A platform that is told of orders: a real HTTP server on loopback that answers as the test says, and can be away."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, Mapping[str, str]]
YES: Answer = (200, {})


@dataclass(frozen=True)
class Told:
    """One request, as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    @property
    def order(self) -> str:
        """Return the platform's id of the order: /<channel>/orders/<id>/events."""
        return self.path.split("/")[3]


@dataclass
class Platform:
    """What it was told, in order of arrival; `answer` says what it answers, None that it hangs up without a word."""

    answer: Callable[[Told], Answer | None] = field(default=lambda _: YES)
    told: list[Told] = field(default_factory=list)
    # Waited for before each answer to what is on this path.
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    _port: int = 0
    _server: asyncio.Server | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, channel: str) -> str:
        return f"http://127.0.0.1:{self._port}/{channel}"

    def heard(self, channel: str = "") -> list[Told]:
        """Return what it was told of a channel's orders, in order of arrival."""
        return [one for one in self.told if not channel or one.path.startswith(f"/{channel}/")]

    async def until(self, count: int, channel: str = "") -> list[Told]:
        """Wait until it has been told this often."""
        async with asyncio.timeout(20):
            while len(self.heard(channel)) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.heard(channel)

    async def come(self) -> None:
        """Be there, at the same address as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def go(self) -> None:
        """Be away: connections are refused."""
        if self._server:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            told = Told(head[0].split(" ")[1], headers, json.loads(body or b"{}"))
            self.told.append(told)
            self._arrived.set()
            for path, gate in self.gates.items():
                if told.path.startswith(path):
                    await gate.wait()
            answer = self.answer(told)
            if answer:
                status, more = answer
                lines = [f"HTTP/1.1 {status} Said", "content-length: 0", "connection: close"]
                lines += [f"{name}: {value}" for name, value in more.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode())
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """Run one for as long as this is open."""
    one = Platform()
    await one.come()
    try:
        yield one
    finally:
        for gate in one.gates.values():
            gate.set()
        await one.go()
