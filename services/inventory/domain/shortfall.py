"""What could not be reserved."""

from dataclasses import dataclass

from services.inventory.domain.position import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """More was wanted of a pair than was free. `line_id` is empty where several lines wanted it together."""

    pair: Pair
    wanted: int
    available: int
    line_id: str = ""
