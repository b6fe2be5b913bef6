"""Intake, really running: over a socket, on a real PostgreSQL, with nobody listening where Temporal should be."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from oms.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.kernel.clock import ManualClock


@dataclass(frozen=True)
class Intake:
    """The service as its callers see it, and its database."""

    stub: Any
    parts: Any
    address: str


@pytest.fixture
async def running(service: Any, clock: ManualClock) -> AsyncIterator[Intake]:
    started = await service("intake", clock=clock)
    async with Channels(Settings()) as channels:
        yield Intake(channels.connect(IntakeServiceStub, started.address), started.parts, started.address)


@pytest.fixture
def intake(running: Intake) -> Any:
    """A stub that raises the house's errors."""
    return running.stub
