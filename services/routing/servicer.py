"""The RPCs of protos/oms/routing/v1/routing_service.proto, which says what each promises: a file for each group."""

from oms.routing.v1.routing_service_pb2_grpc import RoutingServiceServicer
from services.routing.servicer_network import NetworkRpcs
from services.routing.servicer_nodes import NodeRpcs
from services.routing.servicer_outages import OutageRpcs
from services.routing.servicer_plans import PlanRpcs
from services.routing.servicer_promises import PromiseRpcs
from services.routing.servicer_rehearsal import RehearsalRpcs
from services.routing.servicer_rules import RuleRpcs


class RoutingServicer(
    NodeRpcs,
    OutageRpcs,
    NetworkRpcs,
    PlanRpcs,
    PromiseRpcs,
    RuleRpcs,
    RehearsalRpcs,
    RoutingServiceServicer,
):
    """All of them."""
