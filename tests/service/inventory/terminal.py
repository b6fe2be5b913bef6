"""The commands of `oms stock`, as a person types them, in this process: starting a new one for each takes seconds."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from typer.testing import CliRunner

from services import cli_output
from services.inventory.cli import app
from tests.service.inventory.shop import Shop


class Terminal:
    """Where somebody types."""

    def __init__(self, shop: Shop) -> None:
        # Intake is not there: nothing but the audit needs it.
        self._runner = CliRunner(env={"OMS_INVENTORY_ADDRESS": shop.address, "OMS_INTAKE_ADDRESS": "127.0.0.1:9"})

    async def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Return the exit code, stdout and stderr."""
        # In a thread: a command has an event loop of its own.
        result = await asyncio.to_thread(self._runner.invoke, app, words, input=stdin)
        return result.exit_code, result.stdout, result.stderr

    async def shows(self, *words: str, stdin: str = "", code: int = 0) -> list[list[str]]:
        """Return the cells of the tables that are shown."""
        found, out, err = await self.run(*words, stdin=stdin)
        assert found == code, out + err
        rows = [line.strip("│").split("│") for line in out.splitlines() if line.startswith("│")]
        return [[cell.strip() for cell in row] for row in rows]

    async def json(self, *words: str, stdin: str = "", code: int = 0) -> Any:
        found, out, err = await self.run(*words, "--json", stdin=stdin)
        assert found == code, out + err
        return json.loads(out)

    async def refuses(self, *words: str) -> str:
        """Return what is said to wrong usage, in one line."""
        code, out, err = await self.run(*words)
        assert (code, out) == (2, ""), err
        return " ".join(err.replace("│", " ").split())


@contextmanager
def wide_and_quiet() -> Iterator[None]:
    """Make tables as wide as they want, and keep the service's logs, which are of this process too, out of them."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    widths = cli_output.out.width, cli_output.err.width
    cli_output.out.width = cli_output.err.width = 300
    try:
        yield
    finally:
        cli_output.out.width, cli_output.err.width = widths
        structlog.reset_defaults()
