"""The server of the HTTP door, as part of the service's process."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.chassis.settings import Settings, is_loopback

# How long a connection may be without a request that is asked to the end of its headers.
ASK_SECONDS = 10.0
# Connections at once, asking or not; who comes beyond that is told to come back.
_CONNECTIONS = 500


def check_address(address: str, settings: Settings) -> None:
    """Refuse to listen beyond this machine without TLS, as the gRPC server does; every sender signs what it sends.

    Raises:
        ValueError: with what to set.
    """
    if not (is_loopback(address) or settings.allow_insecure or settings.tls_certificate):
        raise ValueError(
            f"refusing to listen for webhooks on {address} without TLS (OMS_TLS_CERTIFICATE); "
            "OMS_ALLOW_INSECURE=true overrides"
        )


async def serve(app: Starlette, address: str, settings: Settings) -> None:
    """Serve until cancelled; what is in hand then is finished within the drain time.

    Raises:
        OSError: the address is taken.
    """
    host, _, port = address.rpartition(":")
    config = uvicorn.Config(
        app,
        http=_Impatient,
        limit_concurrency=_CONNECTIONS,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=int(settings.drain_seconds),
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host.strip("[]"), int(port)), family=family, backlog=256)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
        listening.close()


class _Server(uvicorn.Server):
    """Leaves signals to the service, which ends it with the rest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Impatient(H11Protocol):
    """Hangs up on whoever connects and does not ask: otherwise such connections would stay, and fill the process."""

    _hanging_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        elif self._hanging_up:
            self._hanging_up.cancel()
            self._hanging_up = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._hanging_up:
            self._hanging_up.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        # Headers that come a letter at a time have no more time than those that come at once.
        if self._hanging_up is None:
            self._hanging_up = self.loop.call_later(ASK_SECONDS, self.transport.close)
