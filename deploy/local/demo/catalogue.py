"""The demonstration's catalogue: a clothing shop, made from words, the same on every machine."""

from decimal import Decimal
from itertools import product

# What it is: its code, its title, its price in US dollars, and its weight in grams.
_KINDS = {
    "TEE": ("T-shirt", "19.90", 180),
    "POLO": ("Polo shirt", "34.50", 240),
    "HOOD": ("Hooded sweatshirt", "59.00", 620),
    "CREW": ("Crew-neck sweatshirt", "49.00", 540),
    "FLAN": ("Flannel shirt", "44.90", 380),
    "JEAN": ("Jeans", "79.00", 740),
    "CHINO": ("Chinos", "64.00", 560),
    "SHORT": ("Shorts", "32.00", 290),
    "RAIN": ("Rain jacket", "119.00", 480),
    "FLEECE": ("Fleece jacket", "74.50", 510),
    "BEAN": ("Beanie", "16.00", 90),
    "SOCK": ("Socks, pair", "8.90", 60),
}
_COLOURS = {"BLK": "black", "WHT": "white", "NVY": "navy", "GRY": "grey", "GRN": "green"}
_SIZES = ("S", "M", "L", "XL", "2XL")

SKUS: tuple[str, ...] = tuple("-".join(parts) for parts in product(_KINDS, _COLOURS, _SIZES))


def title(sku: str) -> str:
    """Return what the shop calls it: "T-shirt, black, M"."""
    kind, colour, size = sku.split("-")
    return f"{_KINDS[kind][0]}, {_COLOURS[colour]}, {size}"


def price(sku: str) -> Decimal:
    """Return the price of one, in major units of whatever currency it is sold in; 2XL costs a tenth more."""
    kind, _, size = sku.split("-")
    listed = Decimal(_KINDS[kind][1])
    return (listed * Decimal("1.1")).quantize(Decimal("0.01")) if size == "2XL" else listed


def weight_grams(sku: str) -> int:
    """Return the weight of one: each size is five per cent heavier than the one before."""
    kind, _, size = sku.split("-")
    return _KINDS[kind][2] * (100 + 5 * _SIZES.index(size)) // 100
