"""What an item of an 846 says that will come. The choices are in `x12_846`."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.chassis.x12 import Segment
from services.inventory.files import values
from services.inventory.files.figures import ExpectedSupply, Figure, Reason, Refusal, Unreadable
from services.inventory.files.x12_amounts import Amount, before_quantities, quantity, units
from services.inventory.files.x12_dates import ARRIVAL, dated, scheduled

_ON_ORDER, _PROJECTED = "63", "29"
_DATES = "a DTM or SCH date of 018, 371, 017, 169, 067, 002, 068 or 010"

_Arrival = tuple[int, datetime, str]


def expected(segments: Sequence[Segment]) -> bool:
    """Tell whether anything is said of what will come."""
    return any(s.tag == "SCH" or (s.tag == "QTY" and s[1] in {_ON_ORDER, _PROJECTED}) for s in segments)


def supplies(
    segments: Sequence[Segment],
    stated: Sequence[Amount],
    available: int | None,
    *,
    sku: str,
    node_id: str,
    reference: str,
    position: str,
) -> list[Figure]:
    """Return what will come, and refusals for what nobody can tell when; `available` is what is there now, if said."""
    found: list[Figure] = []
    try:
        for units_to_come, eta, own in _arrivals(segments, stated, available):
            found.append(
                ExpectedSupply(
                    sku=sku,
                    node_id=node_id,
                    quantity=units_to_come,
                    eta=eta,
                    reference=values.identifier(own, "The reference (SCH11)", values.LONGEST_REFERENCE) or reference,
                    position=position,
                )
            )
    except Unreadable as refused:
        # What is there is not in doubt because of what is to come.
        found.append(Refusal(reason=refused.reason, position=position, message=refused.message))
    return found


def _arrivals(segments: Sequence[Segment], stated: Sequence[Amount], available: int | None) -> list[_Arrival]:
    schedules = [segment for segment in segments if segment.tag == "SCH"]
    if schedules:
        return list(_scheduled(schedules))
    before = before_quantities(segments)
    ordered = [(one.units(), _when(one, before)) for one in stated if one.qualifier == _ON_ORDER]
    if ordered:
        return [(number, _known(when, f"QTY {_ON_ORDER}"), "") for number, when in ordered if number]
    projected = [(one.units(), _when(one, before)) for one in stated if one.qualifier == _PROJECTED]
    if not any(number for number, _ in projected):
        return []
    if available is None:
        message = f"QTY {_PROJECTED} projects what will be available, and nothing says what is now: ask for QTY 63."
        raise Unreadable(Reason.MISSING_FIELD, message)
    steps = sorted((_known(when, f"QTY {_PROJECTED}"), number) for number, when in projected if number)
    return list(_added(steps, available))


def _scheduled(schedules: Sequence[Segment]) -> Iterator[_Arrival]:
    for segment in schedules:
        units(segment[2])
        number = quantity(segment[1], "SCH01")
        if number:
            yield number, _known(scheduled(segment), "SCH"), segment[11]


def _added(steps: Sequence[tuple[datetime, int]], available: int) -> Iterator[_Arrival]:
    """Yield what each projection adds to the highest before it."""
    highest = available
    for eta, number in steps:
        if number > highest:
            yield number - highest, eta, ""
            highest = number


def _when(one: Amount, before: Sequence[Segment]) -> datetime | None:
    return dated(one.details, ARRIVAL) or dated(before, ARRIVAL)


def _known(when: datetime | None, name: str) -> datetime:
    if when is None:
        raise Unreadable(Reason.MISSING_FIELD, f"{name} does not say when it comes: ask for {_DATES}.")
    return when
