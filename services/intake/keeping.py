"""Keeping a document as it came, before anybody reads it: the first thing that every door does."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.database import Connection
from services.intake import store_acknowledgements, store_deliveries, store_documents
from services.intake.domain.channel import ACKNOWLEDGEMENT, Acknowledgement, AcknowledgementState, Channel
from services.intake.domain.document import Document
from services.intake.doors.envelope import envelope_of
from services.kernel import ids
from services.kernel.clock import milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A document that is kept; `replayed` where it was before."""

    document: Document
    replayed: bool


async def keep(
    conn: Connection, channel: Channel, document: Document, content: bytes, *, delivery_id: str = ""
) -> Kept:
    """Keep the document, and note what is owed for it.

    The same bytes are the same document, whatever they were called. A delivery whose id was used for other bytes is a
    document of its own: nothing that was received is dropped.
    """
    kept = await store_documents.insert_document(conn, document, content)
    now = document.create_time
    if delivery_id:
        await store_deliveries.insert_delivery(conn, channel.channel, delivery_id, kept.document_id, now)
    owed = _owed(channel, kept, content, now)
    if owed:
        await store_acknowledgements.insert_owed(conn, owed)
    return Kept(document=kept, replayed=kept.document_id != document.document_id)


def _owed(channel: Channel, document: Document, content: bytes, now: datetime) -> Acknowledgement | None:
    if channel.acknowledge_within is None:
        return None
    envelope = envelope_of(content)
    if envelope is None:
        return None
    return Acknowledgement(
        acknowledgement_id=ids.new(ACKNOWLEDGEMENT, milliseconds(now)),
        document_id=document.document_id,
        channel=channel.channel,
        kind=envelope.kind,
        state=AcknowledgementState.OWED,
        late=False,
        partner=envelope.partner,
        control_number=envelope.control_number,
        own_control_number=0,
        due_time=now + channel.acknowledge_within,
        send_time=None,
        create_time=now,
    )
