"""Every door that the settings open, and what goes on behind them, as loops of the service."""

from collections.abc import Coroutine, Mapping
from typing import Any

from services.chassis.service import Parts
from services.chassis.sweeping import forever
from services.intake import store_drafts
from services.intake.acknowledging import Acknowledger, Writer
from services.intake.domain.channel import AcknowledgementKind
from services.intake.doors.connectors import CONNECTORS
from services.intake.doors.folder import Folder, Large, left_alone
from services.intake.doors.http import HttpDoor
from services.intake.doors.pulling import Puller
from services.intake.doors.reading_later import LaterReader
from services.intake.doors.secrets import Secrets
from services.intake.doors.web_server import check_address, serve
from services.intake.ingesting import Reader
from services.intake.settings import IntakeSettings

UNREAD_SECONDS = 5.0
FOLDER_SECONDS = 2.0
PULL_SECONDS = 1.0
ACKNOWLEDGE_SECONDS = 1.0
DRAFT_SECONDS = 60.0


def loops(
    parts: Parts,
    reader: Reader,
    writers: Mapping[AcknowledgementKind, Writer],
    settings: IntakeSettings | None = None,
    large: Large = left_alone,
) -> list[Coroutine[Any, Any, None]]:
    """Return the loops; `large` takes the files that are too large to be one document.

    Raises:
        ValueError: the HTTP door would listen beyond this machine without TLS.
    """
    settings = settings or IntakeSettings()
    if settings.intake_http_listen:
        check_address(settings.intake_http_listen, parts.settings)
    secrets = Secrets(settings.secrets_dir)
    later = LaterReader(database=parts.database, reader=reader, clock=parts.clock, wake=parts.relay.wake)
    puller = Puller(
        database=parts.database,
        reader=reader,
        later=later,
        clock=parts.clock,
        secrets=secrets,
        connectors=CONNECTORS,
    )
    folder = _folder(parts, reader, settings, large)
    acknowledger = Acknowledger(database=parts.database, clock=parts.clock, writers=writers, out=folder)

    async def abandon_expired() -> int:
        async with parts.database.begin() as conn:
            return await store_drafts.abandon_expired(conn, parts.clock.now())

    opened = [
        forever("unread documents", later.sweep, UNREAD_SECONDS),
        forever("pull", puller.pull_due, PULL_SECONDS),
        forever("acknowledgements", acknowledger.go_on, ACKNOWLEDGE_SECONDS),
        forever("drafts", abandon_expired, DRAFT_SECONDS),
    ]
    if folder:
        opened.append(forever("folder", folder.look, FOLDER_SECONDS))
    if settings.intake_http_listen:
        door = HttpDoor(database=parts.database, reader=reader, later=later, clock=parts.clock, secrets=secrets)
        opened.append(serve(door.app(), settings.intake_http_listen, parts.settings))
    return opened


def _folder(parts: Parts, reader: Reader, settings: IntakeSettings, large: Large) -> Folder | None:
    if settings.intake_folder is None:
        return None
    return Folder(
        root=settings.intake_folder, database=parts.database, reader=reader, wake=parts.relay.wake, large=large
    )
