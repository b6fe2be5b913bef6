"""A carrier to practise with: `python -m deploy.local.sandbox.carrier`. It stands for every carrier.

    POST /labels     sells a label (as services/fulfillment/carriers/http.py asks for it)
    POST /handover   {"tracking_number"}: a warehouse hands over a parcel
    POST /dropoff    {"tracking_number"}: a customer hands in a parcel that goes back
    POST /scenario   {"tracking_number" | "reference" | "order_id": …, "behaviour": …}; the reference is the
                     fulfillment order or the return
    GET  /parcels[/{tracking_number}]      where they are
    GET  /healthz

A parcel is picked up, in transit, out for delivery and delivered, a step each; every scan is reported by
RecordTrackingEvents until it is accepted. A parcel that goes back is brought to the warehouse's /returns/arrived.

Behaviours: lost (in transit for ever), delayed (five steps more), exception (trouble, then delivered), duplicate (every
scan is reported twice), reorder (delivery is reported before the scan that went before it), refuse_label.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from deploy.local.sandbox.journal import Body, Journal
from deploy.local.sandbox.web import RefusalError, Sandbox, journal, serve
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.fulfillment.v1.tracking_event_pb2 import TrackingEvent
from services.chassis.client import Channels
from services.chassis.partner import Partner
from services.chassis.settings import Settings
from services.kernel.errors import FailedPrecondition, Unavailable

BEHAVIOURS = ("lost", "delayed", "exception", "duplicate", "reorder", "refuse_label")
JOURNEY = ("PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")
_SUBJECTS = ("tracking_number", "reference", "order_id")
_DELAY_STEPS = 5

After = Callable[[], None] | None


class Carrier:
    """The carrier."""

    def __init__(self, memory: Journal) -> None:
        self._settings = Settings()
        self._channels = Channels(self._settings, actor="carrier")
        self._journal = memory
        self._wms = Partner(
            os.environ.get("OMS_WMS_URL", "http://127.0.0.1:7711"),
            name="the warehouse system",
            unavailable_reason="WMS_UNAVAILABLE",
        )
        self.sandbox = Sandbox("carrier", memory)
        self.sandbox.posts = {
            "/labels": self._sell,
            "/handover": self._take("OUTBOUND"),
            "/dropoff": self._take("RETURN"),
            "/scenario": self.sandbox.set_scenario(_SUBJECTS, BEHAVIOURS),
        }
        self.sandbox.gets = {"/parcels": self._list, "/parcels/{tracking_number}": self._show}
        self.sandbox.workers = {"scan": self._scan, "report": self._report, "arrive": self._arrive}
        self.sandbox.closing = [self._channels.close, self._wms.close]

    # What it is asked

    def _sell(self, path: Mapping[str, str], body: Body) -> Body:
        # From the key, so that the same label would be sold again even by a carrier that had forgotten it.
        number = f"OMS{int(hashlib.sha256((path['key'] or str(body)).encode()).hexdigest(), 16) % 10**15:015d}"
        parcel = {
            "tracking_number": number,
            "direction": body["direction"],
            "order_id": body["order_id"],
            "reference": body["reference"],
            "carrier_code": body.get("carrier_code") or "SANDBOX",
            "service_code": body.get("service_code") or "STANDARD",
            "state": "LABEL_PURCHASED",
            "events": 0,
        }
        if self._behaviour(parcel) == "refuse_label":
            raise RefusalError(422, "NOT_SERVICEABLE", "the carrier does not go there")
        self._journal.put("parcel", number, parcel)
        listen = os.environ.get("OMS_LISTEN", "127.0.0.1:7712")
        return {
            "tracking_number": number,
            "label_uri": f"http://{listen}/parcels/{number}",
            "carrier_code": parcel["carrier_code"],
            "service_code": parcel["service_code"],
        }

    def _take(self, direction: str) -> Callable[[Mapping[str, str], Body], Body]:
        def handle(_path: Mapping[str, str], body: Body) -> Body:
            parcel = self._parcel(str(body["tracking_number"]))
            if parcel["direction"] != direction:
                raise RefusalError(409, "WRONG_WAY", f"this parcel's direction is {parcel['direction']}")
            if not parcel.get("taken"):
                self._journal.put("parcel", parcel["tracking_number"], {**parcel, "taken": True})
                self.sandbox.later(
                    parcel["tracking_number"], "scan", {"id": parcel["tracking_number"], "status": JOURNEY[0]}
                )
            return {"tracking_number": parcel["tracking_number"]}

        return handle

    def _list(self, _path: Mapping[str, str], _body: Body) -> Body:
        return {"parcels": list(self._journal.all("parcel").values())}

    def _show(self, path: Mapping[str, str], _body: Body) -> Body:
        return self._parcel(path["tracking_number"])

    # What it does

    async def _scan(self, body: Body) -> After:
        number, status = body["id"], body["status"]
        parcel = self._parcel(number)
        behaviour = self._behaviour(parcel)

        def write() -> None:
            if status == "OUT_FOR_DELIVERY" and behaviour == "lost":
                self._say(parcel, "LOST")
                return
            if status == "OUT_FOR_DELIVERY" and behaviour in {"delayed", "exception"} and not body.get("troubled"):
                self._say(parcel, "DELAYED" if behaviour == "delayed" else "EXCEPTION")
                steps = _DELAY_STEPS if behaviour == "delayed" else 1
                self.sandbox.later(number, "scan", {**body, "troubled": True}, steps=steps)
                return
            if status == "OUT_FOR_DELIVERY" and behaviour == "reorder":
                parcel["kept"] = self._event(parcel, status)
            else:
                self._say(parcel, status)
            if status == JOURNEY[-1]:
                self._delivered(parcel)
            else:
                following = JOURNEY[JOURNEY.index(status) + 1]
                self.sandbox.later(number, "scan", {"id": number, "status": following})
            self._journal.put("parcel", number, parcel)

        return write

    def _delivered(self, parcel: Body) -> None:
        if kept := parcel.pop("kept", None):
            self.sandbox.later(parcel["tracking_number"], "report", kept, steps=0)
        if parcel["direction"] == "RETURN":
            self.sandbox.later(parcel["tracking_number"], "arrive", {"id": parcel["tracking_number"]}, steps=0)

    def _say(self, parcel: Body, status: str) -> None:
        """Write down what is to be reported, twice for a carrier that repeats itself."""
        event = self._event(parcel, status)
        for _ in range(2 if self._behaviour(parcel) == "duplicate" else 1):
            self.sandbox.later(parcel["tracking_number"], "report", event, steps=0)
        self._journal.put("parcel", parcel["tracking_number"], parcel)

    def _event(self, parcel: Body, status: str) -> Body:
        parcel["events"] += 1
        parcel["state"] = status
        return {
            "event_id": f"{parcel['tracking_number']}-{parcel['events']}",
            "tracking_number": parcel["tracking_number"],
            "carrier_code": parcel["carrier_code"],
            "status": f"STATUS_{status}",
            "occurred": self.sandbox.now(),
        }

    async def _report(self, body: Body) -> After:
        event = TrackingEvent(
            event_id=body["event_id"],
            tracking_number=body["tracking_number"],
            status=TrackingEvent.Status.Value(body["status"]),
            raw_code=body["status"].removeprefix("STATUS_"),
        )
        event.occur_time.FromDatetime(datetime.fromtimestamp(body["occurred"], UTC))
        stub = self._channels.connect(FulfillmentServiceStub, self._settings.fulfillment_address)
        answer = await stub.RecordTrackingEvents(
            rpc.RecordTrackingEventsRequest(carrier_code=body["carrier_code"], events=[event])
        )
        result = answer.results[0]
        if result.outcome == rpc.RecordedEvent.OUTCOME_REFUSED:
            # Whoever bought the label may still be writing it down.
            raise Unavailable(result.message, reason=result.reason)
        return None

    async def _arrive(self, body: Body) -> After:
        number = body["id"]
        answer = await self._wms.post("/returns/arrived", {"tracking_number": number}, key=f"arrived/{number}")
        if answer.refused:
            raise FailedPrecondition(answer.message, reason="WMS_REFUSED")
        return None

    def _parcel(self, number: str) -> Body:
        parcel = self._journal.get("parcel", number)
        if parcel is None:
            raise RefusalError(404, "UNKNOWN_PARCEL", f"no label was sold with the number {number}")
        return parcel

    def _behaviour(self, parcel: Body) -> str:
        scenario = self.sandbox.scenario(*((name, parcel[name]) for name in _SUBJECTS))
        return str(scenario["behaviour"])


if __name__ == "__main__":
    serve(Carrier(journal()).sandbox)
