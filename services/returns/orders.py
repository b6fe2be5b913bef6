"""Reads orders from intake, which owns them. Returns keeps no copy."""

from typing import TYPE_CHECKING

from oms.intake.v1.intake_service_pb2 import GetOrderRequest
from services.kernel.errors import Aborted, DeadlineExceeded, NotFound, ResourceExhausted, Unavailable
from services.returns import wire
from services.returns.domain.order import Order

if TYPE_CHECKING:
    # Only in the stub file.
    from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceAsyncStub


class Orders:
    """Intake, as far as returns needs it."""

    def __init__(self, intake: "IntakeServiceAsyncStub") -> None:
        self._intake = intake

    async def read(self, order_id: str) -> Order:
        """Return the order as it is now.

        Raises:
            NotFound: ORDER_NOT_FOUND.
            Unavailable: INTAKE_UNAVAILABLE, intake does not answer.
        """
        try:
            answer = await self._intake.GetOrder(GetOrderRequest(order_id=order_id))
        except NotFound as error:
            raise NotFound(f"there is no order {order_id}", reason="ORDER_NOT_FOUND", order_id=order_id) from error
        except (Unavailable, DeadlineExceeded, Aborted, ResourceExhausted) as error:
            message = "intake does not answer, so nobody knows the order; try again"
            raise Unavailable(message, reason="INTAKE_UNAVAILABLE", cause=error.reason) from error
        return wire.order_from(answer.order)
