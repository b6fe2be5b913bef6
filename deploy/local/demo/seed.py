"""What the demonstration starts with: a network of ten nodes, and stock of a few hundred SKUs in most of them."""

from pathlib import Path
from random import Random

import yaml
from google.protobuf.json_format import ParseDict

from deploy.local.demo.catalogue import SKUS
from deploy.local.demo.system import System
from oms.inventory.v1.inventory_service_pb2 import Adjustment, AdjustStockRequest, SetSafetyStockRequest
from oms.inventory.v1.position_pb2 import MovementReason
from oms.routing.v1.node_pb2 import Node
from oms.routing.v1.routing_service_pb2 import CreateNodeRequest
from services.kernel.errors import AlreadyExists

NETWORK = Path(__file__).with_name("network.yaml")
# Nobody has any of these, until a lorry comes.
OUT_OF_STOCK = tuple(sku for sku in SKUS if sku.startswith("BEAN-GRN"))
_BATCH = 1000
# How many of a SKU a node of this type has, and how likely it is to have any.
_DEPTH = {
    Node.TYPE_DC: (40, 120, 0.97),
    Node.TYPE_THIRD_PARTY: (20, 80, 0.9),
    Node.TYPE_DROP_SHIP: (10, 60, 0.6),
    Node.TYPE_STORE: (1, 6, 0.5),
}


def network() -> list[Node]:
    """Return the nodes of the demonstration."""
    return [ParseDict(node, Node()) for node in yaml.safe_load(NETWORK.read_text())["nodes"]]


async def seed(system: System) -> tuple[int, int]:
    """Create the nodes and their stock where they are not there yet; return how many nodes, and units, there are."""
    nodes = network()
    for node in nodes:
        try:
            await system.routing.CreateNode(CreateNodeRequest(request_id=f"demo/{node.node_id}", node=node))
        except AlreadyExists:
            continue
    adjustments = _stock(nodes)
    for start in range(0, len(adjustments), _BATCH):
        await system.inventory.AdjustStock(
            AdjustStockRequest(
                request_id=f"demo/stock/{start}",
                adjustments=adjustments[start : start + _BATCH],
                reason=MovementReason.MOVEMENT_REASON_RECEIPT,
                reference="opening stock",
            )
        )
    await system.inventory.SetSafetyStock(
        SetSafetyStockRequest(request_id="demo/safety", sku=SKUS[0], node_id=nodes[0].node_id, quantity=5)
    )
    return len(nodes), sum(one.on_hand_delta for one in adjustments)


def _stock(nodes: list[Node]) -> list[Adjustment]:
    random = Random("opening stock")
    found: list[Adjustment] = []
    for node in nodes:
        least, most, likely = _DEPTH[node.type]
        found += [
            Adjustment(sku=sku, node_id=node.node_id, on_hand_delta=random.randint(least, most))
            for sku in SKUS
            if sku not in OUT_OF_STOCK and random.random() < likely
        ]
    return found
