"""The payment sandbox as a process of its own, and what a test says to it."""

import signal
import sys
from pathlib import Path
from typing import Any

import httpx

from deploy.local import ports, processes


class PaymentSandbox:
    """The sandbox on a port of its own, with its books in a folder that outlives it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"127.0.0.1:{ports.free(1)[0]}"
        self.url = f"http://{self.address}"
        self.http = httpx.Client(base_url=self.url, timeout=10)
        self.start()

    def start(self) -> None:
        log = self._folder / "payment.log"
        self.process = processes.launch(
            [sys.executable, "-m", "deploy.local.sandbox.payment"],
            log=log,
            environment={"OMS_LISTEN": self.address, "OMS_STATE": str(self._folder / "payment.sqlite")},
        )
        processes.await_ready("payment", self.process, self._ready, log=log, seconds=30)

    def kill(self) -> None:
        self.process.stop(signal.SIGKILL)

    def stop(self) -> None:
        self.process.stop()
        self.http.close()

    def post(self, path: str, key: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
        body = {"currency_code": "EUR", **body}
        answer = self.http.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        return answer.status_code, answer.json()

    def account(self, reference: str) -> dict[str, Any]:
        account: dict[str, Any] = self.http.get(f"/ledger/{reference}").json()
        return account

    def refunded(self, reference: str) -> int:
        """Return what was given back, in minor units."""
        return int(self.account(reference).get("refunded_minor", 0))

    def _ready(self) -> bool:
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.HTTPError:
            return False
