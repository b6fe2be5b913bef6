"""What SKUs are like for those who store and carry them."""

from dataclasses import dataclass

# Of a SKU that nobody has described.
DEFAULT_GRAMS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A SKU: a unit's weight and box, and what node and carrier must be able to."""

    sku: str
    grams: int = DEFAULT_GRAMS
    length_mm: int = 0
    width_mm: int = 0
    height_mm: int = 0
    required_capabilities: tuple[str, ...] = ()
    origin_country_code: str = ""
    hs_code: str = ""

    def billed_grams(self, dimensional_divisor: int) -> int:
        """Return what a carrier charges a unit for: its weight, or its volume (cm³ / divisor = kg) where that is more.

        Each unit is taken by itself: a parcel of several is charged as the sum of their boxes, never as less.
        """
        if not dimensional_divisor:
            return self.grams
        cubic_millimetres = self.length_mm * self.width_mm * self.height_mm
        return max(self.grams, -(-cubic_millimetres // dimensional_divisor))
