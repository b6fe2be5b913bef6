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
        self._channels: dict[str, _Channel] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def connect(self, stub: Callable[[Any], Stub], address: str) -> Stub:
        """Return a stub that speaks to this address. Connecting happens at the first call."""
        if address not in self._channels:
            channel = _channel(address, self._settings, self._actor)
            self._channels[address] = _Channel(channel, _Prepared(self._settings, self._actor))
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
    interceptors = [*spans, _Streaming(settings, actor), _Both(settings, actor)]
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
        self._timeout = settings.call_timeout_seconds
        self._own: list[tuple[str, str]] = []
        if settings.token is not None:
            self._own.append(("authorization", f"Bearer {settings.token.get_secret_value()}"))
        if actor:
            self._own.append(("oms-actor", actor))

    def unary(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        """Return what a stub calls for a single answer."""

        async def call(request: Any, *, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:  # noqa: ASYNC109 - gRPC's
            try:
                return await ask(
                    request,
                    timeout=_limit(timeout, default=self._timeout),
                    metadata=grpc.aio.Metadata(*(metadata or ()), *self._own),
                    **more,
                )
            except grpc.aio.AioRpcError as error:
                raise from_rpc_error(error) from None

        return call

    def details(self, call: Any) -> Any:
        """Add who calls to a stream, and never wait longer than whoever waits for us."""
        return grpc.aio.ClientCallDetails(
            method=call.method,
            timeout=_limit(call.timeout, default=None),
            metadata=grpc.aio.Metadata(*(call.metadata or ()), *self._own),
            credentials=call.credentials,
            wait_for_ready=call.wait_for_ready,
        )


def _limit(asked: float | None, *, default: float | None) -> float | None:
    left = remaining_seconds()
    limits = [limit for limit in (asked, left) if limit is not None]
    timeout = min(limits) if limits else default
    if timeout is not None and timeout <= 0:
        raise DeadlineExceeded("no time was left to ask another service", reason="NO_TIME_LEFT")
    return timeout


class _Channel:
    """What stubs take for a channel.

    Streams go through interceptors. Single answers do not: for those, gRPC's way of intercepting costs as much as the
    call itself.
    """

    def __init__(self, channel: grpc.aio.Channel, prepared: _Prepared) -> None:
        self._channel = channel
        self._prepared = prepared
        self.unary_stream = channel.unary_stream
        self.stream_unary = channel.stream_unary
        self.stream_stream = channel.stream_stream
        self.close = channel.close

    def unary_unary(self, *arguments: Any, **more: Any) -> Callable[..., Any]:
        return self._prepared.unary(self._channel.unary_unary(*arguments, **more))


class _Streaming(_Prepared, grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return _translated(await continuation(self.details(details), request))


class _Both(_Prepared, grpc.aio.StreamStreamClientInterceptor):  # type: ignore[misc]
    async def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        return _translated(await continuation(self.details(details), requests))


async def _translated(call: Any) -> AsyncIterator[Any]:
    try:
        async for answer in call:
            yield answer
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from None
    finally:
        call.cancel()
