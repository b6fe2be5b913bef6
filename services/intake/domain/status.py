"""Where an order stands: computed from its units' rooms and its open holds, never set.

The generated column `orders.status` in `tables.py` says the same in SQL; a property test holds the two together.
"""

from enum import StrEnum

from services.intake.domain.rooms import Units


class OrderStatus(StrEnum):
    """Where an order stands."""

    ON_HOLD = "ON_HOLD"
    OPEN = "OPEN"
    BACKORDERED = "BACKORDERED"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    PARTLY_SHIPPED = "PARTLY_SHIPPED"
    SHIPPED = "SHIPPED"
    PARTLY_DELIVERED = "PARTLY_DELIVERED"
    DELIVERED = "DELIVERED"
    PARTLY_RETURNED = "PARTLY_RETURNED"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"
    LOST = "LOST"

    @property
    def words(self) -> str:
        """As people read it: "On hold"."""
        return self.value.replace("_", " ").capitalize()


RESTING = frozenset(
    {
        OrderStatus.DELIVERED,
        OrderStatus.PARTLY_RETURNED,
        OrderStatus.RETURNED,
        OrderStatus.CANCELLED,
        OrderStatus.LOST,
    }
)


def derive(units: Units, open_hold_count: int) -> OrderStatus:
    """Return where an order with these units and this many open holds stands."""
    if units.total == units.cancelled:
        return OrderStatus.CANCELLED
    if open_hold_count > 0 and units.before_node > 0:
        return OrderStatus.ON_HOLD
    return _going(units) if units.cancellable > 0 else _gone(units)


def _going(units: Units) -> OrderStatus:
    if units.gone > 0:
        return OrderStatus.PARTLY_SHIPPED
    if units.backordered > 0:
        return OrderStatus.BACKORDERED
    if units.open > 0:
        return OrderStatus.OPEN
    return OrderStatus.RESERVED if units.reserved > 0 else OrderStatus.RELEASED


def _gone(units: Units) -> OrderStatus:
    if units.shipped > 0:
        return OrderStatus.PARTLY_DELIVERED if units.delivered + units.returned > 0 else OrderStatus.SHIPPED
    if units.delivered + units.returned == 0:
        return OrderStatus.LOST
    if units.returned > 0:
        return OrderStatus.RETURNED if units.delivered == 0 else OrderStatus.PARTLY_RETURNED
    return OrderStatus.DELIVERED
