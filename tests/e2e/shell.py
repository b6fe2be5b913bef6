"""`oms`, as a person at a terminal runs it: a process of its own, with its exit code, its stdout and its stderr."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import layout

SECONDS = 90


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str


class Shell:
    """Runs `oms` against one system."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        told = {f"OMS_{name.upper()}_ADDRESS": addresses[name] for name in (*layout.SERVICES, "temporal")}
        self._environment = {**os.environ, **told, "COLUMNS": "200"}

    async def __call__(self, *words: str | Path) -> Said:
        """Run a command to its end."""
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / "oms",
            *map(str, words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
        )
        try:
            async with asyncio.timeout(SECONDS):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:  # the time is over, or the test was cancelled
                process.kill()
                await process.wait()
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def good(self, *words: str | Path) -> str:
        """Run a command that must succeed, and return its output."""
        said = await self(*words)
        assert (said.code, said.err) == (0, ""), f"oms {words} exited with {said.code}: {said.err} {said.out[-500:]}"
        assert said.out.strip()
        return said.out

    async def json(self, *words: str | Path) -> Any:
        """Run a command that must succeed with --json, and return what it printed."""
        return json.loads(await self.good(*words, "--json"))
