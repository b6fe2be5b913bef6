"""A warehouse to practise with: `python -m deploy.local.sandbox.wms`. It stands for every node.

    POST /fulfillment-orders               takes work (as services/fulfillment/wms/http.py sends it)
    POST /fulfillment-orders/{id}/cancel   stops it: at once until it is packed, perhaps until it has left, not after
    POST /returns/arrived                  {"tracking_number"}: the carrier brings a parcel back
    POST /scenario                         {"fulfillment_order_id" | "order_id" | "return_id" | "sku": …, "behaviour"}
    GET  /fulfillment-orders[/{id}]        what it is doing
    GET  /healthz

Work is picked, packed (the label is bought through our own PurchaseLabel) and shipped, a step each; every step is
reported by RecordNodeEvents until it is accepted. What came back is received and inspected a step later.

Behaviours: refuse (does not take the work), reject (takes it, then does not do it), short_pick (finds "quantity" units
less, 1 where not said), slow (ten steps for one), silent (does nothing until "normal"), intercept_fails (a packed
parcel leaves although it was called back), disposition (what comes back becomes "disposition", such as "SCRAP").
OMS_WMS_SHORT_PICK_RATE and OMS_WMS_REJECT_RATE (0 to 1) make that share of all work go wrong, the same on every run.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from deploy.local.sandbox import wms_units
from deploy.local.sandbox.journal import Body, Journal
from deploy.local.sandbox.web import RefusalError, Sandbox, journal, serve
from deploy.local.sandbox.wms_returns import Dock
from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from oms.fulfillment.v1.fulfillment_service_pb2_grpc import FulfillmentServiceStub
from oms.fulfillment.v1.node_event_pb2 import NodeEvent
from services.chassis.client import Channels
from services.chassis.partner import Partner
from services.chassis.settings import Settings
from services.kernel.errors import FailedPrecondition, NotFound

BEHAVIOURS = ("refuse", "reject", "short_pick", "slow", "silent", "intercept_fails", "disposition")
_SUBJECTS = ("fulfillment_order_id", "order_id", "return_id", "sku")
_SLOW_STEPS = 10

After = Callable[[], None] | None


class Wms:
    """The warehouse. A piece of work is accepted → picked → packing → packed → shipped, or ends on the way."""

    def __init__(self, memory: Journal) -> None:
        settings = Settings()
        self._channels = Channels(settings, actor="wms")
        self._settings = settings
        self._journal = memory
        self._carrier = Partner(
            os.environ.get("OMS_CARRIER_URL", "http://127.0.0.1:7712"),
            name="the carrier",
            unavailable_reason="CARRIER_UNAVAILABLE",
        )
        self.sandbox = Sandbox("wms", memory)
        self.sandbox.posts = {
            "/fulfillment-orders": self._submit,
            "/fulfillment-orders/{id}/cancel": self._cancel,
            "/scenario": self._scenario,
        }
        self.sandbox.gets = {"/fulfillment-orders": self._list, "/fulfillment-orders/{id}": self._show}
        self.sandbox.workers = {
            "pick": self._pick,
            "pack": self._pack,
            "label": self._label,
            "ship": self._ship,
            "report": self._report,
            "handover": self._handover,
        }
        Dock(self.sandbox, memory, self._channels, settings)
        self.sandbox.closing = [self._channels.close, self._carrier.close]

    # What it is asked

    def _submit(self, _path: Mapping[str, str], body: Body) -> Body:
        identity = body["fulfillment_order_id"]
        known = self._journal.get("work", identity)
        if known and known["state"] == "cancelled":
            return {"verdict": "REFUSED", "message": "it was called back before it came"}
        if not known:
            work = {
                "fulfillment_order_id": identity,
                "order_id": body["order_id"],
                "node_id": body["node_id"],
                "skus": {line["line_id"]: line["sku"] for line in body["lines"]},
                "remaining": {line["line_id"]: line["quantity"] for line in body["lines"]},
                "intercept": {},
                "state": "accepted",
                "parcels": 0,
                "events": 0,
            }
            if self._behaviour(work)["behaviour"] == "refuse":
                return {"verdict": "REFUSED", "message": "the warehouse does not take this work"}
            self._journal.put("work", identity, work)
            self.sandbox.later(identity, "pick", {"id": identity})
        return {"verdict": "ACCEPTED", "reference": f"WMS-{identity[-8:]}"}

    def _cancel(self, path: Mapping[str, str], body: Body) -> Body:
        units = {line["line_id"]: int(line["quantity"]) for line in body["lines"]}
        work = self._journal.get("work", path["id"])
        if work is None:
            # It may be on its way: remembered, so that it is not taken when it comes.
            self._journal.put("work", path["id"], {"state": "cancelled", "order_id": "", "skus": {}})
            return {"lines": [{"line_id": line_id, "cancelled": quantity} for line_id, quantity in units.items()]}
        answers = [
            {"line_id": line_id, **wms_units.stop(work, line_id, quantity)} for line_id, quantity in units.items()
        ]
        if work["state"] in {"accepted", "picked"} and not work["remaining"]:
            work["state"] = "cancelled"
        self._journal.put("work", path["id"], work)
        return {"lines": answers}

    def _scenario(self, path: Mapping[str, str], body: Body) -> Body:
        answer = self.sandbox.set_scenario(_SUBJECTS, BEHAVIOURS)(path, body)
        for identity, work in self._journal.all("work").items():
            if work.get("stalled") and self._behaviour(work)["behaviour"] != "silent":
                self._journal.put("work", identity, {**work, "stalled": False})
                self.sandbox.later(identity, "pick", {"id": identity})
        return answer

    def _list(self, _path: Mapping[str, str], _body: Body) -> Body:
        return {"fulfillment_orders": list(self._journal.all("work").values())}

    def _show(self, path: Mapping[str, str], _body: Body) -> Body:
        work = self._journal.get("work", path["id"])
        if work is None:
            raise RefusalError(404, "UNKNOWN_FULFILLMENT_ORDER", "it was never given to this warehouse")
        return work

    # What it does

    async def _pick(self, body: Body) -> After:
        identity, work = body["id"], self._journal.get("work", body["id"])
        if work is None or work["state"] != "accepted":
            return None
        scenario = self._behaviour(work)
        match scenario["behaviour"]:
            case "silent":
                return lambda: self._journal.put("work", identity, {**work, "stalled": True})
            case "slow" if not body.get("slowed"):
                return lambda: self.sandbox.later(identity, "pick", {"id": identity, "slowed": True}, steps=_SLOW_STEPS)
            case "reject":
                return lambda: self._end(work, "rejected", "REJECTED", "no capacity today")
        short = wms_units.short(work, scenario) if scenario["behaviour"] == "short_pick" else {}

        def write() -> None:
            if short:
                self._say(work, "SHORT_PICKED", short, "not where it should be")
                work["remaining"] = wms_units.without(work["remaining"], short)
            work["state"] = "picked" if work["remaining"] else "short"
            if work["remaining"]:
                self._say(work, "PICKED", work["remaining"])
                self.sandbox.later(identity, "pack", {"id": identity})
            self._journal.put("work", identity, work)

        return write

    async def _pack(self, body: Body) -> After:
        identity, work = body["id"], self._journal.get("work", body["id"])
        if work is None or work["state"] != "picked":
            return None
        packing = {**work, "state": "packing", "parcels": work["parcels"] + 1}

        def write() -> None:
            self._journal.put("work", identity, packing)
            self.sandbox.later(identity, "label", {"id": identity}, steps=0)

        return write

    async def _label(self, body: Body) -> After:
        identity, packing = body["id"], self._work(body["id"])
        request = rpc.PurchaseLabelRequest(
            request_id=f"wms/{identity}/parcel/{packing['parcels']}",
            outbound=rpc.OutboundParcel(fulfillment_order_id=identity, lines=wms_units.lines(packing["remaining"])),
        )
        shipment = (await self._fulfillment.PurchaseLabel(request)).shipment

        def write() -> None:
            work = {**self._work(identity), "state": "packed", "tracking_number": shipment.tracking_number}
            self._say(work, "PACKED", work["remaining"])
            self._journal.put("work", identity, work)
            self.sandbox.later(identity, "ship", {"id": identity})

        return write

    async def _ship(self, body: Body) -> After:
        work = self._work(body["id"])
        if work["intercept"]:
            failed = self._behaviour(work)["behaviour"] == "intercept_fails"
            return lambda: self._leave(work) if failed else self._take_out(work)
        return lambda: self._leave(work)

    def _leave(self, work: Body) -> None:
        """The parcel leaves, whoever wanted to stop it."""
        identity = work["fulfillment_order_id"]
        if work["intercept"]:
            self._say(work, "CANCELLATION_REJECTED", work["intercept"], "it was already on the truck")
        number = work["tracking_number"]
        self._end({**work, "intercept": {}}, "shipped", "SHIPPED", "")
        self.sandbox.later(identity, "handover", {"tracking_number": number}, steps=0)

    def _take_out(self, work: Body) -> None:
        """The parcel is opened; what was not called back goes into another one."""
        identity = work["fulfillment_order_id"]
        self._say(work, "CANCELLED", work["intercept"], "taken out of the parcel")
        rest = wms_units.without(work["remaining"], work["intercept"])
        state = "picked" if rest else "cancelled"
        self._journal.put(
            "work", identity, {**work, "remaining": rest, "intercept": {}, "state": state, "tracking_number": ""}
        )
        if rest:
            self.sandbox.later(identity, "pack", {"id": identity})

    def _end(self, work: Body, state: str, said: str, message: str) -> None:
        self._say(work, said, work["remaining"], message)
        self._journal.put("work", work["fulfillment_order_id"], {**work, "state": state, "remaining": {}})

    def _say(self, work: Body, said: str, units: Mapping[str, int], message: str = "") -> None:
        """Write down what is to be reported; its number makes its id, the same however often it is told."""
        work["events"] += 1
        identity = work["fulfillment_order_id"]
        event = {
            "event_id": f"{identity}-{work['events']}",
            "fulfillment_order_id": identity,
            "type": f"TYPE_{said}",
            "units": dict(units),
            "tracking_number": work.get("tracking_number", "") if said in {"PACKED", "SHIPPED"} else "",
            "occurred": self.sandbox.now(),
            "message": message,
        }
        self.sandbox.later(identity, "report", event, steps=0)

    async def _report(self, body: Body) -> After:
        event = NodeEvent(
            event_id=body["event_id"],
            fulfillment_order_id=body["fulfillment_order_id"],
            type=NodeEvent.Type.Value(body["type"]),
            lines=wms_units.lines(body["units"]),
            tracking_number=body["tracking_number"],
            message=body["message"],
        )
        event.occur_time.FromDatetime(datetime.fromtimestamp(body["occurred"], UTC))
        answer = await self._fulfillment.RecordNodeEvents(rpc.RecordNodeEventsRequest(events=[event]))
        result = answer.results[0]
        if result.outcome == rpc.RecordedEvent.OUTCOME_REFUSED:
            raise FailedPrecondition(result.message, reason=result.reason)
        return None

    async def _handover(self, body: Body) -> After:
        number = body["tracking_number"]
        answer = await self._carrier.post("/handover", {"tracking_number": number}, key=f"handover/{number}")
        if answer.refused:
            raise FailedPrecondition(answer.message, reason="CARRIER_REFUSED")
        return None

    @property
    def _fulfillment(self) -> FulfillmentServiceStub:
        return self._channels.connect(FulfillmentServiceStub, self._settings.fulfillment_address)

    def _work(self, identity: str) -> Body:
        work = self._journal.get("work", identity)
        if work is None:
            raise NotFound(f"work {identity} is not known here")
        return work

    def _behaviour(self, work: Body) -> Body:
        scenario = self.sandbox.scenario(
            ("fulfillment_order_id", work["fulfillment_order_id"]),
            ("order_id", work["order_id"]),
            *(("sku", sku) for sku in work["skus"].values()),
        )
        if scenario["behaviour"] != "normal":
            return scenario
        chance = int(hashlib.sha256(work["fulfillment_order_id"].encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
        for behaviour in ("short_pick", "reject"):
            rate = float(os.environ.get(f"OMS_WMS_{behaviour.upper()}_RATE", "0"))
            if chance < rate:
                return {"behaviour": behaviour}
            chance -= rate
        return scenario


if __name__ == "__main__":
    serve(Wms(journal()).sandbox)
