"""Two replicas of inventory over a PostgreSQL of their own, all of which may be killed at any moment."""

import asyncio
import contextlib
import itertools
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local import ports, processes
from deploy.local.parts import Part, serving
from deploy.local.postgres import Postgres
from oms.inventory.v1 import inventory_service_pb2 as rpc
from oms.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.chassis.client import Channels
from services.chassis.migration import upgrade
from services.chassis.settings import Settings
from services.inventory.checkout import Checkout
from services.kernel.errors import OmsError
from tests.chaos.inventory_dying import VICTIM

ROOT = Path(__file__).parents[2]
_PAUSE = 0.05
# Nothing may take longer: whoever has no answer by then will have none.
_SECONDS = 60.0


class Replica(Part):
    """`inventory_dying`, as a part of the system."""

    def __init__(self, name: str, home: Path, database_url: str) -> None:
        super().__init__(name, ports.free(1)[0], home / f"{name}.log")
        self.fate = home / f"{name}.die"
        self._url = database_url

    def launch(self) -> None:
        environment = {
            "OMS_DATABASE_URL": self._url,
            "OMS_LISTEN": self.address,
            "OMS_TEMPORAL_ADDRESS": "127.0.0.1:9",
            "OMS_TEST_DIE": str(self.fate),
            "PYTHONPATH": str(ROOT),
        }
        program = [sys.executable, "-m", "tests.chaos.inventory_dying"]
        self.process = processes.launch(program, log=self.log, environment=environment)

    def ready(self) -> bool:
        return serving(self.address)

    def kill(self) -> None:
        """As `kill -9` does; another one is there soon."""
        assert self.process
        assert self.process.alive(), processes.tail(self.log)
        self.process.send(signal.SIGUSR1)

    def doom(self, how: str, number: int) -> None:
        """Have it die at the n-th statement that the victim's next call makes."""
        fresh = self.fate.with_suffix(".new")
        fresh.write_text(f"{how} {number}")
        fresh.rename(self.fate)

    def spare(self) -> bool:
        """Tell whether it has died of it; it will not any more."""
        try:
            self.fate.unlink()
        except FileNotFoundError:
            return True
        return False


class House:
    """The servers, and how its callers speak to them. Its clients belong to `loop`."""

    def __init__(self, home: Path) -> None:
        self.postgres = Postgres(home / "postgres", ports.free(1)[0])
        self.replicas = [Replica(f"replica-{number}", home, self.postgres.url) for number in range(2)]
        self.loop = asyncio.Runner()
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def open(self) -> Iterator["House"]:
        """Start everything; end it afterwards whatever happened."""
        try:
            self.postgres.start()
            upgrade(self.postgres.url, "inventory")
            for replica in self.replicas:
                replica.launch()
            for replica in self.replicas:
                replica.await_ready(60)
            self.loop.run(self._connect())
            yield self
        finally:
            with contextlib.suppress(AttributeError):
                self.loop.run(self._disconnect())
            self.loop.close()
            for part in (*self.replicas, self.postgres):
                part.stop()
                if part.process and part is not self.postgres:
                    with contextlib.suppress(ProcessLookupError):  # its child, should it have died before it
                        os.killpg(part.process.pid, signal.SIGKILL)

    async def _connect(self) -> None:
        self._channels = [Channels(Settings(), actor=actor) for actor in ("caller", VICTIM)]
        self.stubs, self.victims = (
            [channels.connect(InventoryServiceStub, replica.address) for replica in self.replicas]
            for channels in self._channels
        )
        self.checkouts = [Checkout(stub) for stub in self.stubs]

    async def _disconnect(self) -> None:
        for checkout in self.checkouts:
            await checkout.__aexit__(None, None, None)
        for channels in self._channels:
            await channels.close()

    def key(self) -> str:
        return f"key-{next(self._numbers)}"

    def kill_postgres(self) -> None:
        """Kill all of PostgreSQL with SIGKILL, and start it again."""
        assert self.postgres.process
        server = self.postgres.process
        children = [int(pid) for pid in _children(server.pid)]
        server.send(signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        server.wait(10)
        self.postgres.start()

    async def ask(self, method: str, request: Any, first: int = 0) -> Any:
        """Ask one replica, then the other, again and again with the same key, until there is an answer.

        Returns:
            The answer, or the refusal.
        """
        return await self.insist(lambda turn: getattr(self.stubs[(first + turn) % len(self.stubs)], method)(request))

    async def reserve_by_stream(self, request: rpc.ReserveStockRequest, first: int = 0) -> Any:
        """Reserve over the stream that all callers share, in the same way."""
        return await self.insist(lambda turn: self.checkouts[(first + turn) % len(self.checkouts)].reserve(request))

    async def insist(self, call: Callable[[int], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(_SECONDS):
            for turn in itertools.count():
                try:
                    return await call(turn)
                except OmsError as error:
                    if type(error) is OmsError:  # INTERNAL: a bug
                        raise
                    if not error.retryable:
                        return error
                await asyncio.sleep(_PAUSE)
        return None

    async def discrepancies(self) -> list[Any]:
        """Audit everything, and add up the whole ledger."""
        found: list[Any] = []
        request = rpc.AuditStockRequest(page_size=5000, full=True)
        while True:
            page = await self.ask("AuditStock", request)
            found += page.discrepancies
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def rows(self, statement: str, *values: object) -> list[Any]:
        """Look into the database itself."""
        connection = await asyncpg.connect(self.postgres.url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
