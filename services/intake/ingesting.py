"""Taking documents: kept first, then read, then each order in it accepted on its own. Nothing is ever dropped."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import protovalidate
import structlog

from services.chassis.database import Database, translate
from services.chassis.outbox import Outbox
from services.chassis.validation import path_of
from services.intake import store_channels, store_documents
from services.intake.accepting import OrderConflict, accept, record_conflict
from services.intake.bulk_accepting import Together
from services.intake.channels import Adapter
from services.intake.domain.document import NOT_READ, Document, DocumentState, IngestedOrder, Outcome, cleaned
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading
from services.intake.screening import Screener
from services.intake.wire_draft import draft_message
from services.kernel import ids
from services.kernel.clock import Clock, milliseconds
from services.kernel.errors import InvalidArgument

_log = structlog.get_logger(__name__)
# Above this, reading a document takes long enough to keep other callers waiting.
_LARGE = 200_000
# Orders of one document that are written at the same time, each in a transaction of its own.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of a document."""

    document: Document
    orders: tuple[IngestedOrder, ...]
    replayed: bool


class ChangePort(Protocol):
    """Makes the changes that documents ask for."""

    async def __call__(self, document: Document, change: ChangeDraft, *, actor: str) -> Problem | None:
        """Make the change; return why it was not made, None where it was, now or before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads documents that are kept, and accepts the orders in them."""

    database: Database
    outbox: Outbox
    clock: Clock
    formats: Mapping[str, Adapter]
    # Makes a change of an order that a document asks for; returns why it could not be made, None where it was.
    change: ChangePort
    screener: Screener

    def format_of(self, channel: str, asked: str) -> str:
        """Return the format to read a document of this channel with.

        Raises:
            InvalidArgument: UNKNOWN_FORMAT.
        """
        found = asked or channel.partition("-")[0]
        if found not in self.formats:
            known = ", ".join(sorted(self.formats))
            raise InvalidArgument(
                f"no adapter reads {found!r}: name a format of {known}", reason="UNKNOWN_FORMAT", format=found
            )
        return found

    def received(self, *, channel: str, form: str, name: str, content: bytes, headers: Mapping[str, str]) -> Document:
        """Return the document as it is kept before anybody has read it."""
        now = self.clock.now()
        return Document(
            document_id=ids.new(ids.DOCUMENT, milliseconds(now)),
            channel=channel,
            format=form,
            name=name,
            state=DocumentState.QUARANTINED,
            digest=hashlib.sha256(content).hexdigest(),
            size=len(content),
            order_ids=(),
            problems=(NOT_READ,),
            read_time=None,
            create_time=now,
            update_time=now,
            headers={key.lower(): value for key, value in headers.items()},
        )

    async def ingest(self, document_id: str, form: str, *, actor: str) -> Ingested:
        """Read the document unless that was done; bytes that were read as another format in vain are read again.

        A document of a channel that is paused waits until the channel goes on.
        """
        async with self.database.connect() as conn:
            document, content = await store_documents.get_document(conn, document_id)
            channel = await store_channels.find_channel(conn, document.channel)
        if channel.paused and document.read_time is None:
            return Ingested(document=document, orders=(), replayed=False)
        quarantined = document.state == DocumentState.QUARANTINED
        if document.read_time is None or (quarantined and document.format != form):
            return await self.read(replace(document, format=form), content, actor=actor)
        async with self.database.connect() as conn:
            external_ids = await store_documents.external_ids(conn, document.order_ids)
        repeated = tuple(
            IngestedOrder(external_id=external_ids[order_id], order_id=order_id, outcome=Outcome.REPEATED)
            for order_id in document.order_ids
        )
        return Ingested(document=document, orders=repeated, replayed=True)

    async def read(self, document: Document, content: bytes, *, actor: str) -> Ingested:
        """Read the document and accept its orders; those that are there already stay as they are."""
        reading = await self._reading(document, content)
        problems = [cleaned(problem) for problem in reading.problems]
        fitting = [place for place in enumerate(reading.drafts) if _fits(place[1])]
        together = Together(self.database, self.outbox, self.clock, self.screener)
        orders = await together.accept(document, fitting, actor=actor)
        places = [place for place in enumerate(reading.drafts) if place[0] not in orders]
        for start in range(0, len(places), _AT_ONCE):
            batch = places[start : start + _AT_ONCE]
            tried = await asyncio.gather(
                *(self._try(document, draft, position, actor=actor) for position, draft in batch)
            )
            for (position, _), (order, problem) in zip(batch, tried, strict=True):
                orders |= {position: order} if order else {}
                problems += [problem] if problem else []
        for change in reading.changes:
            problem = await self.change(document, change, actor=actor)
            problems += [cleaned(problem)] if problem else []
        async with self.database.begin() as conn:
            await store_documents.write_reading(
                conn, document.document_id, form=document.format, problems=problems, now=self.clock.now()
            )
        async with self.database.connect() as conn:
            kept, _ = await store_documents.get_document(conn, document.document_id)
        came = tuple(orders[position] for position in sorted(orders))
        return Ingested(document=kept, orders=came, replayed=False)

    async def _try(
        self, document: Document, draft: Draft, position: int, *, actor: str
    ) -> tuple[IngestedOrder | None, Problem | None]:
        """Return what became of one order, and what is wrong with it."""
        try:
            return await self._accept(document, draft, position, actor=actor), None
        except OrderConflict as conflict:
            order = await self._conflict(document, draft, conflict, actor=actor)
            return order, _problem(draft, "CONFLICT", f"order {draft.external_id}", conflict.message)
        except Exception as error:
            # What cannot be stored is said by the database; everything else that is not about the order goes on up.
            refusal = error if isinstance(error, InvalidArgument) else translate(error)
            if not isinstance(refusal, InvalidArgument):
                raise
            return None, _problem(draft, refusal.reason, refusal.metadata.get("field", ""), refusal.message)

    async def _reading(self, document: Document, content: bytes) -> Reading:
        adapter = self.formats[document.format]
        try:
            if len(content) > _LARGE:
                return await asyncio.to_thread(adapter, content, document.channel, document.headers)
            return adapter(content, document.channel, document.headers)
        except Exception:
            _log.exception("adapter_failed", format=document.format, document_id=document.document_id)
            message = f"the {document.format} adapter failed on it: this is a fault of ours, replay it after an update"
            return Reading(problems=(Problem(reason="ADAPTER_FAILED", position="", message=message),))

    async def _accept(self, document: Document, draft: Draft, position: int, *, actor: str) -> IngestedOrder:
        check_limits(draft)
        screening = await self.screener.ready(draft)
        async with self.database.begin() as conn:
            accepted = await accept(
                conn,
                self.outbox,
                draft,
                screening=screening,
                now=self.clock.now(),
                actor=actor,
                key=f"document/{document.document_id}",
                document_id=document.document_id,
            )
            await store_documents.link_order(conn, document.document_id, accepted.order.order_id, position)
        return IngestedOrder(
            external_id=draft.external_id,
            order_id=accepted.order.order_id,
            outcome=Outcome.REPEATED if accepted.replayed else Outcome.ACCEPTED,
        )

    async def _conflict(
        self, document: Document, draft: Draft, conflict: OrderConflict, *, actor: str
    ) -> IngestedOrder:
        async with self.database.begin() as conn:
            await record_conflict(
                conn, self.outbox, conflict, now=self.clock.now(), actor=actor, document_id=document.document_id
            )
        return IngestedOrder(external_id=draft.external_id, order_id=conflict.order_id, outcome=Outcome.CONFLICT)


def check_limits(draft: Draft) -> None:
    """Hold a draft against the limits that the contract sets for callers of SubmitOrder.

    Raises:
        InvalidArgument: LIMIT_EXCEEDED, UNREADABLE_TEXT.
    """
    try:
        protovalidate.validate(draft_message(draft))
    except protovalidate.ValidationError as error:
        violation = error.violations[0]
        field = path_of(violation)
        message = f"{field}: {violation.proto.message or violation.proto.rule_id}"
        raise InvalidArgument(message, reason="LIMIT_EXCEEDED", field=field) from error
    except (ValueError, TypeError, OverflowError) as error:
        # Half a surrogate pair, a number beyond 64 bits: JSON has them, nothing behind it does.
        raise InvalidArgument(f"it has a value that cannot be kept: {error}", reason="UNREADABLE_TEXT") from error


def _fits(draft: Draft) -> bool:
    try:
        check_limits(draft)
    except InvalidArgument:
        return False
    return True


def _problem(draft: Draft, reason: str, position: str, message: str) -> Problem:
    return cleaned(Problem(reason=reason, position=position, message=message, external_id=draft.external_id))
