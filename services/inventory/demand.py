"""Demand that intake accepted and nobody has routed yet: it has no node, and yet those units are sold.

Read from intake again and again, so that no promise waits for intake: while it is away, what it said last stands.
"""

import asyncio

from oms.intake.v1.intake_service_pb2 import ListUnroutedDemandRequest
from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from services.chassis.service import Parts
from services.inventory import store_changes, store_channels, store_demand

SOURCE = "intake"
READ_SECONDS = 5.0
# The lock is held meanwhile, in a transaction that the database would end for its idleness at 30 seconds.
READING_LIMIT_SECONDS = 20.0
_PAGE = 5000


class UnroutedDemand:
    """What intake says, as inventory knows it."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._clock = parts.clock
        self._intake = parts.channels.connect(IntakeServiceStub, parts.settings.intake_address)

    async def take_over(self) -> int:
        """Ask intake, keep what it says, and return of how many SKUs it said something else before.

        Safe with any number of replicas: one at a time asks and writes, so that an older answer never follows a newer.
        """
        async with self._database.begin() as conn:
            if not await store_demand.try_lock(conn, SOURCE):
                return 0
            async with asyncio.timeout(READING_LIMIT_SECONDS):
                demand = await self._ask()
            now = self._clock.now()
            changed = await store_demand.replace(conn, SOURCE, demand, now)
            # Whoever wants a bundle wants its components.
            parts = (await store_channels.components_of(conn, changed)).values() if changed else ()
            await store_changes.touch(conn, {*changed, *(one.sku for made_of in parts for one in made_of)}, now)
        return len(changed)

    async def _ask(self) -> dict[str, int]:
        demand: dict[str, int] = {}
        request = ListUnroutedDemandRequest(page_size=_PAGE)
        while True:
            page = await self._intake.ListUnroutedDemand(request)
            demand.update((one.sku, one.quantity) for one in page.demands)
            if not page.next_page_token:
                return demand
            request.page_token = page.next_page_token
