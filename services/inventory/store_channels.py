"""Every SQL statement about how stock is seen: channels' policies and bundles.

Whatever changes there is noted as a change of the SKUs that may be seen otherwise, for the availability feed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Text, any_, delete, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.bundles import Component
from services.inventory.domain.channels import ChannelPolicy, other_thresholds
from services.inventory.domain.problems_channels import ChannelNotFound
from services.inventory.tables import bundles, channel_policies

# The locks of bundles and of policies among the database's advisory locks.
_BUNDLE_LOCK = 0x4F4D5342
_POLICY_LOCK = 0x4F4D5343
_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")

_POLICY = (
    channel_policies.c.channel,
    channel_policies.c.segment,
    channel_policies.c.threshold_quantity,
    channel_policies.c.excluded_node_ids,
    channel_policies.c.sku_thresholds,
)

# A threshold for everything is a change of everything: that may take longer than a statement should.
_PATIENCE = text("SET LOCAL statement_timeout = '60s'")
_OF_ALL = "SELECT sku FROM inventory.positions UNION SELECT sku FROM inventory.supplies WHERE state = 'OPEN'"
_OF_NODES = """
SELECT sku FROM inventory.positions WHERE node_id = ANY (CAST(:node_ids AS text[]))
UNION SELECT sku FROM inventory.supplies WHERE state = 'OPEN' AND node_id = ANY (CAST(:node_ids AS text[]))
"""
_OF_SEGMENTS = "SELECT sku FROM inventory.positions WHERE pools ?| CAST(:segments AS text[])"
_NAMED = "SELECT sku FROM unnest(CAST(:skus AS text[])) AS s (sku)"
_CHANGED = """
INSERT INTO inventory.availability_changes (sku, create_time)
SELECT sku, CAST(:now AS timestamptz) FROM ({which}) AS changed ORDER BY sku
ON CONFLICT DO NOTHING
"""

# What a SKU has of its own: units, rights to them, and units that are to come.
_OWN_STOCK = text("""
SELECT (SELECT coalesce(sum(on_hand), 0)::bigint FROM inventory.positions WHERE sku = :sku) AS on_hand,
       (SELECT coalesce(sum(reserved), 0)::bigint FROM inventory.positions WHERE sku = :sku) AS reserved,
       (SELECT coalesce(sum(quantity - received_quantity - cancelled_quantity), 0)::bigint
        FROM inventory.supplies WHERE sku = :sku AND state = 'OPEN') AS expected
""")

_BUNDLE_PAGE = text("""
SELECT b.sku, b.component_sku, b.quantity
FROM (
    SELECT DISTINCT sku FROM inventory.bundles
    WHERE sku > :after AND (:component_sku = '' OR component_sku = :component_sku)
    ORDER BY sku LIMIT :size
) AS page JOIN inventory.bundles AS b USING (sku)
ORDER BY b.sku, b.component_sku
""")


async def policy(conn: AsyncConnection, channel: str) -> ChannelPolicy:
    """Return how a channel sees stock; without a channel's name, what a buyer sees of whom nothing is known.

    Raises:
        ChannelNotFound: nobody said so far.
    """
    if not channel:
        return ChannelPolicy()
    if (found := await _find_policy(conn, channel)) is None:
        raise ChannelNotFound(channel)
    return found


async def set_policy(conn: AsyncConnection, after: ChannelPolicy, now: datetime) -> None:
    """Say how a channel sees stock, one caller at a time."""
    await conn.execute(_LOCK, {"lock": _POLICY_LOCK})
    before = await _find_policy(conn, after.channel)
    values = {
        "segment": after.segment,
        "threshold_quantity": after.threshold,
        "excluded_node_ids": sorted(after.excluded_node_ids),
        "sku_thresholds": dict(after.sku_thresholds),
        "update_time": now,
    }
    statement = insert(channel_policies).values(channel=after.channel, **values)
    await conn.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=values))
    if before:  # of a channel that was not there nobody has been told anything
        await _touch_seen_otherwise(conn, before, after, now)


async def policies(conn: AsyncConnection, *, after: str, size: int) -> list[ChannelPolicy]:
    """Return policies by channel."""
    query = select(*_POLICY).where(channel_policies.c.channel > after).order_by(channel_policies.c.channel).limit(size)
    return [_policy(row) for row in (await conn.execute(query)).mappings()]


async def lock_bundles(conn: AsyncConnection) -> None:
    """Let nobody else change bundles until the transaction ends: two at once could nest."""
    await conn.execute(_LOCK, {"lock": _BUNDLE_LOCK})


async def own_stock(conn: AsyncConnection, sku: str) -> Mapping[str, int]:
    """Return how many units a SKU has on hand, reserved and expected under its own name."""
    return dict((await conn.execute(_OWN_STOCK, {"sku": sku})).mappings().one())


async def components_of(conn: AsyncConnection, skus: Collection[str]) -> dict[str, list[Component]]:
    """Return what each of these SKUs is made of, as far as they are bundles."""
    query = select(bundles.c.sku, bundles.c.component_sku, bundles.c.quantity).where(bundles.c.sku == _any(skus))
    return _components(await conn.execute(query.order_by(bundles.c.sku, bundles.c.component_sku)))


async def bundles_of(conn: AsyncConnection, skus: Collection[str]) -> set[str]:
    """Return the bundles that have one of these SKUs as a component."""
    query = select(bundles.c.sku).distinct().where(bundles.c.component_sku == _any(skus))
    return set((await conn.execute(query)).scalars())


async def replace_bundle(conn: AsyncConnection, sku: str, components: Sequence[Component]) -> None:
    """Say what a bundle is made of; without components it is none any more."""
    await conn.execute(delete(bundles).where(bundles.c.sku == sku))
    if components:
        rows = [{"sku": sku, "component_sku": one.sku, "quantity": one.quantity} for one in components]
        await conn.execute(insert(bundles), rows)


async def bundle_page(
    conn: AsyncConnection, *, component_sku: str, after: str, size: int
) -> list[tuple[str, list[Component]]]:
    """Return bundles by SKU, each with all its components."""
    values = {"component_sku": component_sku, "after": after, "size": size}
    return list(_components(await conn.execute(_BUNDLE_PAGE, values)).items())


async def _touch_seen_otherwise(
    conn: AsyncConnection, before: ChannelPolicy, after: ChannelPolicy, now: datetime
) -> None:
    """Take note of each SKU that the channel may see otherwise now."""
    values: dict[str, Any] = {"now": now}
    which: list[str] = []
    if before.threshold != after.threshold:
        which.append(_OF_ALL)
    if skus := other_thresholds(before, after):
        which.append(_NAMED)
        values["skus"] = sorted(skus)
    if node_ids := before.excluded_node_ids ^ after.excluded_node_ids:
        which.append(_OF_NODES)
        values["node_ids"] = sorted(node_ids)
    if segments := {before.segment, after.segment} - {""} if before.segment != after.segment else set():
        which.append(_OF_SEGMENTS)
        values["segments"] = sorted(segments)
    if which:
        await conn.execute(_PATIENCE)
        await conn.execute(text(_CHANGED.format(which=" UNION ".join(which))), values)


async def _find_policy(conn: AsyncConnection, channel: str) -> ChannelPolicy | None:
    query = select(*_POLICY).where(channel_policies.c.channel == channel)
    row = (await conn.execute(query)).mappings().one_or_none()
    return _policy(row) if row else None


def _policy(row: Any) -> ChannelPolicy:
    return ChannelPolicy(
        channel=row["channel"],
        segment=row["segment"],
        threshold=row["threshold_quantity"],
        excluded_node_ids=frozenset(row["excluded_node_ids"]),
        sku_thresholds=row["sku_thresholds"],
    )


def _components(rows: Iterable[Any]) -> dict[str, list[Component]]:
    found: dict[str, list[Component]] = {}
    for row in rows:
        found.setdefault(row.sku, []).append(Component(row.component_sku, row.quantity))
    return found


def _any(values: Collection[str]) -> Any:
    return any_(literal(list(values), ARRAY(Text)))
