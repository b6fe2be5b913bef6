"""Quantities of X12: QTY segments, each with what belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from services.chassis.x12 import Segment
from services.inventory.files import values
from services.inventory.files.figures import Reason, Unreadable

# Each, piece, unit, set, pair, kit: what is sold and reserved as one.
_SINGLE = {"", "EA", "PC", "UN", "ST", "SE", "PR", "KT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A QTY segment and the segments behind it, up to the next."""

    qualifier: str
    segment: Segment
    details: Sequence[Segment]

    def units(self, *, least: int = 0) -> int:
        """Return how many units it is.

        Raises:
            Unreadable: it is no whole number, or is not of single units.
        """
        unit = self.segment[3] or next((s[1] for s in self.details if s.tag == "UIT"), "")
        units(unit)
        return quantity(self.segment[2], f"QTY {self.qualifier}", least=least)


def amounts(segments: Sequence[Segment]) -> list[Amount]:
    """Return the quantities among the segments, in their order."""
    found: list[Amount] = []
    details: list[Segment] = []
    for segment in segments:
        if segment.tag == "QTY":
            details = []
            found.append(Amount(qualifier=segment[1], segment=segment, details=details))
        elif segment.tag == "N1":
            details = []
        else:
            details.append(segment)
    return found


def before_quantities(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments that are of no quantity but of all."""
    return list(takewhile(lambda segment: segment.tag != "QTY", segments))


def quantity(text: str, name: str, *, least: int = 0) -> int:
    """Return a quantity; the decimal mark of X12 is a point, so "1200.000" is whole.

    Raises:
        Unreadable: it is empty, no whole number, or out of range.
    """
    return values.whole(text.rstrip("0").rstrip(".") or "0" if "." in text else text, name, least=least)


def units(code: str) -> None:
    """Refuse a unit of which nobody can say how many single units it is.

    Raises:
        Unreadable: it is no single unit.
    """
    if code not in _SINGLE:
        message = f"The quantity is in {values.shown(code)}: ask the partner for single units (EA)."
        raise Unreadable(Reason.UNSUPPORTED, message)
