"""Bundles: SKUs without stock of their own, sold as their components. One level: a bundle never contains a bundle."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.inventory.domain.problems_bundles import BundleEmpty, BundleNested, BundleOfItself, DuplicateComponent
from services.kernel.quantity import checked


@dataclass(frozen=True, slots=True)
class Component:
    """So many units of a SKU are in one bundle, at least one."""

    sku: str
    quantity: int

    def __post_init__(self) -> None:
        checked(self.quantity)


def explode(bundle_units: int, components: Iterable[Component]) -> dict[str, int]:
    """Return how many units of each component so many bundles are."""
    units: dict[str, int] = {}
    for component in components:
        units[component.sku] = units.get(component.sku, 0) + bundle_units * component.quantity
    return units


def available(free: Mapping[str, int], components: Iterable[Component]) -> int:
    """Return how many whole bundles the free units of the components make; what has no entry has no units."""
    return min((max(0, free.get(sku, 0)) // units for sku, units in explode(1, components).items()), default=0)


def check(bundle_sku: str, components: Sequence[Component], known_bundles: Collection[str]) -> None:
    """Let a bundle pass that can be sold as its components.

    Raises:
        BundleEmpty: it has no components.
        BundleOfItself: it contains itself.
        BundleNested: it contains one of the known bundles.
        DuplicateComponent: a component is named twice.
    """
    if not components:
        raise BundleEmpty(bundle_sku)
    seen: set[str] = set()
    for component in components:
        if component.sku == bundle_sku:
            raise BundleOfItself(bundle_sku)
        if component.sku in known_bundles:
            raise BundleNested(bundle_sku, component.sku)
        if component.sku in seen:
            raise DuplicateComponent(bundle_sku, component.sku)
        seen.add(component.sku)
