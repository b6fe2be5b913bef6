"""Pushes as background work of intake, and who sends them when a channel's process asks."""

from collections.abc import Coroutine
from typing import Any

from services.chassis.service import Parts
from services.chassis.sweeping import forever
from services.intake.doors.secrets import Secrets
from services.intake.pushing import PushWriter
from services.intake.pushing_sending import PushSender
from services.intake.settings import IntakeSettings

TURN_SECONDS = 1.0


def pushing(parts: Parts) -> list[Coroutine[Any, Any, None]]:
    """Return the background work: nothing where the relay is off too."""
    if not parts.settings.relay_enabled:
        return []
    return [forever("push writing", writer_of(parts).write, TURN_SECONDS)]


def writer_of(parts: Parts) -> PushWriter:
    """Return who writes pushes."""
    return PushWriter(database=parts.database, outbox=parts.outbox, clock=parts.clock)


def sender_of(parts: Parts) -> PushSender:
    """Return who sends pushes."""
    sender = PushSender(database=parts.database, secrets=Secrets(IntakeSettings().secrets_dir), clock=parts.clock)
    parts.closing.append(sender.close)
    return sender
