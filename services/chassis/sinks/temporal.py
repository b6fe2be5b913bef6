"""The sink that starts and signals processes. It connects when it must, so a service serves without Temporal."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from services.chassis.relay import Refused
from services.chassis.settings import Settings
from services.chassis.store_outbox import Delivery
from services.kernel.errors import OmsError, Unavailable

# The server is there and something is wrong with what was sent: sending it again will not help.
_FINAL = (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNIMPLEMENTED)
# Nothing is wrong with the event: the server is away, overloaded, or does not know our namespace or us yet.
_DOWN = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.PERMISSION_DENIED,
)
_CONNECT_SECONDS = 5
_RPC_TIMEOUT = timedelta(seconds=10)


class TemporalConnection:
    """One client a process, made when it is first needed and shared from then on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._attempt: asyncio.Task[Client] | None = None

    async def client(self) -> Client:
        """Return the client.

        Raises:
            Unavailable: TEMPORAL_UNAVAILABLE, the server does not answer.
        """
        if self._client is None:
            # One attempt for all who wait: a server that swallows connections costs its time limit once, not each time.
            if self._attempt is None or self._attempt.done():
                self._attempt = asyncio.create_task(self._connect())
                self._attempt.add_done_callback(lambda attempt: attempt.cancelled() or attempt.exception())
            self._client = await asyncio.shield(self._attempt)
        return self._client

    async def close(self) -> None:
        """End an attempt to connect that is still going on."""
        if self._attempt is not None and not self._attempt.done():
            self._attempt.cancel()
            await asyncio.wait([self._attempt])

    async def _connect(self) -> Client:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await Client.connect(
                    self._settings.temporal_address,
                    namespace=self._settings.temporal_namespace,
                    interceptors=[TracingInterceptor()],
                )
        except (RuntimeError, TimeoutError, RPCError) as error:
            raise Unavailable("Temporal does not answer", reason="TEMPORAL_UNAVAILABLE") from error


class TemporalSink:
    """Starts and signals workflows, idempotently."""

    def __init__(self, connection: TemporalConnection, search_attributes: Mapping[str, type]) -> None:
        self._connection = connection
        self._types = search_attributes

    async def deliver(self, event: Delivery) -> str:
        client = await self._connection.client()
        try:
            if "signal" in event.attributes:
                return await self._signal(client, event)
            return await self._start(client, event)
        except RPCError as error:
            if error.status in _FINAL:
                raise Refused(f"Temporal refused: {error.message}") from error
            if error.status in _DOWN:
                raise Unavailable(f"Temporal: {error.message}", reason="TEMPORAL_UNAVAILABLE") from error
            raise OmsError(f"Temporal: {error.message}", reason="TEMPORAL_FAILED") from error

    async def _start(self, client: Client, event: Delivery) -> str:
        asked = event.attributes
        try:
            await client.start_workflow(
                asked["workflow"],
                _message(event),
                id=asked["workflow_id"],
                task_queue=asked["task_queue"],
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=typed_search_attributes(asked["search_attributes"], self._types),
                static_summary=asked["summary"] or None,
                static_details=asked["details"] or None,
                rpc_timeout=_RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return "it had run before"
        return ""

    async def _signal(self, client: Client, event: Delivery) -> str:
        handle = client.get_workflow_handle(event.attributes["workflow_id"])
        try:
            await handle.signal(event.attributes["signal"], _message(event), rpc_timeout=_RPC_TIMEOUT)
        except RPCError as error:
            # A namespace that is missing is NOT_FOUND, too; taking that for a closed workflow would lose the fact.
            if error.status != RPCStatusCode.NOT_FOUND or _is_about_namespace(error):
                raise
            return "the workflow is closed: nobody waits for it"
        return ""


def typed_search_attributes(values: Mapping[str, Any], types: Mapping[str, type]) -> TypedSearchAttributes:
    """Return search attributes as Temporal takes them; names that are not known are left out."""
    pairs: list[SearchAttributePair[Any]] = []
    for name, value in values.items():
        if types.get(name) is str:
            pairs.append(SearchAttributePair(SearchAttributeKey.for_keyword(name), str(value)))
        elif types.get(name) is int:
            pairs.append(SearchAttributePair(SearchAttributeKey.for_int(name), int(value)))
        elif types.get(name) is datetime:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            pairs.append(SearchAttributePair(SearchAttributeKey.for_datetime(name), moment))
    return TypedSearchAttributes(pairs)


def _is_about_namespace(error: RPCError) -> bool:
    details = error.grpc_status.details if error.grpc_status else ()
    return any(detail.type_url.endswith(".NamespaceNotFoundFailure") for detail in details)


def _message(event: Delivery) -> Message:
    kind = message_factory.GetMessageClass(Default().FindMessageTypeByName(event.message_type))
    return kind.FromString(event.message)
