"""Those who wait for stock: who begins, who stops, and who gets the units that come.

Everything here runs inside a transaction of its caller. The queues of SKUs are the last locks: positions come before.
Whatever changes a queue, or what comes for it, also says again when those in it can expect their units.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import Message

from oms.workflow.v1.order_workflow_pb2 import StockArrived
from services.chassis.outbox import Outbox, SignalWorkflow
from services.inventory import (
    keeping,
    promising,
    store,
    store_backorders,
    store_changes,
    store_filling,
    store_kept,
    wire_backorders,
)
from services.inventory.domain import backorder
from services.inventory.domain.backorder import Backorder, Ending, Wait
from services.inventory.domain.filling import Fill, Policy
from services.inventory.domain.position import Pair
from services.inventory.domain.reservation import Reservation
from services.inventory.store import Connection
from services.inventory.store_promises import Since
from services.kernel.clock import Clock
from services.kernel.errors import Aborted
from workflows import contract


class Queues:
    """The queue of each SKU."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def register(
        self, conn: Connection, owner_id: str, waits: Sequence[Wait], *, priority: int
    ) -> list[Backorder]:
        """Let an order wait, keep for it what is there already, and return what it waits for.

        What was kept for these lines it could not use: it goes to the next in line, and the order gets other units.

        Raises:
            Aborted: units were given to it at this moment; to be tried again.
        """
        line_ids = [wait.line_id for wait in waits]
        skus = {wait.sku for wait in waits} | await store_backorders.skus_of(conn, owner_id, line_ids)
        locked = await self._lock(conn, owner_id, line_ids, skus, look=True)
        now = self._clock.now()
        before = await store_backorders.of_owner(conn, owner_id, line_ids)
        await store_backorders.register(conn, owner_id, waits, priority=priority, now=now)
        await keeping.give_back(conn, locked.kept, now, note="its order could not use it")
        passed = store_filling.pairs_of(locked.kept)
        free = store_filling.unpooled((await store.read(conn, locked.pairs)).values()) if locked.pairs else {}
        fills = await keeping.fill(conn, {pair: units for pair, units in free.items() if pair not in passed}, now)
        got = {(one.owner_id, one.line_id) for one in fills}
        wanted = {(wait.line_id, wait.sku) for wait in waits}
        lines = {(owner_id, one.line_id) for one in locked.kept if (one.line_id, one.pair.sku) in wanted} - got
        await store_filling.end(conn, dict.fromkeys(lines, Ending.PASSED))
        fills += await keeping.fill(conn, {pair: free[pair] for pair in free if pair in passed}, now, but=owner_id)
        await self._tell(conn, fills)
        if not fills and not locked.kept:
            after = await store_backorders.of_owner(conn, owner_id, line_ids)
            await self._promise(conn, skus, backorder.first_places([*before, *after]))
        else:
            await self._promise(conn, skus)
        return await store_backorders.of_owner(conn, owner_id, line_ids)

    async def close(self, conn: Connection, owner_id: str, line_ids: Sequence[str]) -> int:
        """Let an order wait no more, give what was kept for it to the next in line, return how many lines waited.

        Raises:
            Aborted: units were given to it at this moment; to be tried again.
        """
        skus = await store_backorders.skus_of(conn, owner_id, line_ids)
        locked = await self._lock(conn, owner_id, line_ids, skus, look=False)
        closed = await store_backorders.close(conn, owner_id, line_ids)
        now = self._clock.now()
        await keeping.give_back(conn, locked.kept, now, note="its order waits no more")
        if locked.kept:
            free = store_filling.unpooled((await store.read(conn, locked.pairs)).values())
            await self._tell(conn, await keeping.fill(conn, free, now))
            await self._promise(conn, skus)
        elif closed:
            await self._promise(conn, skus, backorder.first_places(closed))
        return len(closed)

    async def serve(self, conn: Connection, arrived: Iterable[Pair], *, ended: Iterable[Reservation] = ()) -> None:
        """Keep for those who wait what became free at these positions, which are locked.

        `ended` are the reservations, as they are afterwards, whose end made it free. What was kept for a line and not
        taken is no news: those who passed on it stay passed. For orders that are filled as a whole, units of the same
        SKUs at other nodes count too, as far as nobody has them locked; other SKUs are left to the sweeper.
        """
        arrived, ended = set(arrived), list(ended)
        kept = [one for one in ended if one.backorder]
        skus = {pair.sku for pair in arrived} | {one.pair.sku for one in kept}
        if not skus:
            return
        await store_backorders.lock_queues(conn, skus)
        if not await store_backorders.anybody_waits(conn, skus):
            return
        others = store_filling.pairs_of([one for one in ended if not one.backorder])
        news = {pair.sku for pair in arrived if pair in others or pair not in store_filling.pairs_of(kept)}
        await store_backorders.forgive(conn, news)
        await store_filling.end(conn, backorder.endings(kept, arrived))
        free = store_filling.unpooled((await store.read(conn, arrived)).values())
        if whole := await self._whole(conn, skus):
            free |= await store_filling.lock_free(conn, whole)
        await self._tell(conn, await keeping.fill(conn, free, self._clock.now()))
        await self._promise(conn, skus)

    async def tell_overlooked(self, conn: Connection, skus: Sequence[str]) -> int:
        """Keep what is free of these SKUs for those who wait for it and have not passed; return how many got some.

        Orders that are filled as a whole may need other SKUs too: everything that they miss is looked at together.
        Nothing is locked before it is known who would get what; then it is decided once more.
        """
        wanted = set(skus) | await store_backorders.skus_beside(conn, await self._whole(conn, skus))
        fills = await keeping.decide(conn, await store_filling.free(conn, wanted))
        pairs = {one.pair for one in fills}
        if not pairs:
            return 0
        positions = await store.lock(conn, pairs)
        await store_backorders.lock_queues(conn, wanted)
        now = self._clock.now()
        fills = await keeping.fill(conn, store_filling.unpooled(positions.values()), now)
        await self._tell(conn, fills)
        await self._promise(conn, {pair.sku for pair in pairs})
        return len({one.owner_id for one in fills})

    async def promise(self, conn: Connection, skus: Iterable[str]) -> None:
        """Say again when those who wait for these SKUs can expect them, after their supply changed.

        Takes the locks of their queues; positions come before.
        """
        wanted = set(skus)
        if wanted:
            await store_backorders.lock_queues(conn, wanted)
            await self._promise(conn, wanted)

    async def set_policy(self, conn: Connection, sku: str, policy: Policy | None) -> Policy:
        """Set who is served first (None: as for all others; of the empty SKU: PRIORITY), and return who is."""
        await store_backorders.lock_queues(conn, {sku})
        await store_backorders.set_policy(conn, sku, policy)
        await self._promise(conn, {sku} if sku else set())
        return (await store_filling.policies(conn, [sku]))[sku]

    async def _whole(self, conn: Connection, skus: Collection[str]) -> list[str]:
        policy = await store_filling.policies(conn, skus)
        return [sku for sku in skus if policy[sku] is Policy.SHIP_COMPLETE]

    async def _lock(
        self, conn: Connection, owner_id: str, line_ids: Sequence[str], skus: Collection[str], *, look: bool
    ) -> "_Locked":
        """Lock what is kept for these lines and its positions, those with free units where `look`, then the queues.

        What came between the first look and the locks of the queues is locked too, where that needs no waiting: it
        would be the wrong order to wait in. A position that somebody else has is left to him, or to the sweeper.
        """
        locked = _Locked()
        locked.kept = await store_kept.lock(conn, owner_id, line_ids)
        locked.pairs = store_filling.pairs_of(locked.kept)
        if look:
            locked.pairs |= (await store_filling.free(conn, skus)).keys()
        if locked.pairs:
            await store.lock(conn, locked.pairs)
        await store_backorders.lock_queues(conn, skus)
        if look:
            locked.pairs |= (await store_filling.lock_free(conn, skus)).keys()
        if await store_kept.ids(conn, owner_id, line_ids) != {one.reservation_id for one in locked.kept}:
            raise Aborted("units were given to this order at this moment: try again", reason="QUEUE_MOVED")
        return locked

    async def _tell(self, conn: Connection, fills: Sequence[Fill]) -> None:
        """Owe the processes of those who got something a signal, one each."""
        await self._signal(
            conn,
            contract.STOCK_ARRIVED,
            {owner_id: StockArrived(skus=skus) for owner_id, skus in backorder.by_owner(fills).items()},
        )

    async def _promise(self, conn: Connection, skus: Collection[str], since: Mapping[str, Since] | None = None) -> None:
        """Promise again, and owe the processes of those whose promise moved a signal. The queues are locked.

        Those who wait have a share in what may be promised to others.
        """
        await store_changes.touch(conn, skus, self._clock.now())
        moved = backorder.promises_by_owner(await promising.renew(conn, skus, self._clock.now(), since))
        payloads = {owner_id: wire_backorders.promised(promises) for owner_id, promises in moved.items()}
        await self._signal(conn, contract.BACKORDER_PROMISED, payloads)

    async def _signal(self, conn: Connection, signal: str, payloads: Mapping[str, Message]) -> None:
        signals = [
            SignalWorkflow(
                key=contract.order_workflow_id(owner_id),
                workflow_id=contract.order_workflow_id(owner_id),
                signal=signal,
                payload=payload,
            )
            for owner_id, payload in payloads.items()
        ]
        if signals:
            await self._outbox.add(conn, *signals)


@dataclass(slots=True)
class _Locked:
    kept: list[Reservation] = field(default_factory=list)
    pairs: set[Pair] = field(default_factory=set)
