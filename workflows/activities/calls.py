"""Where activities meet gRPC: the stubs they use, and which errors end their repetition."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.intake.v1.order_change_service_pb2_grpc import OrderChangeServiceStub
from oms.intake.v1.push_service_pb2_grpc import PushServiceStub
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceStub
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, OmsError

# Asking again cannot help: somebody must look. Everything else is repeated until it succeeds.
PERMANENT = (InvalidArgument, NotFound, AlreadyExists, FailedPrecondition)

Self = TypeVar("Self")
Command = TypeVar("Command")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Stubs:
    """The five services, as seen from a worker."""

    intake: IntakeServiceStub
    inventory: InventoryServiceStub
    routing: RoutingServiceStub
    fulfillment: FulfillmentServiceStub
    returns: ReturnsServiceStub
    changes: OrderChangeServiceStub
    pushes: PushServiceStub


def step(
    name: str,
) -> Callable[[Callable[[Self, Command], Awaitable[Answer]]], Callable[[Self, Command], Awaitable[Answer]]]:
    """Make a method an activity of this name whose errors carry their reason, and whose permanent ones end it."""

    def wrap(method: Callable[[Self, Command], Awaitable[Answer]]) -> Callable[[Self, Command], Awaitable[Answer]]:
        @functools.wraps(method)
        async def call(self: Self, command: Command) -> Answer:
            try:
                return await method(self, command)
            except OmsError as error:
                raise ApplicationError(
                    error.message,
                    dict(error.metadata),
                    type=error.reason,
                    non_retryable=isinstance(error, PERMANENT),
                ) from error

        return activity.defn(name=name)(call)

    return wrap
