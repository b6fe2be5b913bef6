"""Looking at stock as channels, planners and buyers do, in few words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.channel_pb2 import AvailableToPromise, Bundle, BundleComponent, ChannelPolicy
from oms.inventory.v1.supply_pb2 import SUPPLY_TYPE_PURCHASE_ORDER
from tests.service.inventory.shop import Shop


async def see(
    shop: Shop,
    channel: str,
    *,
    segment: str = "",
    threshold: int = 0,
    excluded: tuple[str, ...] = (),
    thresholds: Mapping[str, int] | None = None,
) -> ChannelPolicy:
    """Say how a channel sees stock."""
    policy = ChannelPolicy(
        channel=channel,
        segment=segment,
        threshold_quantity=threshold,
        excluded_node_ids=excluded,
        sku_thresholds=thresholds or {},
    )
    answer = await shop.stub.SetChannelPolicy(rpc.SetChannelPolicyRequest(request_id=shop.key(), policy=policy))
    found: ChannelPolicy = answer.policy
    return found


async def bundle(shop: Shop, sku: str, **components: int) -> None:
    """Say what a bundle is made of."""
    made_of = [BundleComponent(sku=one, quantity=units) for one, units in components.items()]
    request = rpc.SetBundleRequest(request_id=shop.key(), bundle=Bundle(sku=sku, components=made_of))
    await shop.stub.SetBundle(request)


async def pool(shop: Shop, sku: str, node: str, segment: str, units: int) -> None:
    """Ring-fence units for a segment."""
    request = rpc.SetPoolRequest(request_id=shop.key(), sku=sku, node_id=node, segment=segment, quantity=units)
    await shop.stub.SetPool(request)


async def expect(shop: Shop, sku: str, node: str, units: int, when: datetime) -> None:
    """Announce a purchase order."""
    request = rpc.CreateSupplyRequest(
        request_id=shop.key(), type=SUPPLY_TYPE_PURCHASE_ORDER, sku=sku, node_id=node, quantity=units
    )
    request.expect_time.CopyFrom(stamp(when))
    await shop.stub.CreateSupply(request)


async def promised(shop: Shop, *skus: str, **asked: Any) -> list[AvailableToPromise]:
    """Return what may be promised of each SKU."""
    answer = await shop.stub.GetAvailableToPromise(rpc.GetAvailableToPromiseRequest(skus=skus, **asked))
    return list(answer.promises)


async def now(shop: Shop, sku: str, channel: str = "", **asked: Any) -> int:
    """Return what a channel may sell of a SKU now."""
    (one,) = await promised(shop, sku, channel=channel, **asked)
    assert one.available_quantity == one.steps[0].quantity
    found: int = one.available_quantity
    return found


async def steps(shop: Shop, sku: str, channel: str = "", **asked: Any) -> list[tuple[datetime, int]]:
    """Return what a channel may promise of a SKU by date."""
    (one,) = await promised(shop, sku, channel=channel, **asked)
    return [(_moment(step.from_time), step.quantity) for step in one.steps]


async def available(shop: Shop, *skus: str, **asked: Any) -> list[tuple[str, str, int]]:
    """Return what can be reserved now, by pair."""
    answer = await shop.stub.GetAvailability(rpc.GetAvailabilityRequest(skus=skus, **asked))
    return [(one.sku, one.node_id, one.available_quantity) for one in answer.availabilities]


async def later(shop: Shop, *skus: str, **asked: Any) -> list[tuple[str, str, int, list[tuple[datetime, int]]]]:
    """Return the same with what supply adds."""
    answer = await shop.stub.GetAvailability(rpc.GetAvailabilityRequest(skus=skus, later=True, **asked))
    return [
        (
            one.sku,
            one.node_id,
            one.available_quantity,
            [(_moment(step.from_time), step.quantity) for step in one.later],
        )
        for one in answer.availabilities
    ]


def stamp(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def _moment(found: Timestamp) -> datetime:
    return found.ToDatetime(tzinfo=UTC)
