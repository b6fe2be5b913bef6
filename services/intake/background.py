"""What intake does without being asked. Every part of it is safe with any number of replicas."""

from collections.abc import Coroutine, Sequence
from typing import Any

from services.chassis.service import Parts
from services.chassis.sweeping import forever
from services.intake import payments
from services.intake.acknowledgement_writers import WRITERS
from services.intake.bulk_folder import LargeFiles
from services.intake.delivering import deliveries
from services.intake.doors import opening as doors
from services.intake.messaging_work import messaging
from services.intake.pushing_work import pushing
from services.intake.renewing import Renewer
from services.intake.rpcs import reader_of
from services.intake.screening import screener_of

RENEW_SECONDS = 15.0


def background(parts: Parts) -> Sequence[Coroutine[Any, Any, None]]:
    """Return the background loops of the service."""
    renewer = Renewer(parts.database, parts.outbox, payments.connect(parts), parts.clock)
    reader = reader_of(parts, screener_of(parts))
    large = LargeFiles(database=parts.database, reader=reader, clock=parts.clock, wake=parts.relay.wake)
    return [
        *doors.loops(parts, reader, WRITERS, large=large.take),
        *deliveries(parts),
        *messaging(parts),
        *pushing(parts),
        forever("payments", renewer.go_on, RENEW_SECONDS),
    ]
