"""How much of what is wanted there is."""

from collections.abc import Sequence

from services.routing.domain.demand import DemandLine
from services.routing.domain.network import Offer


def coverable(lines: Sequence[DemandLine], offers: Sequence[Offer]) -> list[DemandLine]:
    """Return the lines with as many units as there are; where there are too few, the first lines are served first."""
    left: dict[str, int] = {}
    for offer in offers:
        for sku, units in offer.stock.items():
            left[sku] = left.get(sku, 0) + units
    covered: list[DemandLine] = []
    for line in lines:
        units = min(line.quantity, left.get(line.sku, 0))
        if units:
            left[line.sku] -= units
            covered.append(DemandLine(line_id=line.line_id, sku=line.sku, quantity=units))
    return covered


def per_sku(lines: Sequence[DemandLine]) -> dict[str, int]:
    """Return units per SKU, the lines of one SKU summed, in the order of the lines."""
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return wanted
