"""What inventory refuses about lots and stock.

FailedPrecondition
├── BundleHasNoStock    a bundle is stocked, though only its components can be
└── StockBelowZero
    └── LotBelowZero    more would be taken of a lot than it has
"""

from services.inventory.domain.position import Pair
from services.inventory.domain.problems import StockBelowZero
from services.kernel.errors import FailedPrecondition


class LotBelowZero(StockBelowZero):
    def __init__(self, pair: Pair, lot_id: str, *, there: int, delta: int) -> None:
        super().__init__(pair, f"on_hand of lot {lot_id}", there=there, delta=delta)
        self.metadata = {**self.metadata, "counter": "lot", "lot_id": lot_id}


class BundleHasNoStock(FailedPrecondition):
    reason = "BUNDLE_HAS_NO_STOCK"

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is a bundle and has no stock of its own; change that of its components", sku=sku)
