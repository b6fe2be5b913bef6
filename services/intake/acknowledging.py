"""Acknowledgements: owed from the moment an interchange is kept, made when it has been read, sent, and never forgotten.

What is owed is in the database, so every replica may make and send it: each is locked while that is done.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from services.chassis.database import Connection, Database
from services.intake import store_acknowledgements, store_documents
from services.intake.counting import count
from services.intake.domain.channel import Acknowledgement, AcknowledgementKind, AcknowledgementState
from services.intake.domain.draft import Problem
from services.kernel.clock import Clock
from services.kernel.errors import FailedPrecondition

_BATCH = 100
_log = structlog.get_logger(__name__)


class Writer(Protocol):
    """Writes the acknowledgements of a document; pure."""

    def owed(self, content: bytes) -> int:
        """Return how many there are to write, and so how many control numbers they take."""
        ...

    def write(self, content: bytes, problems: Sequence[Problem], *, control_number: int, now: datetime) -> bytes:
        """Return them, numbered from `control_number`, with what became of each part of each interchange."""
        ...


class Out(Protocol):
    """Where acknowledgements leave the house by themselves."""

    def channels(self) -> Sequence[str]:
        """Return the channels that have a place here."""
        ...

    def send(self, channel: str, name: str, content: bytes) -> None:
        """Put it there; the same name again is the same file."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledger:
    """Makes and sends what is owed."""

    database: Database
    clock: Clock
    writers: Mapping[AcknowledgementKind, Writer]
    out: Out | None = None

    async def go_on(self) -> int:
        """Make what can be made, send what can be sent, mark what is late; return how many were moved on."""
        return await self.make() + await self.send() + await self.mark_late()

    async def make(self) -> int:
        """Make the acknowledgements of all documents that have been read."""
        async with self.database.connect() as conn:
            ready = await store_acknowledgements.ready(conn, limit=_BATCH)
        return sum([await self._make(acknowledgement_id) for acknowledgement_id in ready])

    async def send(self) -> int:
        """Send what is made to where it goes by itself; the rest waits to be fetched."""
        if self.out is None:
            return 0
        channels = await asyncio.to_thread(self.out.channels)
        async with self.database.connect() as conn:
            waiting = await store_acknowledgements.made(conn, channels=channels, limit=_BATCH)
        return sum([await self._send(one, self.out) for one in waiting])

    async def mark_late(self) -> int:
        """Mark those that are not sent in time, and say so once."""
        async with self.database.begin() as conn:
            late = await store_acknowledgements.mark_late(conn, self.clock.now())
        for one in late:
            count("oms_intake_acknowledgements_late_total", one.channel)
            _log.error(
                "an acknowledgement is late",
                acknowledgement_id=one.acknowledgement_id,
                channel=one.channel,
                control_number=one.control_number,
            )
        return len(late)

    async def _make(self, acknowledgement_id: str) -> bool:
        try:
            async with self.database.begin() as conn:
                owed, _ = await store_acknowledgements.get(conn, acknowledgement_id, lock=True)
                writer = self.writers.get(owed.kind)
                if owed.state != AcknowledgementState.OWED or writer is None:
                    return False
                document, content = await store_documents.get_document(conn, owed.document_id)
                count_owed = await asyncio.to_thread(writer.owed, content)
                if count_owed == 0:
                    # Nobody could be told anything: the document itself is quarantined, and says why.
                    await store_acknowledgements.delete(conn, acknowledgement_id)
                    return True
                number = await store_acknowledgements.next_control_number(conn, owed.channel, count=count_owed)
                said = await asyncio.to_thread(
                    writer.write, content, document.problems, control_number=number, now=self.clock.now()
                )
                await store_acknowledgements.write_made(conn, acknowledgement_id, number=number, content=said)
        except (ValueError, LookupError) as error:
            # The writers read what somebody sent. The number is not taken, and it stays owed, for all to see.
            _log.exception("an acknowledgement cannot be made", acknowledgement_id=acknowledgement_id, error=str(error))
            return False
        return True

    async def _send(self, made: Acknowledgement, out: Out) -> bool:
        try:
            async with self.database.begin() as conn:
                # Under the lock, so that one replica writes it; a crash before the commit writes the same file again.
                found, content = await store_acknowledgements.get(conn, made.acknowledgement_id, lock=True)
                if found.state != AcknowledgementState.MADE:
                    return False
                name = f"{found.kind}-{found.own_control_number:09d}-{found.document_id}.edi"
                await asyncio.to_thread(out.send, found.channel, name, content)
                await store_acknowledgements.write_sent(conn, found.acknowledgement_id, self.clock.now())
        except OSError as error:
            _log.warning("sending will be tried again", acknowledgement_id=made.acknowledgement_id, error=str(error))
            return False
        return True


async def confirm_sent(conn: Connection, acknowledgement_id: str, now: datetime) -> Acknowledgement:
    """Write that somebody handed it to the partner; writing it twice is once.

    Raises:
        NotFound: ACKNOWLEDGEMENT_NOT_FOUND.
        FailedPrecondition: ACKNOWLEDGEMENT_NOT_MADE.
    """
    found, _ = await store_acknowledgements.get(conn, acknowledgement_id, lock=True)
    if found.state == AcknowledgementState.OWED:
        raise FailedPrecondition(
            "it is not made yet: the interchange has not been read to its end",
            reason="ACKNOWLEDGEMENT_NOT_MADE",
            acknowledgement_id=acknowledgement_id,
        )
    await store_acknowledgements.write_sent(conn, acknowledgement_id, now)
    found, _ = await store_acknowledgements.get(conn, acknowledgement_id)
    return found
