"""A running inventory service for each test."""

from collections.abc import AsyncIterator

import pytest

from services.chassis.client import Channels
from services.chassis.settings import Settings
from tests.service.inventory.shop import Shop


@pytest.fixture
async def shop(service, clock) -> AsyncIterator[Shop]:
    """Inventory on an empty database, at the test's own time; whatever the test did, its counters add up afterwards."""
    running = await service("inventory", clock=clock)
    async with Channels(Settings()) as channels:
        shop = Shop(channels, running.address)
        shop.parts = running.parts
        yield shop
        assert await shop.discrepancies() == []
