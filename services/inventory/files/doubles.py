"""What may be in a file once, and what was there before."""

from array import array
from collections.abc import Callable, Hashable

from services.inventory.files.figures import Count, ExpectedSupply, Reason, Unreadable

_MASK = (1 << 64) - 1


class Seen:
    """Where each figure was seen first: 18 to 36 bytes a figure, where a dictionary needs over a hundred.

    Figures are told apart by 64 bits of hash: among ten million, two are taken for the same in one of several hundred
    thousand files, and then the later one is refused, not miscounted.
    """

    def __init__(self) -> None:
        self._hashes = array("Q", bytes(8 * 1024))
        self._places = array("I", bytes(4 * 1024))
        self._count = 0

    def once(self, figure: Count | ExpectedSupply, place: int, position: Callable[[int], str]) -> None:
        """Remember the place of a figure; places begin at 1, and `position` puts them into words.

        Raises:
            Unreadable: the figure was there before.
        """
        before = self.first(_key(figure), place)
        if before:
            lot = f", lot {figure.lot_id}" if isinstance(figure, Count) and figure.lot_id else ""
            cure = "keep one" if isinstance(figure, Count) else "add them up, or give each its own reference"
            message = f"{figure.sku} at {figure.node_id}{lot} is in {position(before)} and again in {position(place)}"
            raise Unreadable(Reason.DUPLICATE, f"{message}: {cure}.")

    def first(self, key: Hashable, place: int) -> int:
        """Return where the key was seen before, or remember this place and return 0."""
        if 3 * self._count >= 2 * len(self._hashes):
            self._grow()
        code = hash(key) & _MASK
        slot = self._slot(code)
        if self._places[slot]:
            return self._places[slot]
        self._hashes[slot], self._places[slot] = code, place
        self._count += 1
        return 0

    def _slot(self, code: int) -> int:
        last = len(self._hashes) - 1
        slot = code & last
        while self._places[slot] and self._hashes[slot] != code:
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        hashes, places = self._hashes, self._places
        self._hashes = array("Q", bytes(16 * len(hashes)))
        self._places = array("I", bytes(8 * len(places)))
        for code, place in zip(hashes, places, strict=True):
            if place:
                slot = self._slot(code)
                self._hashes[slot], self._places[slot] = code, place


def _key(figure: Count | ExpectedSupply) -> tuple[object, ...]:
    if isinstance(figure, Count):
        return figure.sku, figure.node_id, figure.lot_id
    return figure.sku, figure.node_id, figure.eta, figure.type, figure.reference
