"""Quantities are whole units, within limits that keep every sum inside 64 bits."""

MAXIMUM = 1_000_000_000


def checked(quantity: int) -> int:
    """Return the quantity, or raise ValueError where it is not between 1 and `MAXIMUM`."""
    if not 1 <= quantity <= MAXIMUM:
        raise ValueError(f"a quantity must be between 1 and {MAXIMUM}, not {quantity}")
    return quantity
