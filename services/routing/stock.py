"""Reads from inventory what can be promised. Routing has no stock of its own, and remembers none."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from oms.inventory.v1.inventory_service_pb2 import GetAvailabilityRequest
from services.kernel.errors import InvalidArgument, OmsError, Unavailable

if TYPE_CHECKING:  # the stub's asyncio side is in the type stubs alone
    from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceAsyncStub

# Pairs of SKU and node in one answer: 8,000 of the longest stay below a message's 4 MiB.
PAIRS = 8_000
# What one request may name.
_SKUS, _NODES = 5_000, 2_000

# Units that can be reserved, per node and SKU; pairs with none are left out.
Stock = dict[str, dict[str, int]]


class InventoryUnavailable(Unavailable):
    reason = "INVENTORY_UNAVAILABLE"


async def read_stock(
    inventory: "InventoryServiceAsyncStub",
    skus: Sequence[str],
    node_ids: Sequence[str],
    *,
    owner_id: str,
    segment: str = "",
) -> Stock:
    """Return what these nodes have of these SKUs for this owner: what is kept for its backorders is among it.

    Raises:
        InventoryUnavailable: inventory does not answer, or refuses to.
        InvalidArgument: it cannot read what the order says.
    """
    stock: Stock = {}
    for nodes in _batches(node_ids, _NODES):
        for some in _batches(skus, min(_SKUS, max(1, PAIRS // len(nodes)))):
            try:
                request = GetAvailabilityRequest(skus=some, node_ids=nodes, owner_id=owner_id, segment=segment)
                answer = await inventory.GetAvailability(request)
            except InvalidArgument:
                raise  # what inventory cannot read of the order, its caller must hear
            except OmsError as error:
                message = "inventory does not answer, so nobody knows what is in stock; try again later"
                raise InventoryUnavailable(message, cause=error.reason) from error
            for one in answer.availabilities:
                stock.setdefault(one.node_id, {})[one.sku] = one.available_quantity
    return stock


def _batches(words: Sequence[str], size: int) -> list[Sequence[str]]:
    return [words[start : start + size] for start in range(0, len(words), size)]
