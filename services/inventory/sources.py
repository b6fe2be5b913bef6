"""What outside systems and counters say of stock, and what is made of it.

Everything here runs inside a transaction of its caller. Locks are taken in this order: a source at a node, differences
that wait for a decision, positions, queues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis.outbox import Outbox
from services.inventory import store, store_drift, store_snapshots, store_sources
from services.inventory.counting import AT_ONCE, Counting, Terms
from services.inventory.domain import deciding
from services.inventory.domain.drift import NO_LIMIT, Drift, DriftException
from services.inventory.domain.messages import Kind, Message
from services.inventory.domain.position import Reason
from services.inventory.domain.problems_sources import DriftExceptionNotFound
from services.inventory.drift_events import opened_event
from services.inventory.moving import Moving
from services.inventory.store import Connection
from services.inventory.store_sources import Difference
from services.kernel import ids
from services.kernel.clock import Clock, milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a message changed."""

    stale: bool = False
    drifts: Sequence[Drift] = ()
    missing_parts: int = 0
    missing_sequences: int = 0


class Sources:
    """Snapshots, deltas and counts. `actor` is who sent them, for the ledger."""

    def __init__(self, moving: Moving, outbox: Outbox, clock: Clock) -> None:
        self._moving = moving
        self._counting = Counting(moving, clock)
        self._outbox = outbox
        self._clock = clock

    async def sync(self, conn: Connection, message: Message, *, actor: str) -> Outcome:
        """Take over a message of a source, unless it is late or has come before."""
        await store_sources.lock(conn, message)
        last = await store_sources.last(conn, message)
        if message.sequence <= last:
            return Outcome(stale=True)
        fresh = await store_sources.claim(conn, message, self._clock.now())
        outcome = Outcome(
            stale=not fresh,
            missing_parts=await store_sources.missing_parts(conn, message),
            missing_sequences=await store_sources.missing_sequences(conn, message, last),
        )
        if not fresh:
            return outcome
        terms = await self._terms(conn, message, actor)
        if message.kind is Kind.DELTA:
            drifts = await self._add(conn, message, terms)
        else:
            drifts = await self._take_over(conn, message, terms, whole=not outcome.missing_parts)
        return replace(outcome, drifts=drifts)

    async def count(
        self,
        conn: Connection,
        node_id: str,
        counts: Mapping[str, int],
        *,
        count_time: datetime | None,
        reference: str,
        actor: str,
    ) -> list[Drift]:
        """Take over what somebody counted at the shelf, which is right, and return where our figures differed."""
        now = self._clock.now()
        await store_drift.counted(conn, node_id, counts, reference, actor=actor, now=now)
        nobody = Message(source="", node_id=node_id, sequence=0, count_time=count_time)
        differences = await store_sources.compare(conn, nobody, counts)
        terms = Terms(
            node_id=node_id,
            reason=Reason.COUNT,
            reference=reference,
            count_time=count_time,
            limit=NO_LIMIT,
            actor=actor,
        )
        return (await self._counting.take_over(conn, differences, terms)).drifts

    async def decide(
        self, conn: Connection, drift_exception_id: str, *, accept: bool, note: str, actor: str
    ) -> DriftException:
        """Make the correction that was proposed, or keep our figure; return the difference afterwards.

        Raises:
            DriftExceptionNotFound: there is none.
            DriftExceptionDecided: it was decided before.
            StockBelowZero: less is there now than would be taken away.
        """
        found = await store_drift.lock(conn, drift_exception_id)
        if found is None:
            raise DriftExceptionNotFound(drift_exception_id)
        decided = deciding.decide(found, accept=accept, note=note, actor=actor, now=self._clock.now())
        if accept:
            positions = await self._moving.open(conn, {found.pair})
            deciding.check(found, positions[found.pair])
            terms = Terms(
                node_id=found.pair.node_id,
                reason=Reason.DRIFT,
                reference=drift_exception_id,
                count_time=None,
                limit=NO_LIMIT,
                actor=actor,
            )
            deltas = {found.pair: found.proposed_delta}
            await self._moving.move(conn, await self._counting.change(conn, positions, deltas, terms), actor)
        await store_drift.save(conn, decided)
        return decided

    async def _terms(self, conn: Connection, message: Message, actor: str) -> Terms:
        return Terms(
            node_id=message.node_id,
            reason=Reason.SNAPSHOT,
            reference=message.reference,
            count_time=message.count_time,
            limit=await store_drift.limit(conn, message.source),
            actor=actor,
        )

    async def _add(self, conn: Connection, message: Message, terms: Terms) -> list[Drift]:
        """Apply what has changed, as far as no count knows it, and return what cannot be so."""
        fresh = await store_sources.add_deltas(conn, message)
        deltas = {message.pair(sku): delta for sku, delta in fresh.items() if delta}
        await store.create_missing(conn, [pair for pair, delta in deltas.items() if delta > 0], self._clock.now())
        positions = await store.lock(conn, deltas)
        there = {pair: delta for pair, delta in deltas.items() if pair in positions}
        await self._moving.move(conn, await self._counting.change(conn, positions, there, terms), terms.actor)
        return deciding.impossible(positions, deltas)

    async def _take_over(self, conn: Connection, message: Message, terms: Terms, *, whole: bool) -> list[Drift]:
        """Take counts over. `whole` where all parts have come: the snapshot is then the source's last one."""
        differences = await self._compare(conn, message, message.counts, terms.actor)
        if whole and message.complete:
            differences += await self._compare_rest(conn, message, terms.actor)
        before = await store_snapshots.statistics(conn, message) if whole else None
        taken = await self._counting.take_over(conn, differences, terms)
        above = await self._open(conn, message, taken.above)
        drifts = sorted([*taken.drifts, *above], key=lambda one: one.sku)
        if before is not None:
            found = before.with_deltas([one.delta for one in drifts])
            await store_snapshots.complete(conn, message, found, self._clock.now())
        return drifts

    async def _compare(
        self, conn: Connection, message: Message, counts: Mapping[str, int], actor: str
    ) -> list[Difference]:
        """Return where counts differ from our figures, and remember them: they settle what was open."""
        if not counts:
            return []
        differences = await store_sources.compare(conn, message, counts)
        await store_sources.remember(conn, message, counts)
        await store_drift.recounted(conn, message, counts, actor=actor, now=self._clock.now())
        return differences

    async def _compare_rest(self, conn: Connection, message: Message, actor: str) -> list[Difference]:
        """Do the same with what a complete snapshot does not name: there is nothing of it."""
        differences: list[Difference] = []
        after = ""
        while skus := await store_sources.uncounted(conn, message, after=after, size=AT_ONCE):
            differences += await self._compare(conn, message, dict.fromkeys(skus, 0), actor)
            after = skus[-1]
        await store_drift.not_named(conn, message, actor=actor, now=self._clock.now())
        return differences

    async def _open(self, conn: Connection, message: Message, above: Sequence[Drift]) -> list[Drift]:
        """Let differences wait for a decision, and tell whoever subscribes."""
        now = self._clock.now()
        opened = [
            DriftException(
                drift_exception_id=ids.new(ids.DRIFT_EXCEPTION, milliseconds(now)),
                source=message.source,
                pair=message.pair(one.sku),
                sequence=message.sequence,
                was_on_hand=one.was_on_hand,
                on_hand=one.on_hand,
                proposed_delta=one.delta,
                create_time=now,
            )
            for one in above
        ]
        await store_drift.add(conn, opened)
        await self._outbox.add(conn, *map(opened_event, opened))
        return [
            replace(one, drift_exception_id=waiting.drift_exception_id)
            for one, waiting in zip(above, opened, strict=True)
        ]
