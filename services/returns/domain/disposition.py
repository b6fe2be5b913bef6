"""What becomes of units that came: the third of the three axes."""

from collections.abc import Mapping
from enum import StrEnum

from services.kernel.errors import FailedPrecondition


class Disposition(StrEnum):
    """What becomes of a unit that came back; the value in lower case is the name of its column."""

    RESTOCK = "RESTOCK"
    REFURBISH = "REFURBISH"
    SCRAP = "SCRAP"
    RETURN_TO_VENDOR = "RETURN_TO_VENDOR"
    INSPECT_AGAIN = "INSPECT_AGAIN"

    @property
    def final(self) -> bool:
        """Whether the unit keeps it for good."""
        return self is not Disposition.INSPECT_AGAIN


Dispositions = Mapping[Disposition, int]


def final_units(dispositions: Dispositions) -> int:
    """Return how many units have a disposition that they keep."""
    return sum(units for disposition, units in dispositions.items() if disposition.final)


def inspected(
    line_id: str, received: int, before: Dispositions, disposition: Disposition, quantity: int
) -> dict[Disposition, int]:
    """Return the dispositions after `quantity` more units got this one.

    Units nobody had looked at are taken first, then those that were to be looked at again.

    Raises:
        FailedPrecondition: MORE_THAN_RECEIVED, where fewer units are without a final disposition.
    """
    undecided = received - final_units(before)
    if quantity > undecided:
        raise FailedPrecondition(
            f"line {line_id} has {undecided} units that came and are not decided on, not {quantity}",
            reason="MORE_THAN_RECEIVED",
            line_id=line_id,
            wanted=quantity,
            undecided=undecided,
        )
    again = before.get(Disposition.INSPECT_AGAIN, 0)
    unseen = undecided - again
    after = dict(before)
    after[Disposition.INSPECT_AGAIN] = again - max(0, quantity - unseen)
    after[disposition] = after.get(disposition, 0) + quantity
    return {one: units for one, units in after.items() if units}
