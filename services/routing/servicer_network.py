"""The RPCs of the network as a whole, and of what it is made of beside nodes."""

from collections import Counter

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from services.chassis import paging
from services.kernel.errors import InvalidArgument
from services.routing import importing, store, store_network, wire, wire_network
from services.routing.rpcs import Rpcs
from services.routing.wire_value import from_time


class DuplicateProduct(InvalidArgument):
    reason = "DUPLICATE_PRODUCT"

    def __init__(self, sku: str) -> None:
        super().__init__(f"SKU {sku!r} is there twice; say once what it is like", sku=sku)


class NetworkRpcs(Rpcs):
    """Everything at once; calendars, carrier services, products."""

    async def ImportNetwork(
        self, request: messages.ImportNetworkRequest, context: ServicerContext
    ) -> messages.ImportNetworkResponse:
        if request.validate_only:
            async with self._database.connect() as conn:
                stored = await store_network.network_with_etags(conn)
            if problems := importing.problems(request.network, stored):
                return messages.ImportNetworkResponse(problems=problems)
            return messages.ImportNetworkResponse(changes=importing.outcome(request.network, stored).changes)

        async def effect(conn: store.Connection) -> messages.ImportNetworkResponse:
            await store_network.lock_for_import(conn, request.network)
            stored = await store_network.network_with_etags(conn)
            if problems := importing.problems(request.network, stored):
                raise importing.InvalidNetwork(problems)
            outcome = importing.outcome(request.network, stored)
            await store_network.write(conn, outcome.changed, self._clock.now())
            return messages.ImportNetworkResponse(changes=outcome.changes)

        return await self._once(request, messages.ImportNetworkResponse, effect)

    async def ListCalendars(
        self, request: messages.ListCalendarsRequest, context: ServicerContext
    ) -> messages.ListCalendarsResponse:
        size = paging.page_size(request.page_size)
        after = wire.node_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            found = await store_network.list_calendars(conn, after=after, limit=size + 1)
        answer = messages.ListCalendarsResponse(calendars=[calendar for calendar, _ in found[:size]])
        for calendar, (_, update_time) in zip(answer.calendars, found, strict=False):
            calendar.update_time.CopyFrom(from_time(update_time))
        if len(found) > size:
            answer.next_page_token = paging.encode_token(request, answer.calendars[-1].calendar_id)
        return answer

    async def ListCarrierServices(
        self, request: messages.ListCarrierServicesRequest, context: ServicerContext
    ) -> messages.ListCarrierServicesResponse:
        size = paging.page_size(request.page_size)
        after = _service_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            found = await store_network.list_carrier_services(conn, after=after, limit=size + 1)
        answer = messages.ListCarrierServicesResponse(carrier_services=[service for service, _ in found[:size]])
        for service, (_, update_time) in zip(answer.carrier_services, found, strict=False):
            service.update_time.CopyFrom(from_time(update_time))
        if len(found) > size:
            last = answer.carrier_services[-1]
            answer.next_page_token = paging.encode_token(request, last.carrier_code, last.service_code)
        return answer

    async def PutProducts(
        self, request: messages.PutProductsRequest, context: ServicerContext
    ) -> messages.PutProductsResponse:
        for sku, times in Counter(product.sku for product in request.products).items():
            if times > 1:
                raise DuplicateProduct(sku)
        products = [wire_network.to_product(product) for product in request.products]

        async def effect(conn: store.Connection) -> messages.PutProductsResponse:
            changed = await store_network.put_products(conn, products, self._clock.now())
            return messages.PutProductsResponse(changed=changed)

        return await self._once(request, messages.PutProductsResponse, effect)

    async def ListProducts(
        self, request: messages.ListProductsRequest, context: ServicerContext
    ) -> messages.ListProductsResponse:
        size = paging.page_size(request.page_size)
        after = wire.node_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            found = await store_network.list_products(conn, skus=request.skus or None, after=after, limit=size + 1)
        token = paging.encode_token(request, found[size - 1].sku) if len(found) > size else ""
        products = map(wire_network.from_product, found[:size])
        return messages.ListProductsResponse(products=products, next_page_token=token)


def _service_position(position: list[str | int] | None) -> tuple[str, str]:
    """Return the carrier service that a page follows."""
    match position:
        case None:
            return "", ""
        case [str(carrier_code), str(service_code)]:
            return carrier_code, service_code
    raise wire.UnreadablePosition
