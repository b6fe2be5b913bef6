"""Sending a file to intake in parts; whoever is stopped sends the same file again, and goes on where it was."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from oms.intake.v1 import import_service_pb2 as rpc
from oms.intake.v1.import_pb2 import Import
from services.intake.bulk_files import each, identified, parts
from services.intake.domain.imports import Part
from services.kernel.errors import DeadlineExceeded, Unavailable

Answer = TypeVar("Answer")

# A part may have thousands of lines to accept.
_SECONDS = 300
# A service that is started again is waited for: half a minute in all.
_TRIES = 40
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 1.0


class Watcher:
    """Hears how far it is; this one does not listen."""

    def reading(self, done: int) -> None:
        """So many bytes were read, to tell the file from others."""

    def opened(self, found: Import) -> None:
        """The import was opened, or found."""

    def sent(self, done: int, answer: rpc.WriteImportPartResponse) -> None:
        """A part was taken over, and so many bytes of the file are behind it."""


async def send(stub: Any, path: Path, channel: str, form: str, watcher: Watcher) -> rpc.GetImportResponse:
    """Send what is not there yet of the file, and return what became of all of it.

    Raises:
        OmsError: the service said no; what was sent is kept.
    """
    file = await asyncio.to_thread(identified, path, channel, form, watcher.reading)
    asked = rpc.OpenImportRequest(
        request_id=f"open/{file.digest}",
        channel=channel,
        format=form,
        name=file.name,
        digest=file.digest,
        size=file.size,
    )
    opened = (await _again(lambda: stub.OpenImport(asked))).file_import
    watcher.opened(opened)
    if opened.state == Import.STATE_OPEN:
        await _send_rest(stub, path, opened, watcher)
    return await _again(lambda: stub.GetImport(rpc.GetImportRequest(import_id=opened.import_id), timeout=_SECONDS))


async def _send_rest(stub: Any, path: Path, opened: Import, watcher: Watcher) -> None:
    with path.open("rb") as stream:
        cut = parts(stream, opened.format, after=opened.position, number=opened.next_part)

        async def take(part: Part) -> None:
            done = stream.tell()
            request = rpc.WriteImportPartRequest(
                request_id=f"{opened.import_id}/{part.number}",
                import_id=opened.import_id,
                part=part.number,
                position=part.position,
                content=part.content,
            )
            watcher.sent(done, await _again(lambda: stub.WriteImportPart(request, timeout=_SECONDS)))

        last = await each(cut, take) or opened.next_part - 1
    close = rpc.CloseImportRequest(request_id=f"{opened.import_id}/close", import_id=opened.import_id, part_count=last)
    await _again(lambda: stub.CloseImport(close, timeout=_SECONDS))


async def _again(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask until there is an answer: every request of an import may be sent twice."""
    for number in range(_TRIES):
        try:
            return await ask()
        except (Unavailable, DeadlineExceeded):
            if number == _TRIES - 1:
                raise
            await asyncio.sleep(min(_FIRST_WAIT * 2**number, _LONGEST_WAIT))
    raise AssertionError("the last try returns or raises")
