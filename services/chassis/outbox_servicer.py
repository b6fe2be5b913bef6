"""The RPCs that let an operator see and replay what a service could not deliver."""

from typing import Any

from sqlalchemy import Table

from oms.common.v1 import outbox_service_pb2 as pb
from oms.common.v1.outbox_service_pb2_grpc import OutboxServiceServicer
from services.chassis import store_outbox
from services.chassis.database import Database
from services.chassis.paging import decode_token, encode_token, page_size
from services.chassis.relay import Relay
from services.kernel.clock import Clock
from services.kernel.errors import InvalidArgument


class OutboxServicer(OutboxServiceServicer):
    """Serves oms.common.v1.OutboxService for one service's outbox."""

    def __init__(self, database: Database, table: Table, clock: Clock, relay: Relay) -> None:
        self._database = database
        self._table = table
        self._clock = clock
        self._relay = relay

    async def ListOutboxEvents(self, request: pb.ListOutboxEventsRequest, context: Any) -> pb.ListOutboxEventsResponse:
        size = page_size(request.page_size)
        position = decode_token(request)
        if position is not None and not (len(position) == 1 and isinstance(position[0], int)):
            raise InvalidArgument("page_token cannot be used", reason="INVALID_PAGE_TOKEN")
        after = int(position[0]) if position else 0
        state = pb.OutboxEvent.State.Name(request.state).removeprefix("STATE_") if request.state else None
        async with self._database.connect() as connection:
            rows = await store_outbox.list_events(connection, self._table, state, after, size + 1)
        answer = pb.ListOutboxEventsResponse(events=[_encode(row) for row in rows[:size]])
        if len(rows) > size:
            answer.next_page_token = encode_token(request, rows[size - 1].sequence)
        return answer

    async def ReplayOutboxEvents(
        self, request: pb.ReplayOutboxEventsRequest, context: Any
    ) -> pb.ReplayOutboxEventsResponse:
        async with self._database.begin() as connection:
            count = await store_outbox.replay(connection, self._table, list(request.event_ids), self._clock.now())
        self._relay.wake()
        return pb.ReplayOutboxEventsResponse(replayed_count=count)


def _encode(row: Any) -> pb.OutboxEvent:
    event = pb.OutboxEvent(
        event_id=row.event_id,
        sink=row.sink,
        key=row.key,
        type=row.type,
        state=pb.OutboxEvent.State.Value(f"STATE_{row.state}"),
        attempts=row.attempts,
        last_error=row.last_error,
    )
    event.create_time.FromDatetime(row.create_time)
    event.next_attempt_time.FromDatetime(row.next_attempt_time)
    return event
