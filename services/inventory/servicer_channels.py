"""RPCs that say how stock is seen: by channels, and as bundles."""

from grpc.aio import ServicerContext

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.paging import encode_token, page_size
from services.inventory import pages, seeing, store_channels, wire_availability
from services.inventory.rpcs import Rpcs
from services.inventory.store import Connection


class ChannelRpcs(Rpcs):
    """That say how stock is seen."""

    async def SetChannelPolicy(
        self, request: rpc.SetChannelPolicyRequest, context: ServicerContext
    ) -> rpc.SetChannelPolicyResponse:
        policy = wire_availability.policy(request.policy)

        async def effect(conn: Connection) -> rpc.SetChannelPolicyResponse:
            await store_channels.set_policy(conn, policy, self._clock.now())
            return rpc.SetChannelPolicyResponse(policy=wire_availability.policy_message(policy))

        return await self._once(request, rpc.SetChannelPolicyResponse, effect)

    async def ListChannelPolicies(
        self, request: rpc.ListChannelPoliciesRequest, context: ServicerContext
    ) -> rpc.ListChannelPoliciesResponse:
        size = page_size(request.page_size)
        async with self._database.connect() as conn:
            rows = await store_channels.policies(conn, after=pages.name(request), size=size + 1)
        return rpc.ListChannelPoliciesResponse(
            policies=map(wire_availability.policy_message, rows[:size]),
            next_page_token=encode_token(request, rows[size - 1].channel) if len(rows) > size else "",
        )

    async def SetBundle(self, request: rpc.SetBundleRequest, context: ServicerContext) -> rpc.SetBundleResponse:
        components = wire_availability.components(request.bundle)

        async def effect(conn: Connection) -> rpc.SetBundleResponse:
            await seeing.set_bundle(conn, request.bundle.sku, components, self._clock)
            return rpc.SetBundleResponse(bundle=request.bundle)

        return await self._once(request, rpc.SetBundleResponse, effect)

    async def ListBundles(self, request: rpc.ListBundlesRequest, context: ServicerContext) -> rpc.ListBundlesResponse:
        size = page_size(request.page_size)
        after = pages.name(request)
        async with self._database.connect() as conn:
            rows = await store_channels.bundle_page(
                conn, component_sku=request.component_sku, after=after, size=size + 1
            )
        return rpc.ListBundlesResponse(
            bundles=(wire_availability.bundle_message(sku, components) for sku, components in rows[:size]),
            next_page_token=encode_token(request, rows[size - 1][0]) if len(rows) > size else "",
        )
