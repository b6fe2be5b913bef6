"""Clients: connect to a service and hear its errors as the classes of `kernel.errors`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from opentelemetry.instrumentation.grpc import aio_client_interceptors

from services.chassis import telemetry
from services.chassis.context import remaining_seconds
from services.chassis.errors import from_rpc_error
from services.chassis.settings import Settings, is_loopback
from services.kernel.errors import DeadlineExceeded, Unauthenticated

Stub = TypeVar("Stub")


class Channels:
    """The channels of a process: one for each address, shared, closed at the end."""

    def __init__(self, settings: Settings, *, actor: str = "") -> None:
        """`actor` is who this process says it is, where servers do not find out for themselves (without tokens)."""
        self._settings = settings
        self._actor = actor
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def connect(self, stub: Callable[[grpc.aio.Channel], Stub], address: str) -> Stub:
        """Return a stub that speaks to this address. Connecting happens at the first call."""
        if address not in self._channels:
            self._channels[address] = _channel(address, self._settings, self._actor)
        return stub(self._channels[address])

    async def close(self) -> None:
        """Close every channel."""
        await asyncio.gather(*(channel.close() for channel in self._channels.values()))
        self._channels.clear()


def _channel(address: str, settings: Settings, actor: str) -> grpc.aio.Channel:
    options = [
        ("grpc.lb_policy_name", "round_robin"),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # A server that was away is found again within a second, not after gRPC's two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1_000),
    ]
    spans = aio_client_interceptors() if telemetry.traces() else []  # type: ignore[no-untyped-call]
    interceptors = [*spans, _Unary(settings, actor), _Streaming(settings, actor), _Both(settings, actor)]
    if settings.tls_server_ca is None:
        if settings.token is not None and not (settings.allow_insecure or is_loopback(address)):
            raise Unauthenticated(
                f"refusing to send the token to {address} in clear text: set OMS_TLS_SERVER_CA",
                reason="TOKEN_WITHOUT_TLS",
            )
        return grpc.aio.insecure_channel(address, options=options, interceptors=interceptors)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=settings.tls_server_ca.read_bytes(),
        private_key=settings.tls_client_key.read_bytes() if settings.tls_client_key else None,
        certificate_chain=settings.tls_client_certificate.read_bytes() if settings.tls_client_certificate else None,
    )
    return grpc.aio.secure_channel(address, credentials, options=options, interceptors=interceptors)


class _Prepared:
    def __init__(self, settings: Settings, actor: str) -> None:
        self._settings = settings
        self._actor = actor

    def details(self, call: Any, *, default: float | None) -> Any:
        """Add who calls, and never wait longer than whoever waits for us."""
        left = remaining_seconds()
        limits = [limit for limit in (call.timeout, left) if limit is not None]
        timeout = min(limits) if limits else default
        if timeout is not None and timeout <= 0:
            raise DeadlineExceeded("no time was left to ask another service", reason="NO_TIME_LEFT")
        metadata = grpc.aio.Metadata(*(call.metadata or ()))
        if self._settings.token is not None:
            metadata.add("authorization", f"Bearer {self._settings.token.get_secret_value()}")
        if self._actor:
            metadata.add("oms-actor", self._actor)
        return grpc.aio.ClientCallDetails(
            method=call.method,
            timeout=timeout,
            metadata=metadata,
            credentials=call.credentials,
            wait_for_ready=call.wait_for_ready,
        )


class _Unary(_Prepared, grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        call = await continuation(self.details(details, default=self._settings.call_timeout_seconds), request)
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None


class _Streaming(_Prepared, grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return _translated(await continuation(self.details(details, default=None), request))


class _Both(_Prepared, grpc.aio.StreamStreamClientInterceptor):  # type: ignore[misc]
    async def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        return _translated(await continuation(self.details(details, default=None), requests))


async def _translated(call: Any) -> AsyncIterator[Any]:
    try:
        async for answer in call:
            yield answer
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from None
    finally:
        call.cancel()
