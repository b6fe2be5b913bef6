"""The warehouse's dock for what comes back: received when it arrives, inspected a step later."""

from collections.abc import Callable, Mapping

from deploy.local.sandbox.journal import Body, Journal
from deploy.local.sandbox.web import Sandbox
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.returns.v1 import returns_service_pb2 as returns
from oms.returns.v1.return_pb2 import Disposition
from oms.returns.v1.returns_service_pb2_grpc import ReturnsServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.errors import NotFound

After = Callable[[], None] | None


class Dock:
    """Adds to a sandbox what it is asked, and does, with parcels that come back."""

    def __init__(self, sandbox: Sandbox, memory: Journal, channels: Channels, settings: Settings) -> None:
        self.sandbox = sandbox
        self._journal = memory
        self._channels = channels
        self._settings = settings
        sandbox.posts["/returns/arrived"] = self._arrived
        sandbox.workers |= {"receive": self._receive, "inspect": self._inspect}

    def _arrived(self, _path: Mapping[str, str], body: Body) -> Body:
        number = str(body["tracking_number"])
        if not self._journal.get("arrival", number):
            self._journal.put("arrival", number, {"tracking_number": number})
            self.sandbox.later(f"return/{number}", "receive", {"tracking_number": number})
        return {"tracking_number": number}

    async def _receive(self, body: Body) -> After:
        number = body["tracking_number"]
        found = await self._fulfillment.ListShipments(rpc.ListShipmentsRequest(tracking_number=number))
        parcel = next((one for one in found.shipments if one.return_id), None)
        if parcel is None:
            raise NotFound(f"no return is known for parcel {number}", reason="UNKNOWN_PARCEL")
        units = {line.line_id: line.quantity for line in parcel.lines}
        await self._returns.RecordReceipt(
            returns.RecordReceiptRequest(
                request_id=f"wms/{number}/receipt",
                return_id=parcel.return_id,
                lines=[returns.ReceivedLine(line_id=line_id, quantity=quantity) for line_id, quantity in units.items()],
            )
        )
        inspection = {
            "tracking_number": number,
            "return_id": parcel.return_id,
            "order_id": parcel.order_id,
            "units": units,
            "skus": {line.line_id: line.sku for line in parcel.lines},
        }
        return lambda: self.sandbox.later(f"return/{number}", "inspect", inspection)

    async def _inspect(self, body: Body) -> After:
        def becomes(line_id: str) -> Disposition.ValueType:
            scenario = self.sandbox.scenario(
                ("return_id", body["return_id"]), ("order_id", body["order_id"]), ("sku", body["skus"][line_id])
            )
            return Disposition.Value(f"DISPOSITION_{scenario.get('disposition', 'RESTOCK')}")

        await self._returns.RecordInspection(
            returns.RecordInspectionRequest(
                request_id=f"wms/{body['tracking_number']}/inspection",
                return_id=body["return_id"],
                lines=[
                    returns.InspectedLine(line_id=line_id, quantity=quantity, disposition=becomes(line_id))
                    for line_id, quantity in body["units"].items()
                ],
            )
        )
        return None

    @property
    def _fulfillment(self) -> FulfillmentServiceStub:
        return self._channels.connect(FulfillmentServiceStub, self._settings.fulfillment_address)

    @property
    def _returns(self) -> ReturnsServiceStub:
        return self._channels.connect(ReturnsServiceStub, self._settings.returns_address)
