"""Turns: what only one replica may do at a time, by advisory locks that end with whoever holds them."""

import contextlib
from collections.abc import AsyncIterator

from services.chassis.database import Database
from services.intake import store_channels


@contextlib.asynccontextmanager
async def turn(database: Database, name: str) -> AsyncIterator[bool]:
    """Take the turn of this name for as long as the block lasts; the block hears whether it has it."""
    async with database.driver() as driver:
        mine = await store_channels.try_turn(driver, name)
        try:
            yield mine
        finally:
            # A connection that is lost has lost its turns with it.
            if mine and not driver.is_closed():
                with contextlib.suppress(OSError):
                    await store_channels.end_turn(driver, name)
