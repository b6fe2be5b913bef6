"""What callers of inventory were told, and what must therefore be so.

Every call of a batch is asked until it has an answer, whatever dies meanwhile; a call that is sent twice at once must
hear the same twice. What has been answered is added up here, and nowhere else: no other number is believed.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.channel_pb2 import Bundle, BundleComponent
from oms.inventory.v1.position_pb2 import MovementReason, Position
from oms.inventory.v1.reservation_pb2 import Reservation
from services.kernel.errors import OmsError
from tests.chaos.inventory_house import House

Pair = tuple[str, str]
NODES = ("east", "west")
# TEE and MUG are sold, alone and in a BOX; units of FENCED are B2B's; COUNTED is told by a warehouse; CRATEs are moved.
SOLD = ("TEE", "MUG")
MADE_OF = {"TEE": 1, "MUG": 2}
SKUS = (*SOLD, "FENCED", "COUNTED", "CRATE")
STOCK = 9
SAFETY, SPOILED, POOL = 1, 1, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, where it is sent first, and how."""

    method: str
    request: Any
    first: int = 0
    twice: bool = False
    streamed: bool = False


class Callers:
    """All callers of one run, on SKUs of its own."""

    def __init__(self, house: House, run: int) -> None:
        self._house = house
        self._run = run
        self.answered: list[tuple[Call, Any]] = []
        self.rights: dict[str, Reservation] = {}
        self._shipped: Counter[str] = Counter()
        self._on_hand: Counter[Pair] = Counter()
        self._counted = (0, STOCK)

    def sku(self, name: str) -> str:
        return f"{name}-{self._run}"

    async def open(self) -> None:
        """Bring stock: some of it kept back, some spoiled, some fenced."""
        brought = rpc.AdjustStockRequest(reason=MovementReason.MOVEMENT_REASON_RECEIPT)
        for sku in SKUS:
            for node in NODES:
                brought.adjustments.add(
                    sku=self.sku(sku), node_id=node, on_hand_delta=STOCK, unsellable_delta=SPOILED * (sku in SOLD)
                )
        parts = [BundleComponent(sku=self.sku(sku), quantity=units) for sku, units in MADE_OF.items()]
        calls = [
            self.call("AdjustStock", brought),
            self.call("SetBundle", rpc.SetBundleRequest(bundle=Bundle(sku=self.sku("BOX"), components=parts))),
            self.call(
                "SetPool",
                rpc.SetPoolRequest(sku=self.sku("FENCED"), node_id="east", segment="B2B", quantity=POOL),
            ),
            *(
                self.call("SetSafetyStock", rpc.SetSafetyStockRequest(sku=self.sku(sku), node_id=node, quantity=SAFETY))
                for sku in SOLD
                for node in NODES
            ),
        ]
        for call in calls:
            await self._ask(call)

    def call(self, method: str, request: Any, **how: Any) -> Call:
        request.request_id = self._house.key()
        return Call(method=method, request=request, **how)

    async def batch(self, calls: Sequence[Call], crash: tuple[str, int] | None) -> None:
        """Send everything at once; kill something when so many calls have been answered; hear every answer."""
        left = crash[1] if crash else -1
        killing: list[asyncio.Future[None]] = []

        def one_more() -> None:
            nonlocal left
            if left == 0 and crash:
                killing.append(asyncio.ensure_future(self._kill(crash[0])))
            left -= 1

        async def asked(call: Call) -> None:
            await self._ask(call)
            one_more()

        asking = [asyncio.ensure_future(asked(call)) for call in calls]
        await asyncio.sleep(0)  # they have begun
        one_more()
        await asyncio.gather(*asking)
        await asyncio.gather(*killing)

    async def _kill(self, what: str) -> None:
        if what == "postgres":
            await asyncio.to_thread(self._house.kill_postgres)
        for replica in self._house.replicas:
            if what in {replica.name, "both"}:
                replica.kill()

    async def _ask(self, call: Call) -> None:
        ways = [call.first, 1 - call.first] if call.twice else [call.first]
        if call.streamed:
            heard = await asyncio.gather(*(self._house.reserve_by_stream(call.request, way) for way in ways))
        else:
            heard = await asyncio.gather(*(self._house.ask(call.method, call.request, way) for way in ways))
        answers = [one for one in heard if not isinstance(one, OmsError)]
        assert all(one == answers[0] for one in answers), f"{call}: {answers}"
        if answers:
            self.answered.append((call, answers[0]))
            getattr(self, f"_hear_{call.method}", lambda *_: None)(call.request, answers[0])

    async def send_again(self, number: int) -> None:
        """Send an old request again: it hears what it heard then."""
        call, answer = self.answered[number]
        assert await self._house.ask(call.method, call.request, call.first) == answer
        assert await self._house.ask(call.method, call.request, 1 - call.first) == answer

    def _hear_AdjustStock(self, request: rpc.AdjustStockRequest, _: rpc.AdjustStockResponse) -> None:
        for one in request.adjustments:
            self._on_hand[one.sku, one.node_id] += one.on_hand_delta

    def _hear_ReceiveSupply(self, request: rpc.ReceiveSupplyRequest, answer: rpc.ReceiveSupplyResponse) -> None:
        self._on_hand[answer.supply.sku, answer.supply.node_id] += request.quantity

    def _hear_SyncStock(self, request: rpc.SyncStockRequest, answer: rpc.SyncStockResponse) -> None:
        if not answer.stale:
            self._counted = max(self._counted, (request.sequence, request.counts[0].on_hand))

    def _hear_ReserveStock(self, request: rpc.ReserveStockRequest, answer: rpc.ReserveStockResponse) -> None:
        got = sum(one.quantity for one in answer.reservations)
        wanted = sum(line.quantity for line in request.lines)
        assert got <= wanted
        assert got == wanted or request.mode == rpc.ReserveStockRequest.MODE_BEST_EFFORT
        self._hear(answer.reservations)

    def _hear_ReleaseReservations(self, _: Any, answer: rpc.ReleaseReservationsResponse) -> None:
        self._hear(answer.reservations)

    def _hear_ConfirmReservations(self, _: Any, answer: rpc.ConfirmReservationsResponse) -> None:
        self._hear(answer.reservations)

    def _hear_TransferReservation(self, _: Any, answer: rpc.TransferReservationResponse) -> None:
        self._hear([answer.from_reservation, answer.to_reservation])

    def _hear_ConsumeReservations(
        self, request: rpc.ConsumeReservationsRequest, answer: rpc.ConsumeReservationsResponse
    ) -> None:
        self._hear(answer.reservations)
        for one in request.units:
            self._shipped[one.reservation_id] += one.quantity
            for pair, units in parts(self.rights[one.reservation_id], one.quantity).items():
                self._on_hand[pair] -= units

    def _hear(self, told: Any) -> None:
        """Of two answers about one right the later one has more that is not live."""
        for one in told:
            known = self.rights.get(one.reservation_id)
            if known is None or live(one) <= live(known):
                self.rights[one.reservation_id] = one

    async def check(self) -> None:
        """Everything that was told is so, and nothing else is."""
        found = await self._live()
        told = {name: one for name, one in self.rights.items() if live(one)}
        kept = {name: one for name, one in found.items() if one.backorder}
        # No right is lost, and there is none that nobody was told of but what is kept for those who wait.
        assert {name: live(one) for name, one in told.items()} == {
            name: live(one) for name, one in found.items() if name not in kept
        }
        # No unit was shipped twice, and none that was shipped is forgotten.
        for name, one in self.rights.items():
            assert one.consumed_quantity == self._shipped[name], one
        reserved: Counter[Pair] = Counter()
        for one in (*told.values(), *kept.values()):
            reserved.update(parts(one, live(one)))
        for position in await self._positions():
            pair = (position.sku, position.node_id)
            assert position.reserved == reserved[pair], position
            if position.sku == self.sku("COUNTED") and position.node_id == "east":
                assert position.on_hand == self._counted[1], position
                continue
            assert position.on_hand == self._on_hand[pair], position
            assert position.reserved <= position.on_hand - position.safety_stock - position.unsellable, position
            if "B2B" in position.pools:
                pooled = sum(one.pool_quantity for one in told.values())
                assert position.pools["B2B"] + pooled == POOL, position
        assert await self._house.discrepancies() == []

    async def _positions(self) -> list[Position]:
        pages = [
            await self._house.ask("ListPositions", rpc.ListPositionsRequest(sku=self.sku(sku), page_size=500))
            for sku in SKUS
        ]
        return [one for page in pages for one in page.positions]

    async def _live(self) -> dict[str, Reservation]:
        found: dict[str, Reservation] = {}
        for sku in (*SKUS, "BOX"):
            request = rpc.ListReservationsRequest(sku=self.sku(sku), live_only=True, page_size=500)
            page = await self._house.ask("ListReservations", request)
            assert not page.next_page_token
            found |= {one.reservation_id: one for one in page.reservations}
        return found


def live(one: Reservation) -> int:
    return int(one.quantity - one.consumed_quantity - one.released_quantity)


def parts(one: Reservation, units: int) -> dict[Pair, int]:
    """Return what is really moved when so many units of this right are."""
    if not one.components:
        return {(one.sku, one.node_id): units}
    return {(part.sku, one.node_id): part.quantity * units for part in one.components}
