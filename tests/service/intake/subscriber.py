"""A subscriber: a real HTTP server on loopback that does what the test tells it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Subscriber:
    """What it was sent, in order of arrival; `answer` is what it says, byte for byte."""

    url: str = ""
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    # Events whose order is answered otherwise.
    answers: dict[str, bytes] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    # Waited for before each answer.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    def sequences(self, order_id: str) -> list[int]:
        """Return the numbers of the order's events, in order of arrival."""
        return [int(one["data"]["sequence"]) for one in self.events if one["subject"] == order_id]

    def forget(self) -> None:
        self.headers.clear()
        self.bodies.clear()

    async def until(self, count: int) -> None:
        """Wait until this many have arrived."""
        async with asyncio.timeout(10):
            while len(self.bodies) < count:
                self.arrived.clear()
                await self.arrived.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(_header(line) for line in head[1:] if line)
                body = (await reader.readexactly(int(headers["content-length"]))).decode()
                self.headers.append(headers)
                self.bodies.append(body)
                self.arrived.set()
                await self.gate.wait()
                answer = self.answers.get(json.loads(body)["subject"], self.answer)
                writer.write(answer)
                await writer.drain()
                if not answer.startswith(b"HTTP/1.1 204"):
                    break
        writer.close()


@contextlib.asynccontextmanager
async def subscriber() -> AsyncIterator[Subscriber]:
    """Run one for as long as this is open."""
    one = Subscriber()
    one.gate.set()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events"
    try:
        yield one
    finally:
        one.gate.set()
        server.close()


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value
