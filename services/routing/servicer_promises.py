"""The RPCs of promises."""

from datetime import datetime

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from oms.routing.v1.promise_pb2 import Promise
from services.chassis.service import Parts
from services.kernel.errors import Aborted, InvalidArgument
from services.routing import geocode, store, store_promises
from services.routing.domain import lead_times
from services.routing.domain.carrier import CarrierServiceNotFound
from services.routing.domain.network import Network
from services.routing.domain.node import NodeNotFound
from services.routing.learning import Learning
from services.routing.promising import PromiseNotFound, Promiser
from services.routing.rpcs import Rpcs
from services.routing.wire_decisions import to_destination
from services.routing.wire_value import from_time, to_money, to_time


class PromiseChanged(Aborted):
    reason = "PROMISE_CHANGED"

    def __init__(self, promise_id: str, *, sent: int, version: int) -> None:
        message = f"{promise_id} is at version {version}, not {sent}; read it again and repeat the change"
        super().__init__(message, promise_id=promise_id, sent=sent, version=version)


class UnusableOption(InvalidArgument):
    reason = "UNUSABLE_OPTION"


class ImpossibleTimes(InvalidArgument):
    reason = "IMPOSSIBLE_TIMES"


class PromiseRpcs(Rpcs):
    """When a cart can be there."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._learning = Learning(parts.database)
        self._promiser = Promiser(
            database=parts.database,
            clock=parts.clock,
            memory=self._memory,
            planner=self._planner,
            inventory=self._inventory,
            learning=self._learning,
        )

    async def PromiseDelivery(
        self, request: messages.PromiseDeliveryRequest, context: ServicerContext
    ) -> messages.PromiseDeliveryResponse:
        return await self._promiser.promise(request)

    async def GetPromise(
        self, request: messages.GetPromiseRequest, context: ServicerContext
    ) -> messages.GetPromiseResponse:
        async with self._database.connect() as conn:
            history = await store_promises.versions(conn, request.promise_id)
        wanted = [one for one in history if one.version == (request.version or len(history))]
        if not wanted:
            raise PromiseNotFound(request.promise_id)
        answer = messages.GetPromiseResponse(promise=wanted[0], history=history)
        for one in answer.history:
            one.ClearField("options")
        return answer

    async def RevisePromise(
        self, request: messages.RevisePromiseRequest, context: ServicerContext
    ) -> messages.RevisePromiseResponse:
        for option in request.options:
            if not option.HasField("latest_delivery_time"):
                raise UnusableOption("an option that is promised says by when: set latest_delivery_time")
            to_money(option.cost, "USD")

        async def effect(conn: store.Connection) -> messages.RevisePromiseResponse:
            now = self._clock.now()
            promise = await store_promises.newest(conn, request.promise_id, to_add=True)
            if promise is None:
                raise PromiseNotFound(request.promise_id)
            if request.version not in {0, promise.version}:
                raise PromiseChanged(request.promise_id, sent=request.version, version=promise.version)
            revised = _revised(promise, request, now)
            await store_promises.append(conn, revised, now)
            return messages.RevisePromiseResponse(promise=revised)

        return await self._once(request, messages.RevisePromiseResponse, effect)

    async def RecordTransit(
        self, request: messages.RecordTransitRequest, context: ServicerContext
    ) -> messages.RecordTransitResponse:
        release = to_time(request.release_time) if request.HasField("release_time") else None
        dispatch, delivery = to_time(request.dispatch_time), to_time(request.delivery_time)
        if delivery < dispatch or (release is not None and dispatch < release):
            raise ImpossibleTimes("a parcel is released, leaves and is there, in this order")
        area = lead_times.area(to_destination(request.destination))
        lane = lead_times.Lane(request.node_id, f"{request.carrier_code}/{request.service_code}", area)
        _, known = await self._planner.look(decision_id="", promise_id="", skus=())
        days, late = _seen(request, known.network, release, dispatch, delivery)

        async def effect(conn: store.Connection) -> messages.RecordTransitResponse:
            await store_promises.count_transit(
                conn,
                node_id=request.node_id,
                carrier_code=request.carrier_code,
                service_code=request.service_code,
                area=area,
                days=days,
            )
            if late is not None:
                await store_promises.count_processing(conn, request.node_id, late)
            return messages.RecordTransitResponse()

        answer = await self._once(request, messages.RecordTransitResponse, effect)
        self._learning.forget(lane)
        return answer


def _revised(promise: Promise, request: messages.RevisePromiseRequest, now: datetime) -> Promise:
    revised = Promise()
    revised.CopyFrom(promise)
    revised.version += 1
    revised.cause, revised.note, revised.decision_id = request.cause, request.note, request.decision_id
    revised.order_id = request.order_id or promise.order_id
    if request.options:
        del revised.options[:]
        revised.options.extend(request.options)
    revised.create_time.CopyFrom(from_time(now))
    return revised


def _seen(
    request: messages.RecordTransitRequest,
    network: Network,
    release: datetime | None,
    dispatch: datetime,
    delivery: datetime,
) -> tuple[int, int | None]:
    """Return the delivery days that a parcel took, and by how many minutes the node was late where that can be told.

    Raises:
        NodeNotFound, CarrierServiceNotFound: nobody knows its node or its service.
        ImpossibleTimes: it took more than a year.
    """
    site = network.by_id.get(request.node_id)
    if site is None:
        raise NodeNotFound(request.node_id)
    carrier_code, service_code = request.carrier_code, request.service_code
    key = f"{carrier_code}/{service_code}"
    service = next((one for one in network.services if one.key == key), None)
    if service is None:
        raise CarrierServiceNotFound(carrier_code, service_code)
    destination = to_destination(request.destination)
    place = geocode.locate(destination)
    days = lead_times.days_taken(
        dispatch,
        delivery,
        network.deliveries(service, destination.country_code),
        from_zone=site.zone,
        to_zone=geocode.zone_of(place) or site.zone,
    )
    if days is None:
        raise ImpossibleTimes(f"no parcel takes more than {lead_times.LONGEST_DAYS} days")
    collects = next((one for one in site.collections if one.service.key == key), None)
    if release is None or collects is None:
        return days, None
    return days, lead_times.minutes_late(dispatch, collects.departures.at(release).dispatch_time)
