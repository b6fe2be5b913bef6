"""One state folder for all tests here: `make run` fills it and ends, then the stack is brought up over it again."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.demo.system import System
from deploy.local.stack import Stack
from tests.e2e.patience import patient
from tests.e2e.shell import Shell

SPEED = {"OMS_SANDBOX_SPEED": "0.05"}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def ran(home: Path) -> subprocess.CompletedProcess[str]:
    """What became of `make run ARGS=--exit`, with few orders."""
    command = [sys.executable, "-m", "deploy.local.demo", "--exit", "--orders", "4", "--ports", "auto"]
    return subprocess.run(
        [*command, "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, **SPEED, "COLUMNS": "160"},
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(home: Path, ran: subprocess.CompletedProcess[str]) -> AsyncIterator[Stack]:
    """The system, up again over what that run left."""
    async with Stack(home, "auto", fast=True, environment=SPEED) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(stack: Stack) -> AsyncIterator[System]:
    """Its API and its partners."""
    async with patient(stack.addresses) as system:
        yield system


@pytest.fixture(scope="session")
def oms(stack: Stack) -> Shell:
    """The command line, told by its environment where the system is."""
    return Shell(stack.addresses)
