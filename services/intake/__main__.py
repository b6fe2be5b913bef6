"""Settings → servicer → server."""

from oms.intake.v1 import (
    care_service_pb2,
    channel_service_pb2,
    import_service_pb2,
    intake_service_pb2,
    message_service_pb2,
    order_change_service_pb2,
    ownership_service_pb2,
    payment_service_pb2,
    push_service_pb2,
    screening_service_pb2,
    subscription_service_pb2,
)
from oms.intake.v1.care_service_pb2_grpc import add_CareServiceServicer_to_server
from oms.intake.v1.channel_service_pb2_grpc import add_ChannelServiceServicer_to_server
from oms.intake.v1.import_service_pb2_grpc import add_ImportServiceServicer_to_server
from oms.intake.v1.intake_service_pb2_grpc import add_IntakeServiceServicer_to_server
from oms.intake.v1.message_service_pb2_grpc import add_MessageServiceServicer_to_server
from oms.intake.v1.order_change_service_pb2_grpc import add_OrderChangeServiceServicer_to_server
from oms.intake.v1.ownership_service_pb2_grpc import add_OwnershipServiceServicer_to_server
from oms.intake.v1.payment_service_pb2_grpc import add_PaymentServiceServicer_to_server
from oms.intake.v1.push_service_pb2_grpc import add_PushServiceServicer_to_server
from oms.intake.v1.screening_service_pb2_grpc import add_ScreeningServiceServicer_to_server
from oms.intake.v1.subscription_service_pb2_grpc import add_SubscriptionServiceServicer_to_server
from services.chassis.service import Parts, Service, run
from services.intake import payments
from services.intake.background import background
from services.intake.schema import metadata
from services.intake.servicer import IntakeServicer
from workflows import search_attributes


def build(parts: Parts) -> IntakeServicer:
    """Return the servicer with its payment service."""
    return IntakeServicer(parts, payments.connect(parts))


SERVICE = Service(
    name="intake",
    metadata=metadata,
    descriptor=intake_service_pb2.DESCRIPTOR.services_by_name["IntakeService"],
    register=add_IntakeServiceServicer_to_server,
    build=build,
    background=background,
    also=(
        (
            add_ScreeningServiceServicer_to_server,
            screening_service_pb2.DESCRIPTOR.services_by_name["ScreeningService"],
        ),
        (
            add_OrderChangeServiceServicer_to_server,
            order_change_service_pb2.DESCRIPTOR.services_by_name["OrderChangeService"],
        ),
        (
            add_SubscriptionServiceServicer_to_server,
            subscription_service_pb2.DESCRIPTOR.services_by_name["SubscriptionService"],
        ),
        (add_MessageServiceServicer_to_server, message_service_pb2.DESCRIPTOR.services_by_name["MessageService"]),
        (add_CareServiceServicer_to_server, care_service_pb2.DESCRIPTOR.services_by_name["CareService"]),
        (
            add_OwnershipServiceServicer_to_server,
            ownership_service_pb2.DESCRIPTOR.services_by_name["OwnershipService"],
        ),
        (add_PushServiceServicer_to_server, push_service_pb2.DESCRIPTOR.services_by_name["PushService"]),
        (add_PaymentServiceServicer_to_server, payment_service_pb2.DESCRIPTOR.services_by_name["PaymentService"]),
        (add_ChannelServiceServicer_to_server, channel_service_pb2.DESCRIPTOR.services_by_name["ChannelService"]),
        (add_ImportServiceServicer_to_server, import_service_pb2.DESCRIPTOR.services_by_name["ImportService"]),
    ),
    temporal_search_attributes=search_attributes.TYPES,
)


def main() -> None:
    """Serve until told to stop."""
    run(SERVICE)


if __name__ == "__main__":
    main()
