"""`python -m services.routing`: the service as a process."""

from oms.routing.v1.routing_service_pb2 import DESCRIPTOR
from oms.routing.v1.routing_service_pb2_grpc import add_RoutingServiceServicer_to_server
from services.chassis.service import Parts, Service, run
from services.routing import geocode
from services.routing.servicer import RoutingServicer
from services.routing.tables import metadata
from workflows import search_attributes


def build(parts: Parts) -> RoutingServicer:
    """Put the servicer together."""
    geocode.warm()
    return RoutingServicer(parts)


SERVICE = Service(
    name="routing",
    metadata=metadata,
    descriptor=DESCRIPTOR.services_by_name["RoutingService"],
    register=add_RoutingServiceServicer_to_server,
    build=build,
    temporal_search_attributes=search_attributes.TYPES,
)


def main() -> None:
    """Serve until SIGTERM."""
    run(SERVICE)


if __name__ == "__main__":
    main()
