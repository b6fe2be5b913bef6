"""What inventory refuses.

FailedPrecondition
├── InsufficientStock    more is wanted than is free
├── StockBelowZero       more would be taken than is there
└── ReservationNotLive   more is shipped, moved or confirmed than there is a right to
NotFound
├── PositionNotFound     this node never had this SKU
└── ReservationNotFound  no such reservation
InvalidArgument
├── DuplicateSku         a snapshot counts a SKU twice
├── DuplicateLine        an order waits twice for one line
├── ExpireTimePassed     a reservation that would be over before it began
└── TooManyPairs         more answers than fit into one
"""

import json
from collections.abc import Sequence

from services.inventory.domain.position import Pair
from services.inventory.domain.shortfall import Shortfall
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound

# An error travels in the trailers of a call, and the chassis cuts longer texts, which would break the JSON.
_MOST_CHARACTERS = 1000


class InsufficientStock(FailedPrecondition):
    reason = "INSUFFICIENT_STOCK"

    def __init__(self, shortfalls: Sequence[Shortfall]) -> None:
        first = shortfalls[0]
        super().__init__(
            f"{first.wanted} of {first.pair.sku} are wanted at {first.pair.node_id}, {first.available} can be reserved",
            sku=first.pair.sku,
            node_id=first.pair.node_id,
            wanted=first.wanted,
            available=first.available,
            shortfall_count=len(shortfalls),
            shortfalls=_listed(shortfalls),
        )


class StockBelowZero(FailedPrecondition):
    reason = "STOCK_BELOW_ZERO"

    def __init__(self, pair: Pair, counter: str, *, there: int, delta: int) -> None:
        super().__init__(
            f"{counter} of {pair.sku} at {pair.node_id} cannot change by {delta}: it is {there}, and must stay between "
            "zero and what is on hand",
            sku=pair.sku,
            node_id=pair.node_id,
            counter=counter,
            there=there,
            delta=delta,
        )


class ReservationNotLive(FailedPrecondition):
    reason = "RESERVATION_NOT_LIVE"

    def __init__(self, reservation_id: str, *, wanted: int, live: int) -> None:
        super().__init__(
            f"{wanted or 'all'} units of {reservation_id} are meant, {live} are live",
            reservation_id=reservation_id,
            wanted=wanted,
            live=live,
        )


class ReservationNotFound(NotFound):
    reason = "RESERVATION_NOT_FOUND"

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"there is no reservation {reservation_id}", reservation_id=reservation_id)


class PositionNotFound(NotFound):
    reason = "POSITION_NOT_FOUND"

    def __init__(self, pair: Pair) -> None:
        super().__init__(f"{pair.node_id} has never had {pair.sku}", sku=pair.sku, node_id=pair.node_id)


class DuplicateSku(InvalidArgument):
    reason = "DUPLICATE_SKU"

    def __init__(self, sku: str) -> None:
        super().__init__(f"the snapshot counts {sku} twice; send one count for each SKU", sku=sku)


class DuplicateLine(InvalidArgument):
    reason = "DUPLICATE_LINE"

    def __init__(self, line_id: str) -> None:
        super().__init__(f"line {line_id} is there twice; send one entry for each line", line_id=line_id)


class ExpireTimePassed(InvalidArgument):
    reason = "EXPIRE_TIME_PASSED"

    def __init__(self, expire_time: str) -> None:
        super().__init__(f"the reservation would have ended at {expire_time}, which is past", expire_time=expire_time)


class TooManyPairs(InvalidArgument):
    reason = "TOO_MANY_PAIRS"

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} pairs are available; ask for fewer SKUs or nodes at a time", limit=limit)


def _listed(shortfalls: Sequence[Shortfall]) -> str:
    """Return as many of the shortfalls as fit, as JSON."""
    rows: list[str] = []
    for one in shortfalls:
        row = {"sku": one.pair.sku, "node_id": one.pair.node_id, "wanted": one.wanted, "available": one.available}
        rows.append(json.dumps(row, ensure_ascii=False))
        if len(",".join(rows)) + 2 > _MOST_CHARACTERS:
            rows.pop()
            break
    return f"[{','.join(rows)}]"
