"""What a call costs that does nothing: on a bare gRPC server, and on one that has all that the chassis brings.

Server and callers are processes of their own, and tell how much CPU they used; each caller has one call in hand. The
third kind of row also has our own client, with its deadline, its caller's name and its errors.
"""

import asyncio
import contextlib
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import grpc
from rich.console import Console
from rich.table import Table

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import (
    OutboxServiceServicer,
    OutboxServiceStub,
    add_OutboxServiceServicer_to_server,
)
from services.chassis import telemetry
from services.chassis.client import Channels
from services.chassis.server import Served, Server
from services.chassis.settings import Settings

# server, client: what the rows compare.
KINDS = (("bare", "bare"), ("chassis", "bare"), ("chassis", "chassis"))
CALLERS = (1, 16, 64)
SECONDS = 3.0
ROUNDS = 3  # taken in turns, so that a busy moment of the machine does not hit one kind alone; the best counts


class Servicer(OutboxServiceServicer):
    """Answers at once."""

    async def ListOutboxEvents(self, request, context):  # noqa: ARG002 - the signature is gRPC's
        return pb.ListOutboxEventsResponse(next_page_token="next")


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["serve"]:
        asyncio.run(_serve(arguments[1]))
    elif arguments[:1] == ["call"]:
        client, address, callers, seconds = arguments[1:]
        print(json.dumps(asyncio.run(_call(client, address, int(callers), float(seconds)))))
    else:
        _show(asyncio.run(_measure(float(arguments[0]) if arguments else SECONDS)))


def _show(measured: dict[tuple[int, str, str], dict[str, float]]) -> None:
    table = Table("callers", "server", "client", "calls/s", "p50 ms", "p99 ms", "server CPU µs", "client CPU µs")
    for column in table.columns[3:]:
        column.justify = "right"
    for callers in CALLERS:
        floor = measured[callers, *KINDS[0]]
        for server, client in KINDS:
            one = measured[callers, server, client]
            table.add_row(
                str(callers),
                server,
                client,
                f"{one['rate']:,.0f} ({one['rate'] / floor['rate']:.2f}×)",
                f"{one['p50'] * 1e3:.2f}",
                f"{one['p99'] * 1e3:.2f}",
                f"{one['server'] * 1e6:.0f} ({one['server'] / floor['server']:.2f}×)",
                f"{one['client'] * 1e6:.0f} ({one['client'] / floor['client']:.2f}×)",
            )
        table.add_section()
    Console().print(table)


async def _measure(seconds: float) -> dict[tuple[int, str, str], dict[str, float]]:
    best: dict[tuple[int, str, str], dict[str, float]] = {}
    async with contextlib.AsyncExitStack() as stack:
        servers = {kind: await stack.enter_async_context(_process("serve", kind)) for kind in ("bare", "chassis")}
        addresses = {kind: await _told(server, "address") for kind, server in servers.items()}
        for _ in range(ROUNDS):
            for callers in CALLERS:
                for server, client in KINDS:
                    before = float(await _told(servers[server], "cpu"))
                    async with (
                        asyncio.timeout(30 + 2 * seconds),
                        _process("call", client, addresses[server], str(callers), str(seconds)) as process,
                    ):
                        found = json.loads(await process.stdout.readline())
                    found["server"] = (float(await _told(servers[server], "cpu")) - before) / found.pop("calls")
                    known = best.setdefault((callers, server, client), found)
                    best[callers, server, client] = max(found, known, key=lambda one: one["rate"])
    return best


async def _call(client: str, address: str, callers: int, seconds: float) -> dict[str, float]:
    warming: list[float] = []
    took: list[float] = []
    async with _stub(client, address) as stub:
        until = time.perf_counter() + seconds / 5
        await asyncio.gather(*(_ask(stub, until, warming) for _ in range(callers)))
        used, began = time.process_time(), time.perf_counter()
        await asyncio.gather(*(_ask(stub, began + seconds, took) for _ in range(callers)))
        elapsed, used = time.perf_counter() - began, time.process_time() - used
    took.sort()
    return {
        "rate": len(took) / elapsed,
        "p50": took[len(took) // 2],
        "p99": took[len(took) * 99 // 100],
        "client": used / len(took),
        "calls": len(warming) + len(took),
    }


async def _ask(stub: OutboxServiceStub, until: float, took: list[float]) -> None:
    request = pb.ListOutboxEventsRequest(state=pb.OutboxEvent.STATE_DEAD, page_size=50, page_token="there")
    now = time.perf_counter()
    while now < until:
        await stub.ListOutboxEvents(request, timeout=10)
        now, began = time.perf_counter(), now
        took.append(now - began)


@contextlib.asynccontextmanager
async def _stub(client: str, address: str) -> AsyncIterator[OutboxServiceStub]:
    if client == "bare":
        async with grpc.aio.insecure_channel(address) as channel:
            yield OutboxServiceStub(channel)
    else:
        async with Channels(Settings(), actor="bench") as channels:
            yield channels.connect(OutboxServiceStub, address)


@contextlib.asynccontextmanager
async def _process(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", "empty", *arguments, stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    except BaseException:
        process.kill()
        raise
    finally:
        await process.communicate(b"")  # the end of its input is the end of it


async def _told(server: Process, what: str) -> str:
    server.stdin.write(f"{what}\n".encode())
    return (await server.stdout.readline()).decode().strip()


async def _serve(kind: str) -> None:
    server, address = await (_bare() if kind == "bare" else _chassis())
    ended = asyncio.Event()

    def answer() -> None:
        if question := sys.stdin.readline().strip():
            print(address if question == "address" else time.process_time(), flush=True)
        else:
            ended.set()

    asyncio.get_running_loop().add_reader(sys.stdin, answer)
    await ended.wait()
    await (server.stop(1) if kind == "bare" else server.stop())


async def _bare():
    server = grpc.aio.server()
    add_OutboxServiceServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, f"127.0.0.1:{port}"


async def _chassis():
    settings = Settings(listen="127.0.0.1:0")
    telemetry.configure("bench", settings)
    descriptor = pb.DESCRIPTOR.services_by_name["OutboxService"]
    server = Server("bench", settings, [Served(add_OutboxServiceServicer_to_server, Servicer(), descriptor)])
    port = await server.start()
    await server.ready()
    return server, f"127.0.0.1:{port}"


if __name__ == "__main__":
    main(sys.argv[1:])
