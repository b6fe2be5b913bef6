"""A gRPC server as every service has it: health, reflection, limits, credentials, and a graceful end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry.instrumentation.grpc import aio_server_interceptor
from opentelemetry.instrumentation.grpc.filters import negate, service_prefix

from services.chassis import telemetry
from services.chassis.auth import Gate
from services.chassis.handling import Handling
from services.chassis.settings import Settings


@dataclass(frozen=True, slots=True)
class Served:
    """One gRPC service that a server has."""

    register: Callable[..., None]
    servicer: Any
    descriptor: ServiceDescriptor


class Server:
    """A server that listens once started, and finishes what it has in hand when stopped."""

    def __init__(self, name: str, settings: Settings, services: Sequence[Served]) -> None:
        self._settings = settings
        gate = Gate(settings, [one.descriptor for one in services])
        self._server = grpc.aio.server(
            interceptors=_interceptors(),
            options=[
                ("grpc.max_receive_message_length", settings.max_message_bytes),
                ("grpc.max_send_message_length", settings.max_message_bytes),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
                ("grpc.so_reuseport", 0),
            ],
        )
        handled = Handling(name, settings, gate).around(self._server)
        for one in services:
            one.register(one.servicer, handled)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [one.descriptor.full_name for one in services]
        self._names = ["", *names]
        reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server)

    async def start(self) -> int:
        """Listen, and return the port; health says NOT_SERVING until `ready`.

        Raises:
            RuntimeError: the address is taken.
        """
        for name in self._names:
            await self._health.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
        credentials = _credentials(self._settings)
        if credentials is None:
            port = self._server.add_insecure_port(self._settings.listen)
        else:
            port = self._server.add_secure_port(self._settings.listen, credentials)
        await self._server.start()
        return int(port)

    async def ready(self) -> None:
        """Say that calls are welcome."""
        for name in self._names:
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self) -> None:
        """Refuse new calls, let those in hand finish within the drain time, then end."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._settings.drain_seconds)


def _interceptors() -> list[Any]:
    """Return what makes spans, where spans go anywhere: it costs more than the rest of a call."""
    if not telemetry.traces():
        return []
    # gRPC's own services are left out: probes are noise, and the interceptor breaks Health.Watch, a coroutine.
    return [aio_server_interceptor(filter_=negate(service_prefix("grpc.")))]  # type: ignore[no-untyped-call]


def _credentials(settings: Settings) -> grpc.ServerCredentials | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return grpc.ssl_server_credentials(
        [(settings.tls_key.read_bytes(), settings.tls_certificate.read_bytes())],
        root_certificates=settings.tls_client_ca.read_bytes() if settings.tls_client_ca else None,
        require_client_auth=settings.tls_client_ca is not None,
    )
