"""What is to be planned."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.kernel.errors import InvalidArgument
from services.kernel.money import Money


class Method(StrEnum):
    """How a plan is searched for: what it tries hardest to do."""

    LEAST_COST = "LEAST_COST"
    FEWEST_SPLITS = "FEWEST_SPLITS"
    NEAREST = "NEAREST"
    MOST_STOCK = "MOST_STOCK"


class ServiceLevel(StrEnum):
    """How fast it is to be."""

    STANDARD = "STANDARD"
    EXPEDITED = "EXPEDITED"
    NEXT_DAY = "NEXT_DAY"


class DuplicateLine(InvalidArgument):
    reason = "DUPLICATE_LINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where it goes: as much as a plan needs."""

    country_code: str
    administrative_area: str = ""
    postal_code: str = ""

    @property
    def postal_area(self) -> str:
        """What the postal code begins with, and all of it that is kept: US 3 digits, GB the area, elsewhere 2 signs."""
        code = self.postal_code.upper().replace(" ", "")
        if self.country_code == "US":
            return code[:3]
        if self.country_code == "GB":
            return "".join(itertools.takewhile(str.isalpha, code))
        return code[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandLine:
    """Units of a line to be shipped."""

    line_id: str
    sku: str
    quantity: int
    unit_price: Money | None = None
    required_capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A node that was tried in vain for a SKU; for everything where `sku` is empty."""

    node_id: str
    sku: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """An order, or what is left of it, that needs a plan."""

    lines: tuple[DemandLine, ...]
    destination: Destination
    service_level: ServiceLevel = ServiceLevel.STANDARD
    exclusions: frozenset[Exclusion] = frozenset()
    # What the caller wants, whatever the rules say; the rules where None.
    method: Method | None = None
    ship_complete: bool = False
    channel: str = ""
    program: str = ""
    priority: int = 0
    customer_tier: str = ""
    due_time: datetime | None = None
    pickup_node_id: str = ""

    def __post_init__(self) -> None:
        for line_id in _repeated([line.line_id for line in self.lines]):
            raise DuplicateLine(f"line {line_id!r} is there twice; add its units up", line_id=line_id)

    def excludes(self, node_id: str) -> bool:
        """Tell whether nothing at all may be asked of this node."""
        if Exclusion(node_id=node_id) in self.exclusions:
            return True
        return all(Exclusion(node_id=node_id, sku=line.sku) in self.exclusions for line in self.lines)


def _repeated(words: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    return [word for word in words if word in seen or seen.add(word)]  # type: ignore[func-returns-value]
