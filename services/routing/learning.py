"""Keeps what was learned about lead times at hand.

It is statistics: what another replica counted within the last minute may be missing, and no cart waits for it twice.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from services.chassis.database import Database
from services.routing import store_promises
from services.routing.domain.lead_times import Histogram, Lane, LeadTimes

_FRESH = timedelta(minutes=1)
# Histograms that are kept, each of some hundred bytes.
_KEPT = 50_000


class Learning:
    """Reads what is not known or too old, and only that."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._transit: dict[Lane, tuple[datetime, Histogram]] = {}
        self._processing: dict[str, tuple[datetime, Histogram]] = {}

    async def of(self, lanes: Collection[Lane], node_ids: Collection[str], now: datetime) -> LeadTimes:
        """Return what was learned about these lanes, and about these nodes."""
        old = now - _FRESH
        transit = {lane: self._transit.get(lane) for lane in lanes}
        processing = {node_id: self._processing.get(node_id) for node_id in node_ids}
        lanes = [lane for lane, known in transit.items() if known is None or known[0] <= old]
        node_ids = [node_id for node_id, known in processing.items() if known is None or known[0] <= old]
        if lanes or node_ids:
            async with self._database.driver() as driver:
                read = await store_promises.learned(driver, lanes, node_ids)
            if len(self._transit) > _KEPT:
                self._transit.clear()
            for lane in lanes:
                transit[lane] = self._transit[lane] = now, read.of_transit(lane)
            for node_id in node_ids:
                processing[node_id] = self._processing[node_id] = now, read.of_processing(node_id)
        return LeadTimes(
            transit={lane: known[1] for lane, known in transit.items() if known},
            processing={node_id: known[1] for node_id, known in processing.items() if known},
        )

    def forget(self, lane: Lane) -> None:
        """Read again what is known of a lane and its node: something was counted."""
        self._transit.pop(lane, None)
        self._processing.pop(lane.node_id, None)
