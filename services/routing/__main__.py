"""`python -m services.routing`: the service as a process."""

from typing import TYPE_CHECKING, cast

from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from oms.routing.v1.routing_service_pb2 import DESCRIPTOR
from oms.routing.v1.routing_service_pb2_grpc import add_RoutingServiceServicer_to_server
from services.chassis.service import Parts, Service, run
from services.routing import geocode
from services.routing.servicer import RoutingServicer
from services.routing.tables import metadata

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub


def build(parts: Parts) -> RoutingServicer:
    """Put the servicer together."""
    geocode.warm()
    return RoutingServicer(
        database=parts.database,
        idempotency=parts.idempotency,
        clock=parts.clock,
        inventory=cast(
            "InventoryServiceAsyncStub",
            parts.channels.connect(InventoryServiceStub, parts.settings.inventory_address),
        ),
    )


SERVICE = Service(
    name="routing",
    metadata=metadata,
    descriptor=DESCRIPTOR.services_by_name["RoutingService"],
    register=add_RoutingServiceServicer_to_server,
    build=build,
)


def main() -> None:
    """Serve until SIGTERM."""
    run(SERVICE)


if __name__ == "__main__":
    main()
