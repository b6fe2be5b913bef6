"""The RPCs of protos/oms/intake/v1/*_service.proto, which say what each promises: a file for each group."""

from oms.intake.v1.care_service_pb2_grpc import CareServiceServicer
from oms.intake.v1.channel_service_pb2_grpc import ChannelServiceServicer
from oms.intake.v1.import_service_pb2_grpc import ImportServiceServicer
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer
from oms.intake.v1.message_service_pb2_grpc import MessageServiceServicer
from oms.intake.v1.order_change_service_pb2_grpc import OrderChangeServiceServicer
from oms.intake.v1.ownership_service_pb2_grpc import OwnershipServiceServicer
from oms.intake.v1.payment_service_pb2_grpc import PaymentServiceServicer
from oms.intake.v1.push_service_pb2_grpc import PushServiceServicer
from oms.intake.v1.screening_service_pb2_grpc import ScreeningServiceServicer
from oms.intake.v1.subscription_service_pb2_grpc import SubscriptionServiceServicer
from services.intake.servicer_care import CareRpcs
from services.intake.servicer_changes import ChangeRpcs
from services.intake.servicer_channels import ChannelRpcs
from services.intake.servicer_documents import DocumentRpcs
from services.intake.servicer_holds import HoldRpcs
from services.intake.servicer_imports import ImportRpcs
from services.intake.servicer_messages import MessageRpcs
from services.intake.servicer_orders import OrderRpcs
from services.intake.servicer_ownership import OwnershipRpcs
from services.intake.servicer_payment_events import PaymentEventRpcs
from services.intake.servicer_payments import PaymentRpcs
from services.intake.servicer_pushes import PushRpcs
from services.intake.servicer_screening import ScreeningRpcs
from services.intake.servicer_subscriptions import SubscriptionRpcs


class IntakeServicer(
    OrderRpcs,
    DocumentRpcs,
    HoldRpcs,
    ScreeningRpcs,
    PaymentRpcs,
    PaymentEventRpcs,
    CareRpcs,
    OwnershipRpcs,
    ChangeRpcs,
    ChannelRpcs,
    ImportRpcs,
    SubscriptionRpcs,
    MessageRpcs,
    PushRpcs,
    IntakeServiceServicer,
    ScreeningServiceServicer,
    CareServiceServicer,
    OwnershipServiceServicer,
    SubscriptionServiceServicer,
    MessageServiceServicer,
    PushServiceServicer,
    OrderChangeServiceServicer,
    ChannelServiceServicer,
    ImportServiceServicer,
    PaymentServiceServicer,
):
    """All of them."""
