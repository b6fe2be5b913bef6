"""What the demonstration starts with: a network of ten nodes, and stock of a few hundred SKUs in most of them."""

from pathlib import Path
from random import Random

from deploy.local.demo.catalogue import SKUS, weight_grams
from deploy.local.demo.system import System
from oms.inventory.v1.inventory_service_pb2 import Adjustment, AdjustStockRequest, SetSafetyStockRequest
from oms.inventory.v1.position_pb2 import MovementReason
from oms.routing.v1.network_pb2 import Network, Product
from oms.routing.v1.node_pb2 import Node
from oms.routing.v1.routing_service_pb2 import (
    ChangeRuleSetStateRequest,
    ImportNetworkRequest,
    PutProductsRequest,
    SaveRuleSetRequest,
)
from oms.routing.v1.rule_set_pb2 import RuleSet, RuleSetVersion
from services.routing.files import documents, plain_yaml, rule_sets
from services.routing.files.networks import read_network

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
    return list(document().nodes)


def document() -> Network:
    """Return the whole network of the demonstration: calendars and carrier services too."""
    found, problems = read_network(NETWORK)
    if problems:
        raise ValueError(f"{NETWORK}: {problems}")
    return found


async def seed(system: System) -> tuple[int, int]:
    """Import the network, stock, what goods weigh, and rules on trial; return how many nodes and units there are."""
    whole = document()
    nodes = list(whole.nodes)
    await system.routing.ImportNetwork(ImportNetworkRequest(request_id="demo/network", network=whole))
    goods = [Product(sku=sku, grams=weight_grams(sku)) for sku in SKUS]
    await system.routing.PutProducts(PutProductsRequest(request_id="demo/products", products=goods))
    for name in rule_sets.SAMPLES:
        await _shadow(system, name)
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


async def _shadow(system: System, name: str) -> None:
    """Have a sample rule set plan every order beside the built-in rules, for comparison: `oms route rules list`."""
    rule_set, problems = documents.read(plain_yaml.load(rule_sets.sample(name)), RuleSet())
    if problems:
        raise ValueError(f"{name}: {problems}")
    saved = await system.routing.SaveRuleSet(
        SaveRuleSetRequest(request_id=f"demo/rules/{name}", rule_set=rule_set, note="the sample set, as it comes")
    )
    for state in (RuleSetVersion.STATE_VALIDATED, RuleSetVersion.STATE_SHADOW):
        await system.routing.ChangeRuleSetState(
            ChangeRuleSetStateRequest(
                request_id=f"demo/rules/{name}/{state}",
                rule_set_id=rule_set.rule_set_id,
                version=saved.rule_set_version.version,
                state=state,
                note="demonstration",
            )
        )


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
