"""`python -m services.fulfillment`: the service as a process."""

from oms.fulfillment.v1.fulfillment_service_pb2 import DESCRIPTOR
from oms.fulfillment.v1.fulfillment_service_pb2_grpc import add_FulfillmentServiceServicer_to_server
from services.chassis.service import Parts, Service, run
from services.fulfillment.carriers.http import HttpCarrier
from services.fulfillment.servicer import FulfillmentServicer
from services.fulfillment.settings import FulfillmentSettings
from services.fulfillment.tables import metadata
from services.fulfillment.wms.http import HttpWms


def build(parts: Parts) -> FulfillmentServicer:
    """Return the servicer, with the partners that the environment names."""
    settings = FulfillmentSettings()
    wms, carrier = HttpWms(settings.wms_url), HttpCarrier(settings.carrier_url)
    parts.closing += [wms.close, carrier.close]
    return FulfillmentServicer(parts, wms, carrier)


SERVICE = Service(
    name="fulfillment",
    metadata=metadata,
    descriptor=DESCRIPTOR.services_by_name["FulfillmentService"],
    register=add_FulfillmentServiceServicer_to_server,
    build=build,
)


def main() -> None:
    """Run until SIGTERM."""
    run(SERVICE)


if __name__ == "__main__":
    main()
