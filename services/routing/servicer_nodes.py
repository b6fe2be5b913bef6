"""The RPCs of nodes."""

from grpc.aio import ServicerContext

from oms.routing.v1 import routing_service_pb2 as messages
from services.chassis import paging
from services.routing import store, store_network, wire
from services.routing.domain.node import checked
from services.routing.rpcs import Rpcs


class NodeRpcs(Rpcs):
    """Places that ship, one by one."""

    async def CreateNode(
        self, request: messages.CreateNodeRequest, context: ServicerContext
    ) -> messages.CreateNodeResponse:
        node = checked(wire.to_node(request.node))

        async def effect(conn: store.Connection) -> messages.CreateNodeResponse:
            await store_network.require_calendar(conn, node.calendar_id)
            stored = await store.add_node(conn, node, self._clock.now())
            return messages.CreateNodeResponse(node=wire.from_node(stored))

        return await self._once(request, messages.CreateNodeResponse, effect)

    async def UpdateNode(
        self, request: messages.UpdateNodeRequest, context: ServicerContext
    ) -> messages.UpdateNodeResponse:
        node = checked(wire.to_node(request.node))

        async def effect(conn: store.Connection) -> messages.UpdateNodeResponse:
            await store_network.require_calendar(conn, node.calendar_id)
            stored = await store.replace_node(conn, node, self._clock.now())
            return messages.UpdateNodeResponse(node=wire.from_node(stored))

        return await self._once(request, messages.UpdateNodeResponse, effect)

    async def GetNode(self, request: messages.GetNodeRequest, context: ServicerContext) -> messages.GetNodeResponse:
        async with self._database.connect() as conn:
            node = await store.find_node(conn, request.node_id)
        return messages.GetNodeResponse(node=wire.from_node(node))

    async def ListNodes(
        self, request: messages.ListNodesRequest, context: ServicerContext
    ) -> messages.ListNodesResponse:
        size = paging.page_size(request.page_size)
        after = wire.node_position(paging.decode_token(request))
        async with self._database.connect() as conn:
            nodes = await store.list_nodes(conn, enabled_only=request.enabled_only, after=after, limit=size + 1)
        token = paging.encode_token(request, nodes[size - 1].node_id) if len(nodes) > size else ""
        return messages.ListNodesResponse(nodes=map(wire.from_node, nodes[:size]), next_page_token=token)
