"""A running fulfillment service for each test, with real sandboxes as its partners."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.chassis.client import Channels
from services.chassis.settings import Settings
from tests.service.fulfillment.depot import Depot
from tests.service.sandbox.partners import Partner, both


@pytest.fixture(scope="session")
def partners(tmp_path_factory) -> Iterator[tuple[Partner, Partner]]:
    """A warehouse and a carrier for the tests that play them themselves: they answer, and do nothing of their own."""
    wms, carrier = both(tmp_path_factory.mktemp("partners"), OMS_FULFILLMENT_ADDRESS="127.0.0.1:9")
    wms.http.post("/scenario", json={"sku": "QUIET", "behaviour": "silent"}).raise_for_status()
    wms.http.post("/scenario", json={"sku": "UNWANTED", "behaviour": "refuse"}).raise_for_status()
    yield wms, carrier
    wms.stop()
    carrier.stop()


@pytest.fixture
async def depot(service, migrated_database, partners, monkeypatch) -> AsyncIterator[Depot]:
    """Fulfillment on an empty database."""
    wms, carrier = partners
    monkeypatch.setenv("OMS_WMS_URL", wms.url)
    monkeypatch.setenv("OMS_CARRIER_URL", carrier.url)
    url = migrated_database("fulfillment")
    running = await service("fulfillment", database_url=url)
    async with Channels(Settings()) as channels:
        yield Depot(channels, running.address, url)
