"""What a replica keeps in memory of screening: the active rules, ready for use, and which channels have names of
their own. It asks at most once a second whether anything changed: what another replica is told counts here within that
second, what this one is told counts at once.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.chassis.database import Connection, Database
from services.intake import screening_reading, store_screening
from services.intake.domain.screening import RuleSet
from services.kernel.clock import Clock

_log = structlog.get_logger(__name__)
_FRESH = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What new orders are screened by, as of some number of changes."""

    state: int
    rules: tuple[RuleSet, ...]
    channels_with_skus: frozenset[str]
    channels_with_locations: frozenset[str]


class ScreeningMemory:
    """Reads again what has changed, and only then."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: Known | None = None
        self._asked: datetime | None = None
        self._forgotten = 0
        self._one_reads = asyncio.Lock()

    async def known(self) -> Known:
        """Return what is true, or was a second ago."""
        if (fresh := self._fresh()) is not None:
            return fresh
        async with self._one_reads:
            if (fresh := self._fresh()) is not None:
                return fresh
            now, forgotten = self._clock.now(), self._forgotten
            async with self._database.connect() as conn:
                state = await store_screening.state(conn)
                known = self._known
                if known is None or known.state != state:
                    known = await _read(conn, state)
            self._known = known
            # What was changed here while it was read is read before the next order.
            self._asked = now if forgotten == self._forgotten else None
            return known

    def forget(self) -> None:
        """Ask again before the next order: something was changed here."""
        self._asked = None
        self._forgotten += 1

    def _fresh(self) -> Known | None:
        if self._known is None or self._asked is None:
            return None
        return self._known if abs(self._clock.now() - self._asked) < _FRESH else None


async def _read(conn: Connection, state: int) -> Known:
    rules = []
    for version in await store_screening.list_versions(conn, state="ACTIVE"):
        try:
            rules.append(await asyncio.to_thread(screening_reading.read, version.rule_set, version.version))
        except screening_reading.InvalidScreeningRules as error:
            # Saved by an older release that asked for less: orders go on by the other rules, and somebody is told.
            _log.error(
                "screening_rules_unusable", name=version.rule_set.name, version=version.version, error=str(error)
            )
    goods, places = await store_screening.mapped_channels(conn)
    return Known(state=state, rules=tuple(rules), channels_with_skus=goods, channels_with_locations=places)
