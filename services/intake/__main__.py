"""Settings → servicer → server."""

from oms.intake.v1 import intake_service_pb2
from oms.intake.v1.intake_service_pb2_grpc import add_IntakeServiceServicer_to_server
from services.chassis.context import remaining_seconds
from services.chassis.partner import Partner
from services.chassis.service import Parts, Service, run
from services.intake.payments import HttpPayments
from services.intake.servicer import IntakeServicer
from services.intake.settings import IntakeSettings
from services.intake.tables import metadata
from workflows import search_attributes


def build(parts: Parts) -> IntakeServicer:
    """Return the servicer with its payment service."""
    partner = Partner(
        IntakeSettings().payment_url,
        name="the payment service",
        unavailable_reason="PAYMENT_UNAVAILABLE",
        remaining_seconds=remaining_seconds,
    )
    parts.closing.append(partner.close)
    return IntakeServicer(parts, HttpPayments(partner))


SERVICE = Service(
    name="intake",
    metadata=metadata,
    descriptor=intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"],
    register=add_IntakeServiceServicer_to_server,
    build=build,
    temporal_search_attributes=search_attributes.TYPES,
)


def main() -> None:
    """Serve until told to stop."""
    run(SERVICE)


if __name__ == "__main__":
    main()
