"""What happens around every call: who asks, how long there is, whether the request is well formed, what went wrong.

In one place, because the order of these matters and is easier to read here than in the order of a list of interceptors.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError, Message

from services.chassis import telemetry
from services.chassis.auth import Gate
from services.chassis.context import Call, set_call, set_remaining
from services.chassis.database import translate
from services.chassis.errors import code_of, to_status
from services.chassis.settings import Settings
from services.chassis.validation import validate
from services.kernel.errors import DeadlineExceeded, InvalidArgument, OmsError

log = structlog.get_logger()

# Time kept back from the caller's deadline, so that the specific error gets home before the deadline does.
SHAVED_SECONDS = 0.02
# An answer that took longer is worth a line in the log of everybody, like a refusal; the others are there at DEBUG.
SLOW_SECONDS = 1.0


class Handling:
    """Wraps the handlers of a server, once, as its services are registered: nothing is wrapped again at every call."""

    def __init__(self, name: str, settings: Settings, gate: Gate) -> None:
        self._name = name
        self._domain = f"{name}.oms"
        self._settings = settings
        self._gate = gate

    def around(self, server: grpc.aio.Server) -> "Registrar":
        """Return what services are registered at instead of the server itself."""
        return Registrar(server, self)

    def wrapped(self, method: str, handler: Any) -> Any:
        """Return the handler with everything that happens around it."""
        if handler.request_streaming:
            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.response_streaming
                else grpc.stream_unary_rpc_method_handler
            )
        else:
            make = (
                grpc.unary_stream_rpc_method_handler
                if handler.response_streaming
                else grpc.unary_unary_rpc_method_handler
            )
        behavior = handler.stream_stream or handler.stream_unary or handler.unary_stream or handler.unary_unary
        wrap = self._streaming if handler.response_streaming else self._unary
        return make(
            wrap(method, behavior),
            request_deserializer=_reading(handler.request_deserializer),
            response_serializer=handler.response_serializer,
        )

    def _unary(self, method: str, behavior: Callable[..., Any]) -> Callable[..., Any]:
        async def handle(request: Any, context: grpc.aio.ServicerContext) -> Any:
            started = time.perf_counter()
            try:
                limit = self._begin(method, request, context, default=self._settings.call_timeout_seconds)
                async with asyncio.timeout(limit):
                    answer = await behavior(self._checked(request), context)
            except asyncio.CancelledError:
                self._end(method, "CANCELLED", started)
                raise
            except Exception as error:
                await self._refuse(method, context, error, started)
            self._end(method, "OK", started)
            return answer

        return handle

    def _streaming(self, method: str, behavior: Callable[..., Any]) -> Callable[..., Any]:
        async def handle(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            started = time.perf_counter()
            try:
                limit = self._begin(method, request, context, default=None)
                async with asyncio.timeout(limit):
                    async for answer in behavior(self._checked(request), context):
                        yield answer
            except asyncio.CancelledError:
                self._end(method, "CANCELLED", started)
                raise
            except Exception as error:
                await self._refuse(method, context, error, started)
            self._end(method, "OK", started)

        return handle

    def _begin(
        self, method: str, request: Any, context: grpc.aio.ServicerContext, *, default: float | None
    ) -> float | None:
        """Find out who calls and how long there is; return the time limit of the handler."""
        request_id = getattr(request, "request_id", None)
        set_call(Call(self._name, method, "", request_id))  # who calls is not known yet, and may never be
        set_call(Call(self._name, method, self._gate.caller(method, context), request_id))
        left = context.time_remaining()
        if left is None or left > 1e8:  # gRPC says "no deadline" with a very long one
            if default is not None:
                set_remaining(default)
            return default
        limit: float = left - SHAVED_SECONDS
        if limit <= 0:
            raise DeadlineExceeded("no time was left to answer in: allow more", reason="NO_TIME_LEFT")
        set_remaining(limit)
        return limit

    def _checked(self, request: Any) -> Any:
        if isinstance(request, Message):
            validate(request)
            return request
        if isinstance(request, _Unreadable):
            raise request.refusal
        return _checked_stream(request) if inspect.isasyncgen(request) or hasattr(request, "__aiter__") else request

    async def _refuse(self, method: str, context: grpc.aio.ServicerContext, error: Exception, started: float) -> None:
        known = _known(error)
        if known is None:
            log.error("a bug", rpc=method, exc_info=error)
            known = OmsError("something broke here; it has been logged", reason="INTERNAL")
        code = code_of(known)
        self._end(method, code.name, started, error=str(known))
        status = to_status(known, self._domain)
        await context.abort(code, status.details, status.trailing_metadata)

    def _end(self, method: str, code: str, started: float, error: str = "") -> None:
        seconds = time.perf_counter() - started
        telemetry.count_request(self._name, method.rsplit("/", 1)[-1], code, seconds)
        if code == "OK" and seconds < SLOW_SECONDS:
            log.debug("answered", code=code, seconds=seconds)
        else:
            log.info("answered", code=code, seconds=round(seconds, 4), error=error[:300])


class Registrar:
    """Stands for a server where generated code registers a service."""

    def __init__(self, server: grpc.aio.Server, handling: Handling) -> None:
        self._server = server
        self._handling = handling

    def add_generic_rpc_handlers(self, _handlers: object) -> None:
        """Do nothing: the same handlers come by name."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Register the methods of a service, wrapped."""
        wrapped = {name: self._handling.wrapped(f"/{service}/{name}", one) for name, one in handlers.items()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, wrapped),))


def _known(error: Exception) -> OmsError | None:
    if isinstance(error, OmsError):
        return error
    if (translated := translate(error)) is not None:
        return translated
    if isinstance(error, TimeoutError):
        return DeadlineExceeded("it took longer than the caller allowed", reason="DEADLINE_EXCEEDED")
    return None


async def _checked_stream(requests: AsyncIterator[Any]) -> AsyncIterator[Message]:
    async for request in requests:
        if isinstance(request, _Unreadable):
            raise request.refusal
        validate(request)
        yield request


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands for bytes that are no request, until there is somebody to tell: gRPC itself would answer UNKNOWN."""

    refusal: InvalidArgument


def _reading(deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    if deserialize is None:
        return None

    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError as error:
            return _Unreadable(InvalidArgument(f"the request cannot be read: {error}", reason="MALFORMED_REQUEST"))

    return read
