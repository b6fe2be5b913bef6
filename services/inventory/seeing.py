"""How stock is seen: what is said of bundles. Each method runs inside a transaction of its caller."""

from collections.abc import Sequence

from services.inventory import store_changes, store_channels
from services.inventory.domain import bundles
from services.inventory.domain.bundles import Component
from services.inventory.domain.problems_channels import BundleHasStock, BundleIsComponent
from services.inventory.store import Connection
from services.kernel.clock import Clock


async def set_bundle(conn: Connection, sku: str, components: Sequence[Component], clock: Clock) -> None:
    """Say what a bundle is made of, one caller at a time; without components it is a SKU of its own again.

    Raises:
        BundleIsComponent: another bundle contains it.
        BundleHasStock: it has units of its own.
        InvalidArgument: what `bundles.check` refuses.
    """
    await store_channels.lock_bundles(conn)
    if components:
        nested = await store_channels.components_of(conn, [one.sku for one in components])
        bundles.check(sku, components, nested.keys())
        if others := await store_channels.bundles_of(conn, [sku]):
            raise BundleIsComponent(sku, min(others))
        stock = await store_channels.own_stock(conn, sku)
        if any(stock.values()):
            raise BundleHasStock(sku, **stock)
    before = (await store_channels.components_of(conn, [sku])).get(sku, [])
    await store_channels.replace_bundle(conn, sku, components)
    # Who waits for the bundle waits for its components, so they are seen otherwise too.
    await store_changes.touch(conn, {sku, *(one.sku for one in (*before, *components))}, clock.now())
