"""What inventory refuses about supply.

FailedPrecondition
├── SupplyNotOpen          it was received or cancelled before
├── SupplyTooSmall         more would be cancelled than is still to come
├── SupplyUndated          a supplier's stock has a lead time, no date that could move
└── QuantityBelowReceived  fewer units are announced than came or were cancelled
InvalidArgument
├── InvalidSupply          parts of it contradict each other
└── NothingReceived        a receipt of nothing, after which more is to come
NotFound
└── SupplyNotFound         no such supply
"""

from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound


class SupplyNotOpen(FailedPrecondition):
    reason = "SUPPLY_NOT_OPEN"

    def __init__(self, supply_id: str, state: str) -> None:
        super().__init__(f"supply {supply_id} is {state}: nothing of it is to come", supply_id=supply_id, state=state)


class SupplyTooSmall(FailedPrecondition):
    reason = "SUPPLY_TOO_SMALL"

    def __init__(self, supply_id: str, *, wanted: int, still_open: int) -> None:
        super().__init__(
            f"{wanted} units of {supply_id} cannot be cancelled, {still_open} are still to come",
            supply_id=supply_id,
            wanted=wanted,
            open=still_open,
        )


class SupplyUndated(FailedPrecondition):
    reason = "SUPPLY_UNDATED"

    def __init__(self, supply_id: str) -> None:
        super().__init__(
            f"supply {supply_id} is a supplier's stock: it comes a lead time after it is wanted, at no date",
            supply_id=supply_id,
        )


class QuantityBelowReceived(FailedPrecondition):
    reason = "QUANTITY_BELOW_RECEIVED"

    def __init__(self, supply_id: str, *, quantity: int, least: int) -> None:
        super().__init__(
            f"supply {supply_id} cannot be of {quantity} units: {least} came or were cancelled",
            supply_id=supply_id,
            quantity=quantity,
            least=least,
        )


class InvalidSupply(InvalidArgument):
    reason = "INVALID_SUPPLY"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, field=field)


class NothingReceived(InvalidArgument):
    reason = "NOTHING_RECEIVED"

    def __init__(self, supply_id: str) -> None:
        super().__init__(
            f"nothing of {supply_id} was received; name the units, or say that no more will come", supply_id=supply_id
        )


class SupplyNotFound(NotFound):
    reason = "SUPPLY_NOT_FOUND"

    def __init__(self, supply_id: str) -> None:
        super().__init__(f"there is no supply {supply_id}", supply_id=supply_id)
