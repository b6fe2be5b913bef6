"""Files of orders of 1 to 2,000 lines, taken over by `oms order import` from CSV, X12 and EDIFACT.

Each file is imported three times, for a channel each: undisturbed; with the client killed (kill -9) in the middle and
run again; and with the service killed in the middle and started again while the client waits. A tenth of each file is
imported first: what memory grows between the two is what grows with the file. Afterwards every order and every line is
counted in the database, and the same file again must change nothing. Client, service and PostgreSQL are processes of
their own.

    make bench ARGS="imports"                      10,000 orders in each file
    make bench ARGS="imports --orders 1000 --formats csv x12"
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table

from bench._house import forget_peak, peak_megabytes, postgres, process
from bench._import_files import WRITERS, sizes, written
from deploy.local import ports
from deploy.local.postgres import Postgres
from services.chassis import migration

_STORED = """
SELECT count(*) AS orders, coalesce(sum(lines), 0) AS lines FROM (
    SELECT (SELECT count(*) FROM intake.order_lines WHERE order_id = o.order_id) AS lines
    FROM intake.orders AS o WHERE channel = $1
) AS counted
"""
_PARTS = "SELECT coalesce(max(next_part), 1) - 1 FROM intake.imports WHERE channel = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an import cost, and whether everything is there once."""

    name: str
    form: str
    orders: int
    lines: int
    megabytes: float
    seconds: float
    client_megabytes: float
    service_megabytes: float
    wrong: str


class Bench:
    """A service that can be killed, and files that are sent to it."""

    def __init__(self, server: Postgres, folder: Path, stack: ExitStack) -> None:
        self._server = server
        self._folder = folder
        self._running = stack.enter_context(ExitStack())
        self._port = ports.free(1)[0]
        self._console = Console(stderr=True)
        self.start()

    def start(self) -> None:
        """Run the service, where it ran before."""
        environment = {
            "OMS_LISTEN": f"127.0.0.1:{self._port}",
            "OMS_DATABASE_URL": self._server.url,
            "OMS_TEMPORAL_ADDRESS": "127.0.0.1:9",
        }
        self.pid = self._running.enter_context(process("services.intake", port=self._port, **environment))

    def run(self, form: str, orders: int) -> list[Seen]:
        """Return what the imports of one format cost."""
        few = max(1, orders // 10)
        found = [self._measure("a tenth", form, few, self._undisturbed)]
        for name, way in (
            ("whole", self._undisturbed),
            ("client killed", self._client_killed),
            ("service killed", self._service_killed),
        ):
            found.append(self._measure(name, form, orders, way))
        return found

    def _measure(self, name: str, form: str, orders: int, way: Any) -> Seen:
        self._console.print(f"{form}: {name} …")
        path = written(self._folder, form, orders)
        channel = f"{form}-{name.replace(' ', '-')}"
        forget_peak(self.pid)
        started = time.perf_counter()
        peak = way(path, channel)
        seconds = time.perf_counter() - started
        told = self._told(path, channel)
        stored, lines = asyncio.run(self._ask(_STORED, channel))
        expected = sum(sizes(orders))
        lines = int(lines)  # a sum of bigint is a decimal
        wrong = [f"{stored} orders, not {orders}"] if stored != orders else []
        wrong += [f"{lines} lines, not {expected}"] if lines != expected else []
        wrong += [f"told {told['accepted_count']} accepted"] if int(told["accepted_count"]) != orders else []
        return Seen(
            name=name,
            form=form,
            orders=orders,
            lines=lines,
            megabytes=path.stat().st_size / 1e6,
            seconds=seconds,
            client_megabytes=peak,
            service_megabytes=peak_megabytes(self.pid),
            wrong=", ".join(wrong),
        )

    def _undisturbed(self, path: Path, channel: str) -> float:
        return _ended(self._client(path, channel))

    def _client_killed(self, path: Path, channel: str) -> float:
        client = self._client(path, channel)
        self._await_parts(path, channel, client)
        client.kill()
        client.wait()
        return _ended(self._client(path, channel))

    def _service_killed(self, path: Path, channel: str) -> float:
        client = self._client(path, channel)
        self._await_parts(path, channel, client)
        os.kill(self.pid, signal.SIGKILL)
        self._running.close()
        self.start()
        return _ended(client)

    def _told(self, path: Path, channel: str) -> dict[str, Any]:
        """Import the file once more, which changes nothing, and return what is told of it."""
        client = self._client(path, channel)
        _ended(client)
        answer: dict[str, Any] = json.loads(self._answer(path).read_text())["file_import"]
        return answer

    def _client(self, path: Path, channel: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "services.cli", "order", "import", str(path), "--channel", channel, "--json"]
        with self._answer(path).open("w") as file:
            return subprocess.Popen(
                command, stdout=file, env={**os.environ, "OMS_INTAKE_ADDRESS": f"127.0.0.1:{self._port}"}
            )

    def _answer(self, path: Path) -> Path:
        return path.with_suffix(".json")

    def _await_parts(self, path: Path, channel: str, client: "subprocess.Popen[bytes]") -> None:
        """Wait until about the middle of the file is kept."""
        half = max(1, path.stat().st_size // 2_000_000)
        while client.poll() is None and asyncio.run(self._ask(_PARTS, channel))[0] < half:
            time.sleep(0.1)

    async def _ask(self, question: str, channel: str) -> Any:
        conn = await asyncpg.connect(self._server.url)
        try:
            return await conn.fetchrow(question, channel)
        finally:
            await conn.close()


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--orders", type=int, default=10_000)
    said.add_argument("--formats", nargs="+", choices=sorted(WRITERS), default=list(WRITERS))
    chosen = said.parse_args()
    found: list[Seen] = []
    with tempfile.TemporaryDirectory(prefix="oms-bench-") as folder, postgres() as server, ExitStack() as stack:
        migration.upgrade(server.url, "intake")
        bench = Bench(server, Path(folder), stack)
        for form in chosen.formats:
            found += bench.run(form, chosen.orders)
    _show(found)
    raise SystemExit(any(one.wrong for one in found))


def _ended(client: "subprocess.Popen[bytes]") -> float:
    """Wait for the client, and return the most memory that it had, in MB."""
    _, status, used = os.wait4(client.pid, 0)
    client.returncode = os.waitstatus_to_exitcode(status)
    if client.returncode:
        raise SystemExit(f"the import ended with {client.returncode}")
    return used.ru_maxrss / 1024


def _show(found: list[Seen]) -> None:
    columns = (
        "file",
        "import",
        "orders",
        "lines",
        "MB",
        "seconds",
        "orders/s",
        "lines/s",
        "client MB",
        "service MB",
        "",
    )
    table = Table(*columns)
    for column in table.columns[2:-1]:
        column.justify = "right"
    for one in found:
        table.add_row(
            one.form,
            one.name,
            f"{one.orders:,}",
            f"{one.lines:,}",
            f"{one.megabytes:,.1f}",
            f"{one.seconds:,.1f}",
            f"{one.orders / one.seconds:,.0f}",
            f"{one.lines / one.seconds:,.0f}",
            f"{one.client_megabytes:,.0f}",
            f"{one.service_megabytes:,.0f}",
            one.wrong or "all there, once",
        )
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
