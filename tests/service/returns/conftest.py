"""Returns, really running, with the real intake to read orders from and the payment sandbox to pay through."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.chassis.client import Channels
from services.chassis.settings import Settings
from tests.service.returns.shop import Shop
from tests.service.sandbox.payment_process import PaymentSandbox


@pytest.fixture(scope="session")
def payment(tmp_path_factory) -> Iterator[PaymentSandbox]:
    """One payment service for the run: every order has a reference of its own."""
    sandbox = PaymentSandbox(tmp_path_factory.mktemp("payment"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
async def shop(service, clock, payment, migrated_database, monkeypatch) -> AsyncIterator[Shop]:
    """The two services over their sockets; whatever the test did, the balances agree with the records afterwards."""
    monkeypatch.setenv("OMS_PAYMENT_URL", payment.url)
    url = migrated_database("intake", "returns")
    intake = await service("intake", clock=clock, database_url=url)
    returns = await service("returns", clock=clock, database_url=url, intake_address=intake.address)
    async with Channels(Settings()) as channels:
        shop = Shop(intake=intake.address, returns=returns.address, channels=channels, database_url=url)
        yield shop
        assert await shop.discrepancies() == []
