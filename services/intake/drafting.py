"""Drafts: an order that somebody is putting together, until it is confirmed and is an order, once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import protovalidate

from oms.intake.v1.order_draft_pb2 import OrderDraft
from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.chassis.validation import path_of
from services.intake import store, store_drafts
from services.intake.accepting import Accepted, accept
from services.intake.domain.channel import DRAFT, SavedDraft, SavedDraftState
from services.intake.domain.draft import Draft
from services.intake.screening import Screening
from services.intake.wire_draft import draft_from
from services.kernel import ids
from services.kernel.clock import milliseconds
from services.kernel.errors import Aborted, FailedPrecondition, InvalidArgument

_VALID_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """What is to be saved; a new draft where `draft_id` is empty."""

    draft_id: str
    order: OrderDraft
    valid_for: timedelta | None
    etag: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """What is to be confirmed; the screening was made ready for the draft with this etag."""

    draft_id: str
    etag: str
    screening: Screening
    actor: str


async def save(conn: Connection, wanted: Save, *, now: datetime) -> SavedDraft:
    """Save the draft.

    Raises:
        InvalidArgument: MISSING_CHANNEL.
        NotFound: DRAFT_NOT_FOUND.
        FailedPrecondition: DRAFT_CLOSED.
        Aborted: ETAG_CHANGED.
    """
    if not wanted.order.channel:
        raise InvalidArgument("a draft says which channel it is of", reason="MISSING_CHANNEL", field="order.channel")
    if wanted.draft_id:
        before = await _open(conn, wanted.draft_id, wanted.etag, now)
        draft_id, version, created = before.draft_id, before.version, before.create_time
    else:
        draft_id, version, created = ids.new(DRAFT, milliseconds(now)), 0, now
    saved = SavedDraft(
        draft_id=draft_id,
        channel=wanted.order.channel,
        customer_reference=wanted.order.customer_reference,
        state=SavedDraftState.OPEN,
        content=wanted.order.SerializeToString(),
        order_id="",
        actor=wanted.actor,
        version=version + 1,
        valid_until_time=now + (wanted.valid_for or _VALID_FOR),
        create_time=created,
        update_time=now,
    )
    await store_drafts.write_draft(conn, saved)
    return saved


async def order_of(conn: Connection, draft_id: str) -> tuple[Draft | None, str]:
    """Return the order as it would be, with the draft's etag; None where it is an order already.

    Raises:
        NotFound: DRAFT_NOT_FOUND.
        InvalidArgument: LIMIT_EXCEEDED where it is not complete, and as SubmitOrder.
    """
    found = await store_drafts.get_draft(conn, draft_id)
    return (None, "") if found.state == SavedDraftState.CONFIRMED else (_order(found), found.etag)


async def confirm(conn: Connection, outbox: Outbox, wanted: Confirm, *, now: datetime) -> Accepted:
    """Make the draft an order; one that is an order already is returned as it is now.

    Raises:
        NotFound: DRAFT_NOT_FOUND.
        FailedPrecondition: DRAFT_CLOSED.
        Aborted: ETAG_CHANGED.
        InvalidArgument: as `order_of`, and as `accept`.
        OrderConflict: as `accept`.
    """
    found = await store_drafts.get_draft(conn, wanted.draft_id, lock=True)
    if found.state == SavedDraftState.CONFIRMED:
        return Accepted(order=await store.get_order(conn, found.order_id), replayed=True)
    found = await _open(conn, wanted.draft_id, wanted.etag, now)
    accepted = await accept(
        conn,
        outbox,
        _order(found),
        screening=wanted.screening,
        now=now,
        actor=wanted.actor,
        key=f"draft/{wanted.draft_id}",
    )
    confirmed = replace(
        found,
        state=SavedDraftState.CONFIRMED,
        order_id=accepted.order.order_id,
        actor=wanted.actor,
        version=found.version + 1,
        update_time=now,
    )
    await store_drafts.write_draft(conn, confirmed)
    return accepted


async def abandon(conn: Connection, draft_id: str, *, now: datetime, actor: str) -> SavedDraft:
    """Give the draft up; giving it up twice is once.

    Raises:
        NotFound: DRAFT_NOT_FOUND.
        FailedPrecondition: DRAFT_CLOSED.
    """
    found = await store_drafts.get_draft(conn, draft_id, lock=True)
    if found.state == SavedDraftState.ABANDONED:
        return found
    if found.state == SavedDraftState.CONFIRMED:
        raise _closed(found, f"it is order {found.order_id}: cancel that")
    given_up = replace(found, state=SavedDraftState.ABANDONED, actor=actor, version=found.version + 1, update_time=now)
    await store_drafts.write_draft(conn, given_up)
    return given_up


async def _open(conn: Connection, draft_id: str, etag: str, now: datetime) -> SavedDraft:
    found = await store_drafts.get_draft(conn, draft_id, lock=True)
    if found.state != SavedDraftState.OPEN:
        raise _closed(found, f"it is {found.state.lower()}: begin a new one")
    if found.valid_until_time < now:
        raise _closed(found, "its time is over: begin a new one")
    if etag and etag != found.etag:
        raise Aborted("the draft has changed since you read it: read it again", reason="ETAG_CHANGED", etag=found.etag)
    return found


def _closed(draft: SavedDraft, why: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"{draft.draft_id} cannot be changed or confirmed: {why}", reason="DRAFT_CLOSED", draft_id=draft.draft_id
    )


def _order(found: SavedDraft) -> Draft:
    """Return the order, held against the limits that the contract sets for callers of SubmitOrder."""
    message = OrderDraft.FromString(found.content)
    message.external_id = message.external_id or found.draft_id
    try:
        protovalidate.validate(message)
    except protovalidate.ValidationError as error:
        violation = error.violations[0]
        field = path_of(violation)
        said = f"{field}: {violation.proto.message or violation.proto.rule_id}"
        raise InvalidArgument(f"the draft is not complete: {said}", reason="LIMIT_EXCEEDED", field=field) from error
    return draft_from(message)
