"""The warehouse and the carrier sandboxes as processes of their own, and what a test says to them."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from deploy.local import ports, processes


class Partner:
    """One sandbox on a port of its own, with its journal in a folder that outlives it."""

    def __init__(self, name: str, folder: Path, address: str, environment: dict[str, str]) -> None:
        self.name = name
        self.url = f"http://{address}"
        self._folder = folder
        self._environment = {
            **environment,
            "OMS_LISTEN": address,
            "OMS_STATE": str(folder / f"{name}.sqlite"),
            "OMS_SANDBOX_SPEED": environment.get("OMS_SANDBOX_SPEED", "0.05"),
        }
        self.http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
        self.launch()

    def launch(self) -> None:
        self.process = processes.launch(
            [sys.executable, "-m", f"deploy.local.sandbox.{self.name}"],
            log=self._folder / f"{self.name}.log",
            environment=self._environment,
        )

    def await_ready(self) -> None:
        log = self._folder / f"{self.name}.log"
        processes.await_ready(self.name, self.process, self._ready, log=log, seconds=30)

    def kill(self) -> None:
        self.process.stop(signal.SIGKILL)

    def stop(self) -> None:
        self.process.stop()
        self.http.close()

    def restart(self) -> None:
        self.launch()
        self.await_ready()

    async def says(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await asyncio.to_thread(self.http.get, path)).json()
        return answer

    async def told(self, path: str, key: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = await asyncio.to_thread(self.http.post, path, json=body, headers=headers)
        return answer.status_code, answer.json()

    async def scenario(self, **body: Any) -> None:
        status, answer = await self.told("/scenario", **body)
        assert status == 200, answer

    def _ready(self) -> bool:
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.HTTPError:
            return False


def both(folder: Path, **environment: str) -> tuple[Partner, Partner]:
    """Return a warehouse and a carrier that know of each other, ready."""
    wms, carrier = (f"127.0.0.1:{port}" for port in ports.free(2))
    known = {"OMS_WMS_URL": f"http://{wms}", "OMS_CARRIER_URL": f"http://{carrier}", **environment}
    pair = Partner("wms", folder, wms, known), Partner("carrier", folder, carrier, known)
    for one in pair:
        one.await_ready()
    return pair


async def eventually(found: Callable[[], Awaitable[Any]], *, seconds: float = 20.0) -> Any:
    """Ask again and again until the answer is true, and return it."""
    async with asyncio.timeout(seconds):
        while not (answer := await found()):  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)
        return answer
