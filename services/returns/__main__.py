"""`python -m services.returns`: settings → servicer → server."""

from typing import TYPE_CHECKING, cast

from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from oms.returns.v1 import returns_service_pb2
from oms.returns.v1.returns_service_pb2_grpc import add_ReturnsServiceServicer_to_server
from services.chassis.context import remaining_seconds
from services.chassis.partner import Partner
from services.chassis.service import Parts, Service, run
from services.returns.orders import Orders
from services.returns.payments import HttpPayments
from services.returns.servicer import ReturnsServicer
from services.returns.settings import ReturnsSettings
from services.returns.tables import metadata
from workflows.search_attributes import TYPES

if TYPE_CHECKING:
    # Only in the stub file.
    from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceAsyncStub


def build(parts: Parts) -> ReturnsServicer:
    """Put the servicer together."""
    settings = ReturnsSettings()
    partner = Partner(
        settings.payment_url,
        name="the payment service",
        unavailable_reason="PAYMENT_UNAVAILABLE",
        remaining_seconds=remaining_seconds,
    )
    parts.closing.append(partner.close)
    intake = parts.channels.connect(IntakeServiceStub, parts.settings.intake_address)
    return ReturnsServicer(
        parts,
        # A stub on an asynchronous channel is an asynchronous stub, of which the type checker is not aware here.
        orders=Orders(cast("IntakeServiceAsyncStub", intake)),
        payments=HttpPayments(partner),
        settings=settings,
    )


SERVICE = Service(
    name="returns",
    metadata=metadata,
    descriptor=returns_service_pb2.DESCRIPTOR.services_by_name["ReturnsService"],
    register=add_ReturnsServiceServicer_to_server,
    build=build,
    temporal_search_attributes=TYPES,
)


def main() -> None:
    """Serve until told to stop."""
    run(SERVICE)


if __name__ == "__main__":
    main()
