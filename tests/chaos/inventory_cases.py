"""One request for each way in which inventory changes something, each on SKUs of its own.

A case prepares what it needs, through the API, and returns the method and the request whose callee will die. `tail`
ends all its names, so that what it left behind can be told from what others did.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.channel_pb2 import Bundle, BundleComponent, ChannelPolicy
from oms.inventory.v1.position_pb2 import MovementReason
from oms.inventory.v1.source_pb2 import DriftLimit
from oms.inventory.v1.supply_pb2 import SupplyType
from tests.chaos.inventory_house import House
from tests.service.inventory.shop import BEST_EFFORT

Prepared = tuple[str, Any]
Case = Callable[["Scene"], Awaitable[Prepared]]
_RECEIPT = MovementReason.MOVEMENT_REASON_RECEIPT


class Scene:
    """A corner of the house, in few words."""

    def __init__(self, house: House, tail: str) -> None:
        self.house, self.tail = house, tail

    def name(self, what: str) -> str:
        return f"{what}{self.tail}"

    def key(self) -> str:
        return f"{self.house.key()}{self.tail}"

    async def ask(self, method: str, request: Any) -> Any:
        request.request_id = self.key()
        return await self.house.ask(method, request)

    async def stock(self, sku: str, units: int, node: str = "east") -> None:
        request = rpc.AdjustStockRequest(reason=_RECEIPT)
        request.adjustments.add(sku=self.name(sku), node_id=self.name(node), on_hand_delta=units)
        await self.ask("AdjustStock", request)

    def lines(self, *lines: tuple[str, int], **fields: Any) -> rpc.ReserveStockRequest:
        request = rpc.ReserveStockRequest(request_id=self.key(), owner_id=self.name("ord"), **fields)
        for number, (sku, units) in enumerate(lines):
            request.lines.add(line_id=f"{number}", sku=self.name(sku), node_id=self.name("east"), quantity=units)
        return request

    async def right(self, *lines: tuple[str, int], **fields: Any) -> list[str]:
        await self.stock("TEE", 6)
        answer = await self.house.ask("ReserveStock", self.lines(*(lines or [("TEE", 4)]), **fields))
        return [one.reservation_id for one in answer.reservations]

    async def boxes(self, node: str = "east") -> None:
        """A bundle of two tees and a mug, with stock for three and pools beside it."""
        parts = [BundleComponent(sku=self.name("TEE"), quantity=2), BundleComponent(sku=self.name("MUG"), quantity=1)]
        await self.ask("SetBundle", rpc.SetBundleRequest(bundle=Bundle(sku=self.name("BOX"), components=parts)))
        await self.stock("TEE", 6, node)
        await self.stock("MUG", 3, node)

    async def pool(self, sku: str, units: int) -> None:
        request = rpc.SetPoolRequest(sku=self.name(sku), node_id=self.name("east"), segment="B2B", quantity=units)
        await self.ask("SetPool", request)

    async def wait(self, owner: str, units: int, sku: str = "TEE") -> Any:
        request = rpc.RegisterBackorderRequest(owner_id=self.name(owner))
        request.lines.add(line_id="0", sku=self.name(sku), quantity=units)
        return await self.ask("RegisterBackorder", request)

    async def supply(self, units: int, **fields: Any) -> str:
        request = self.announcement(units, **fields)
        return str((await self.house.ask("CreateSupply", request)).supply.supply_id)

    def announcement(self, units: int, **fields: Any) -> rpc.CreateSupplyRequest:
        request = rpc.CreateSupplyRequest(
            request_id=self.key(),
            type=SupplyType.SUPPLY_TYPE_PURCHASE_ORDER,
            sku=self.name("TEE"),
            node_id=self.name("east"),
            quantity=units,
            **fields,
        )
        request.expect_time.FromJsonString("2100-01-01T00:00:00Z")
        return request


async def adjust(scene: Scene) -> Prepared:
    await scene.stock("TEE", 3)
    await scene.wait("first", 2)
    request = rpc.AdjustStockRequest(request_id=scene.key(), reason=_RECEIPT)
    for sku, units in (("TEE", 5), ("MUG", 2), ("CAP", 1)):
        request.adjustments.add(sku=scene.name(sku), node_id=scene.name("east"), on_hand_delta=units, lot_id="lot")
    return "AdjustStock", request


async def safety(scene: Scene) -> Prepared:
    await scene.stock("TEE", 3)
    request = rpc.SetSafetyStockRequest(sku=scene.name("TEE"), node_id=scene.name("east"), quantity=2)
    request.request_id = scene.key()
    return "SetSafetyStock", request


async def pool(scene: Scene) -> Prepared:
    await scene.stock("TEE", 3)
    request = rpc.SetPoolRequest(sku=scene.name("TEE"), node_id=scene.name("east"), segment="B2B", quantity=2)
    request.request_id = scene.key()
    return "SetPool", request


async def bundle(scene: Scene) -> Prepared:
    parts = [BundleComponent(sku=scene.name("TEE"), quantity=2)]
    made = Bundle(sku=scene.name("BOX"), components=parts)
    return "SetBundle", rpc.SetBundleRequest(request_id=scene.key(), bundle=made)


async def reserve(scene: Scene) -> Prepared:
    await scene.stock("TEE", 5)
    return "ReserveStock", scene.lines(("TEE", 2), ("TEE", 3))


async def reserve_some(scene: Scene) -> Prepared:
    """Everything at once: bundle, pool, twice the same SKU, too few, for a while."""
    await scene.boxes()
    await scene.pool("MUG", 1)
    request = scene.lines(("BOX", 2), ("MUG", 1), ("TEE", 9), ("NONE", 1), mode=BEST_EFFORT, segment="B2B")
    request.expire_time.FromJsonString("2100-01-01T00:00:00Z")
    return "ReserveStock", request


async def reserve_what_was_kept(scene: Scene) -> Prepared:
    await scene.wait("ord", 3)
    await scene.stock("TEE", 4)
    return "ReserveStock", scene.lines(("TEE", 4))


async def release(scene: Scene) -> Prepared:
    [right] = await scene.right()
    await scene.wait("first", 3)
    units = [rpc.ReservationUnits(reservation_id=right, quantity=3)]
    return "ReleaseReservations", rpc.ReleaseReservationsRequest(request_id=scene.key(), units=units)


async def release_boxes(scene: Scene) -> Prepared:
    await scene.boxes()
    await scene.pool("TEE", 4)
    rights = await scene.right(("BOX", 1), ("TEE", 4), segment="B2B")
    units = [rpc.ReservationUnits(reservation_id=right) for right in rights]
    return "ReleaseReservations", rpc.ReleaseReservationsRequest(request_id=scene.key(), units=units)


async def miss(scene: Scene) -> Prepared:
    [right] = await scene.right()
    units = [rpc.ReservationUnits(reservation_id=right, quantity=3)]
    return "ReleaseReservations", rpc.ReleaseReservationsRequest(request_id=scene.key(), units=units, missing=True)


async def consume(scene: Scene) -> Prepared:
    await scene.boxes()
    rights = await scene.right(("BOX", 2), ("TEE", 1))
    units = [rpc.ReservationUnits(reservation_id=right) for right in rights]
    return "ConsumeReservations", rpc.ConsumeReservationsRequest(request_id=scene.key(), units=units, reference="shp")


async def confirm(scene: Scene) -> Prepared:
    request = scene.lines(("TEE", 4))
    request.expire_time.FromJsonString("2100-01-01T00:00:00Z")
    await scene.stock("TEE", 6)
    answer = await scene.house.ask("ReserveStock", request)
    rights = [one.reservation_id for one in answer.reservations]
    return "ConfirmReservations", rpc.ConfirmReservationsRequest(request_id=scene.key(), reservation_ids=rights)


async def transfer(scene: Scene) -> Prepared:
    await scene.boxes()
    await scene.boxes("west")
    [right] = await scene.right(("BOX", 2))
    request = rpc.TransferReservationRequest(reservation_id=right, node_id=scene.name("west"), quantity=1)
    request.request_id = scene.key()
    return "TransferReservation", request


async def transfer_nowhere(scene: Scene) -> Prepared:
    """To where it is: a right is made and given up at the same place."""
    await scene.boxes()
    [right] = await scene.right(("BOX", 2))
    request = rpc.TransferReservationRequest(reservation_id=right, node_id=scene.name("east"))
    request.request_id = scene.key()
    return "TransferReservation", request


async def sync(scene: Scene) -> Prepared:
    for sku in ("TEE", "MUG"):
        await scene.stock(sku, 5)
    await scene.wait("first", 7)
    request = rpc.SyncStockRequest(request_id=scene.key(), source=scene.name("wms"), sequence=1, complete=True)
    request.node_id = scene.name("east")
    for sku, units in (("TEE", 7), ("CAP", 1)):
        request.counts.add(sku=scene.name(sku), on_hand=units)
    return "SyncStock", request


async def count(scene: Scene) -> Prepared:
    await scene.stock("TEE", 5)
    request = rpc.RecordCountsRequest(request_id=scene.key(), node_id=scene.name("east"))
    request.counts.add(sku=scene.name("TEE"), on_hand=7)
    return "RecordCounts", request


async def decide_drift(scene: Scene) -> Prepared:
    await scene.stock("TEE", 5)
    limit = rpc.SetDriftLimitRequest(source=scene.name("wms"), limit=DriftLimit(units=0, percent=0))
    await scene.ask("SetDriftLimit", limit)
    figures = rpc.SyncStockRequest(source=scene.name("wms"), sequence=1, node_id=scene.name("east"))
    figures.counts.add(sku=scene.name("TEE"), on_hand=9)
    await scene.ask("SyncStock", figures)
    found = await scene.house.ask("ListDriftExceptions", rpc.ListDriftExceptionsRequest(source=scene.name("wms")))
    [one] = found.drift_exceptions
    request = rpc.DecideDriftExceptionRequest(request_id=scene.key(), accept=True, note="seen")
    request.drift_exception_id = one.drift_exception_id
    return "DecideDriftException", request


async def announce(scene: Scene) -> Prepared:
    await scene.wait("first", 2)
    return "CreateSupply", scene.announcement(5)


async def update_supply(scene: Scene) -> Prepared:
    request = rpc.UpdateSupplyRequest(request_id=scene.key(), supply_id=await scene.supply(5), quantity=7)
    return "UpdateSupply", request


async def receive(scene: Scene) -> Prepared:
    await scene.wait("first", 2)
    request = rpc.ReceiveSupplyRequest(request_id=scene.key(), supply_id=await scene.supply(5), quantity=4)
    request.final, request.unsellable_quantity, request.lot_id = True, 1, "lot"
    return "ReceiveSupply", request


async def cancel_supply(scene: Scene) -> Prepared:
    return "CancelSupply", rpc.CancelSupplyRequest(request_id=scene.key(), supply_id=await scene.supply(5), quantity=2)


async def wait(scene: Scene) -> Prepared:
    await scene.stock("TEE", 3)
    request = rpc.RegisterBackorderRequest(request_id=scene.key(), owner_id=scene.name("ord"))
    for number, sku in enumerate(("TEE", "MUG")):
        request.lines.add(line_id=f"{number}", sku=scene.name(sku), quantity=2)
    return "RegisterBackorder", request


async def close(scene: Scene) -> Prepared:
    """What was kept for it goes to the next in line."""
    await scene.wait("ord", 3)
    await scene.wait("next", 2)
    await scene.stock("TEE", 3)
    return "CloseBackorder", rpc.CloseBackorderRequest(request_id=scene.key(), owner_id=scene.name("ord"))


async def policy(scene: Scene) -> Prepared:
    await scene.wait("first", 2)
    request = rpc.SetBackorderPolicyRequest(request_id=scene.key(), sku=scene.name("TEE"), policy=4)  # FAIR_SHARE
    return "SetBackorderPolicy", request


async def channel(scene: Scene) -> Prepared:
    seen = ChannelPolicy(channel=scene.name("web"), threshold_quantity=2, sku_thresholds={scene.name("TEE"): 1})
    return "SetChannelPolicy", rpc.SetChannelPolicyRequest(request_id=scene.key(), policy=seen)


async def limit(scene: Scene) -> Prepared:
    told = DriftLimit(units=3, percent=10)
    return "SetDriftLimit", rpc.SetDriftLimitRequest(request_id=scene.key(), source=scene.name("wms"), limit=told)


# Those whose answer is money: what is reserved, shipped and given back.
RIGHTS: tuple[Case, ...] = (reserve, reserve_some, release, consume)
CASES: tuple[Case, ...] = (
    *RIGHTS,
    reserve_what_was_kept,
    release_boxes,
    miss,
    confirm,
    transfer,
    transfer_nowhere,
    *(adjust, safety, pool, bundle),
    *(sync, count, decide_drift, limit),
    announce,
    update_supply,
    receive,
    cancel_supply,
    wait,
    close,
    policy,
    channel,
)
