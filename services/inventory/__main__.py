"""`python -m services.inventory`: the service as a process."""

from oms.inventory.v1.inventory_service_pb2 import DESCRIPTOR
from oms.inventory.v1.inventory_service_pb2_grpc import add_InventoryServiceServicer_to_server
from services.chassis.service import Service, run
from services.inventory.servicer import InventoryServicer
from services.inventory.sweeper import loops
from services.inventory.tables import metadata

SERVICE = Service(
    name="inventory",
    metadata=metadata,
    descriptor=DESCRIPTOR.services_by_name["InventoryService"],
    register=add_InventoryServiceServicer_to_server,
    build=InventoryServicer,
    background=loops,
)


def main() -> None:
    """Run until SIGTERM."""
    run(SERVICE)


if __name__ == "__main__":
    main()
