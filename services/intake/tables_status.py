"""The order's status in SQL: what `domain/status.py` says, as the generated columns of `orders`.

The expressions are frozen into the first migration; a change here needs a migration of its own.
"""

_TOTAL = "open + backordered + reserved + released + shipped + delivered + returned + cancelled + lost"

STATUS = f"""CASE
WHEN {_TOTAL} = cancelled THEN 'CANCELLED'
WHEN open_hold_count > 0 AND open + backordered + reserved > 0 THEN 'ON_HOLD'
WHEN open + backordered + reserved + released > 0 THEN CASE
WHEN shipped + delivered + returned + lost > 0 THEN 'PARTLY_SHIPPED'
WHEN backordered > 0 THEN 'BACKORDERED'
WHEN open > 0 THEN 'OPEN'
WHEN reserved > 0 THEN 'RESERVED'
ELSE 'RELEASED' END
WHEN shipped > 0 THEN CASE WHEN delivered + returned > 0 THEN 'PARTLY_DELIVERED' ELSE 'SHIPPED' END
WHEN delivered + returned = 0 THEN 'LOST'
WHEN returned > 0 THEN CASE WHEN delivered = 0 THEN 'RETURNED' ELSE 'PARTLY_RETURNED' END
ELSE 'DELIVERED' END"""

# Nothing is left at a node or on its way: a process will change the order no more.
RESTING = "open + backordered + reserved + released + shipped = 0"
