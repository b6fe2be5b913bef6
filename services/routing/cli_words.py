"""How the commands of routing speak to the service, and how they show money, time and distance."""

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import TYPE_CHECKING, TypeVar, cast

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage

from oms.routing.v1.routing_service_pb2 import PlanLine
from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceStub
from services.cli_output import call, run
from services.routing.wire import to_money

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub

Answer = TypeVar("Answer")


def ask(use: "Callable[[RoutingServiceAsyncStub], Awaitable[Answer]]") -> Answer:
    """Ask the service; where it says no, print why and exit with 1."""
    stub = cast("Callable[..., RoutingServiceAsyncStub]", RoutingServiceStub)
    return run(call(stub, lambda settings: settings.routing_address, use))


def amount(message: MoneyMessage) -> str:
    """Show money; a dash where there is none."""
    money = to_money(message, "USD")
    return str(money) if money.minor else "–"


def distance(kilometres: float) -> str:
    """Show a distance; a dash where it is unknown."""
    return f"{kilometres:,.0f} km" if kilometres else "–"


def when(moment: Timestamp) -> str:
    """Show a moment in UTC."""
    return f"{moment.ToDatetime(UTC):%Y-%m-%d %H:%M} UTC"


def plan_line(number: int, text: str) -> PlanLine:
    """Read SKU=QUANTITY as the line of this number."""
    sku, _, quantity = text.rpartition("=")
    if not sku or not (quantity.isascii() and quantity.isdigit()) or not 0 < int(quantity) <= 1_000_000_000:
        raise typer.BadParameter(f"{text!r} is not SKU=QUANTITY, such as TEE-BLK-M=2", param_hint="--sku")
    return PlanLine(line_id=f"line-{number}", sku=sku, quantity=int(quantity))
