"""Makes decisions again: reads what they were made from, and plans anew with whatever should be different."""

import asyncio
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from oms.routing.v1 import network_pb2
from services.chassis.database import Database
from services.kernel.errors import FailedPrecondition
from services.routing import inputs_record, memory, store_planning, store_rehearsal
from services.routing.domain.demand import Exclusion
from services.routing.domain.inputs import Inputs
from services.routing.domain.network import Network
from services.routing.domain.rules import Rules
from services.routing.planner import Planner

# Networks of decisions long ago that are kept; each may be some 10 MB.
_KEPT = 8


class DecisionNotReplayable(FailedPrecondition):
    reason = "DECISION_NOT_REPLAYABLE"

    def __init__(self, decision_id: str, why: str) -> None:
        message = (
            f"{decision_id} cannot be made again: {why}; ExplainDecision tells what was recorded of it, and PlanOrder "
            "decides anew"
        )
        super().__init__(message, decision_id=decision_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a decision was made from, as it is stored, with the network of then."""

    document: Mapping[str, Any]
    network: Network

    @property
    def order_id(self) -> str:
        return str(self.document["order_id"])

    @property
    def rule_version(self) -> str:
        return str(self.document["rule_version"])

    def inputs(self, rules: Rules) -> Inputs:
        """Return it for planning, by any rules."""
        return inputs_record.from_document(self.document, self.network, rules)


class Replaying:
    """Reads decisions of the past, and makes them again. Changes nothing."""

    def __init__(self, database: Database, planner: Planner) -> None:
        self._database = database
        self._planner = planner
        self._networks: dict[tuple[str, int], Network] = {}
        self._one_builds = asyncio.Lock()

    async def seen(self, decision_id: str) -> Seen | None:
        """Return what a decision was made from; None where nobody wrote that down."""
        async with self._database.connect() as conn:
            found = await store_planning.find_inputs(conn, decision_id)
        if found is None:
            return None
        document, digest, snapshot = found
        year = datetime.fromisoformat(document["now"]).year
        return Seen(document=document, network=await self._network(digest, year, snapshot))

    async def read(self, recorded: store_rehearsal.Recorded) -> Seen:
        """Return what a decision was made from, of many that mostly saw the same network."""
        year = recorded.create_time.year
        return Seen(document=recorded.document, network=await self._network(recorded.network_digest, year))

    async def by(self, inputs: Inputs, rules: Rules) -> Inputs:
        """Return the inputs for other rules, which may look at what those of then did not."""
        inputs = replace(inputs, rules=rules)
        if not rules.uses("stock") or inputs.loads.daily_demand:
            return inputs
        skus = list(dict.fromkeys(line.sku for line in inputs.demand.lines))
        async with self._database.connect() as conn:
            demand = await store_rehearsal.demand_before(conn, skus, inputs.now)
        return replace(inputs, loads=replace(inputs.loads, daily_demand=demand)) if demand else inputs

    async def now(self, seen: Seen, rules: Rules) -> Inputs:
        """Return the inputs with the stock, the network, the products and the hour of now.

        Raises:
            InventoryUnavailable: inventory does not answer.
        """
        then = seen.inputs(rules)
        skus = list(dict.fromkeys(line.sku for line in then.demand.lines))
        look, known = await self._planner.look(decision_id="", promise_id="", skus=skus)
        inputs = await self._planner.inputs(
            then.demand, look, known, owner_id=seen.order_id, promise=then.promise, rules=rules
        )
        # Of the postal code only a part was kept, which no longer says where that is.
        return replace(inputs, place=then.place)

    async def _network(self, digest: str, year: int, snapshot: bytes | None = None) -> Network:
        # Public holidays are known for some years around the one in which a network was read.
        key = digest, year
        async with self._one_builds:
            if key not in self._networks:
                if snapshot is None:
                    async with self._database.connect() as conn:
                        snapshot = await store_rehearsal.snapshot(conn, digest)
                if len(self._networks) >= _KEPT:
                    self._networks.clear()
                self._networks[key] = await asyncio.to_thread(_build, snapshot, digest, year)
            return self._networks[key]


def without(inputs: Inputs, node_ids: Collection[str]) -> Inputs:
    """Return the inputs with these nodes left out."""
    if not node_ids:
        return inputs
    exclusions = inputs.demand.exclusions | {Exclusion(node_id=node_id) for node_id in node_ids}
    return replace(inputs, demand=replace(inputs.demand, exclusions=exclusions))


def _build(snapshot: bytes, digest: str, year: int) -> Network:
    return memory.build(network_pb2.Network.FromString(zlib.decompress(snapshot)), digest, year)
