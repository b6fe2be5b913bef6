"""Plans many orders by two rule sets: recorded ones as they were seen, or made-up ones with the stock of now.

Other calls go on meanwhile: it rests while they are busy, and only a few orders are in memory at a time.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from oms.routing.v1.routing_service_pb2 import PlanOrderRequest
from services.chassis.database import Database
from services.routing import store_rehearsal, wire_decisions
from services.routing.domain.comparing import Comparing, takes
from services.routing.domain.inputs import Inputs
from services.routing.domain.outline import outline
from services.routing.domain.rules import Rules, select
from services.routing.pacing import Pace
from services.routing.planner import Planner
from services.routing.replaying import Replaying
from services.routing.store_rehearsal import Window

# Long before the first decision.
EVER = datetime(2000, 1, 1, tzinfo=UTC)
# Orders that are read at a time.
_BATCH = 10
# What is tried before a version is relied on: not more orders, and no longer.
_TRIED, _TRIAL_SECONDS = 200, 5.0
_MOST_FAILURES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A rule set that is to be tried, against another or against whatever is active for each order, and on what."""

    tried: Rules
    # None for what is active.
    baseline: Rules | None
    window: Window
    most_orders: int
    # These, instead of recorded ones.
    orders: Sequence[PlanOrderRequest] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    order_id: str
    decision_id: str
    inputs: Inputs


class Simulating:
    """Tries rule sets on orders. Changes nothing."""

    def __init__(self, database: Database, planner: Planner, replaying: Replaying) -> None:
        self._database = database
        self._planner = planner
        self._replaying = replaying

    async def count(self, trial: Trial) -> int:
        """Return how many orders there are to try it on; some of the recorded ones may be none of its own."""
        if trial.orders:
            return len(trial.orders)
        async with self._database.connect() as conn:
            return await store_rehearsal.count(conn, trial.window, trial.most_orders)

    async def run(self, trial: Trial, comparing: Comparing) -> AsyncGenerator[None]:
        """Plan order after order by both, count what comes out, and yield after each.

        Raises:
            InventoryUnavailable: orders are made up, and inventory does not answer.
        """
        _, known = await self._planner.look(decision_id="", promise_id="", skus=[])
        pace = Pace()
        cases = self._made_up(trial) if trial.orders else self._recorded(trial, known.active)
        async for case in cases:
            await pace.rest()
            if case is not None:
                baseline = trial.baseline or _active(case, known.active)
                before = await self._replaying.by(case.inputs, baseline)
                first = second = outline(before, await self._planner.plan(before))
                if baseline.version != trial.tried.version:
                    await pace.rest()
                    after = await self._replaying.by(case.inputs, trial.tried)
                    second = outline(after, await self._planner.plan(after))
                comparing.add(case.order_id, case.decision_id, baseline=first, tried=second)
            yield

    async def failures(self, rules: Rules, now: datetime) -> list[str]:
        """Try rules on the newest recorded orders of theirs; return what failed: where, why, and for which order."""
        found: dict[str, str] = {}
        started, pace = time.perf_counter(), Pace()
        window = Window(since=EVER, until=now)
        trial = Trial(tried=rules, baseline=rules, window=window, most_orders=_TRIED)
        async for case in self._recorded(trial, ()):
            if case is not None:
                inputs = await self._replaying.by(case.inputs, rules)
                for warning in (await self._planner.plan(inputs)).warnings:
                    found.setdefault(warning, f"{warning}, for order {case.order_id}")
            if len(found) >= _MOST_FAILURES or time.perf_counter() - started > _TRIAL_SECONDS:
                break
            await pace.rest()
        return list(found.values())

    async def _recorded(self, trial: Trial, active: Sequence[Rules]) -> AsyncIterator[_Case | None]:
        """Yield the newest orders that these rules would plan, as they were seen; None for one that they would not."""
        after, found = None, 0
        while True:
            async with self._database.connect() as conn:
                page = await store_rehearsal.page(conn, trial.window, after=after, limit=_BATCH)
            for one in page:
                inputs = (await self._replaying.read(one)).inputs(trial.tried)
                # Held against what is active, a set is tried on what it would plan in its place.
                mine = takes(trial.tried, () if trial.baseline else active, inputs.demand)
                found += mine
                yield _Case(one.order_id, one.decision_id, inputs) if mine else None
                if found == trial.most_orders:
                    return
            if len(page) < _BATCH:
                return
            after = page[-1]

    async def _made_up(self, trial: Trial) -> AsyncIterator[_Case]:
        for order in trial.orders:
            demand = wire_decisions.to_demand(order)
            skus = list(dict.fromkeys(line.sku for line in demand.lines))
            look, known = await self._planner.look(decision_id="", promise_id="", skus=skus)
            inputs = await self._planner.inputs(demand, look, known, owner_id=order.order_id, rules=trial.tried)
            yield _Case(order.order_id, "", inputs)


def _active(case: _Case, active: Sequence[Rules]) -> Rules:
    demand = case.inputs.demand
    return select(tuple(active), demand.destination.country_code, demand.channel, demand.program)
