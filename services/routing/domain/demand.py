"""What is to be planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.kernel.errors import InvalidArgument


class Strategy(StrEnum):
    """What a plan tries hardest to do."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandLine:
    """Units of a line to be shipped."""

    line_id: str
    sku: str
    quantity: int


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
    strategy: Strategy = Strategy.LEAST_COST
    ship_complete: bool = False

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
