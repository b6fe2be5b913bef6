"""What the three processes share: calls that are never given up, what an operator sees, and units on the wire."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from oms.workflow.v1 import order_workflow_pb2 as pb

from workflows import search_attributes
from workflows.options import STUCK_RETRY
from workflows.state.units import RightToUnits, Units, Work

Owner = TypeVar("Owner")
Command = TypeVar("Command", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_STATUS = SearchAttributeKey.for_keyword(search_attributes.STATUS)
_HOLD = SearchAttributeKey.for_keyword(search_attributes.HOLD)
_NODE = SearchAttributeKey.for_keyword(search_attributes.NODE)
_PROMISE = SearchAttributeKey.for_datetime(search_attributes.PROMISE_TIME)
_CHANNEL = SearchAttributeKey.for_keyword(search_attributes.CHANNEL)
_REGION = SearchAttributeKey.for_keyword(search_attributes.REGION)
_PRIORITY = SearchAttributeKey.for_int(search_attributes.PRIORITY)


class Process:
    """The part of a process that talks: to activities, and to whoever looks at it in the Web UI."""

    def __init__(self, status: str, hold: str = "") -> None:
        self._shown: dict[str, str | datetime] = {search_attributes.STATUS: status, search_attributes.HOLD: hold}
        self.stuck = ""

    async def call(
        self,
        activity: Callable[[Owner, Command], Awaitable[Answer]],
        command: Command,
        options: ActivityConfig,
        *,
        summary: str,
    ) -> Answer:
        """Run an activity until it succeeds. One that is refused for good shows as "Stuck" and is tried again later."""
        while True:
            try:
                # mypy cannot choose an overload for a method that is itself a parameter; the signature above is exact.
                answer: Answer = await workflow.execute_activity_method(  # type: ignore[call-overload]
                    activity, command, summary=summary, **options
                )
                return answer
            except ActivityError as error:
                if not isinstance(error.cause, ApplicationError):
                    raise
                self.stuck = f"{summary}: {error.cause.message}"
                workflow.logger.error("stuck: %s", self.stuck)
                before = str(self._shown[search_attributes.STATUS])
                self.show("Stuck")
                await workflow.sleep(STUCK_RETRY, summary=f"stuck on {summary}")
                self.stuck = ""
                self.show(before)

    def show(
        self, status: str, *, hold: str | None = None, node: str | None = None, promise: datetime | None = None
    ) -> None:
        """Update what the process is found by, in one event, and only where something changed."""
        wanted: dict[str, str | datetime | None] = {
            search_attributes.STATUS: status,
            search_attributes.HOLD: hold,
            search_attributes.NODE: node,
            search_attributes.PROMISE_TIME: promise,
        }
        changed = {
            name: value for name, value in wanted.items() if value is not None and self._shown.get(name) != value
        }
        if not changed:
            return
        self._shown.update(changed)
        keys = {key.name: key for key in (_STATUS, _HOLD, _NODE, _PROMISE)}
        workflow.upsert_search_attributes(
            [keys[name].value_set(value) if value else keys[name].value_unset() for name, value in changed.items()]  # type: ignore[arg-type]
        )


def child_attributes(order: pb.OrderInput, node_id: str, work: pb.NodeWork) -> TypedSearchAttributes:
    """Return what a fulfillment process is found by from its start, at no cost in its history."""
    pairs: list[SearchAttributePair] = [  # type: ignore[type-arg]
        SearchAttributePair(_STATUS, "Released"),
        SearchAttributePair(_CHANNEL, order.channel),
        SearchAttributePair(_REGION, order.region),
        SearchAttributePair(_PRIORITY, order.priority),
        SearchAttributePair(_NODE, node_id),
    ]
    if work.HasField("promise_time"):
        pairs.append(SearchAttributePair(_PROMISE, work.promise_time.ToDatetime(UTC)))
    return TypedSearchAttributes(pairs)


def units_of(lines: Iterable[pb.OrderInputLine]) -> list[Units]:
    """Read units from the wire."""
    return [Units(line.line_id, line.sku, line.quantity) for line in lines]


def lines_of(units: Iterable[Units]) -> list[pb.OrderInputLine]:
    """Write units to the wire."""
    return [pb.OrderInputLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in units]


def work_of(work: pb.NodeWork) -> Work:
    """Read a node's work from the wire."""
    rights = (RightToUnits(line.line_id, line.sku, line.quantity, line.reservation_id) for line in work.lines)
    return Work(work.fulfillment_order_id, work.node_id, tuple(rights))


def work_lines(rights: Iterable[RightToUnits]) -> list[pb.WorkLine]:
    """Write rights to units to the wire."""
    return [
        pb.WorkLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity, reservation_id=one.reservation_id)
        for one in rights
    ]
