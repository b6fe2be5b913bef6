"""Accepting the orders of a document together, in the statement that writes orders submitted at the same time.

Only what can be written so is: an order that was there before, looks like another one, needs something looked up, or is
wrong, is left out, and is accepted alone in the ordinary way, where it hears what there is to hear. Long orders are
left out too: each is work of its own, and a transaction of its own keeps its locks short.
"""

from collections.abc import Iterator, Sequence

import structlog

from services.chassis.database import Database
from services.chassis.outbox import Outbox
from services.intake import accepting, store_accepting
from services.intake.domain.document import Document, IngestedOrder, Outcome
from services.intake.domain.draft import Draft
from services.intake.screening import Screener
from services.intake.store_accepting import Writing
from services.kernel.clock import Clock

_ORDERS = 64
_LINES = 2_000
_LONG = 200

_log = structlog.get_logger(__name__)

Placed = tuple[int, Draft]


class Together:
    """Writes orders of documents together."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock, screener: Screener) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock
        self._screener = screener

    async def accept(self, document: Document, drafts: Sequence[Placed], *, actor: str) -> dict[int, IngestedOrder]:
        """Return the orders that were accepted, by their position; the drafts were held against the limits before."""
        # A CloudEvent says where it stands in the feed, which the transaction must tell.
        if self._outbox.publishes or len(drafts) < 2:
            return {}
        found: dict[int, IngestedOrder] = {}
        for group in _groups(drafts):
            try:
                found |= await self._write(document, group, actor=actor)
            except Exception as error:
                # Whatever it was, each is told its own.
                _log.info("accepted_alone", orders=len(group), error=str(error)[:200])
        return found

    async def _write(self, document: Document, group: Sequence[Placed], *, actor: str) -> dict[int, IngestedOrder]:
        writings: list[Writing] = []
        alike: set[int] = set()
        for position, draft in group:
            writing = await self._writing(document, draft, position, actor=actor)
            if writing is None or writing.prints.order in alike:
                continue  # alone, it finds the other one
            alike |= {writing.prints.order} if writing.prints.order is not None else set()
            writings.append(writing)
        if not writings:
            return {}
        async with self._database.driver() as driver:
            written = await store_accepting.write(driver, writings, around=self._screener.around)
        return {
            one.position: IngestedOrder(
                external_id=one.order.external_id, order_id=one.order.order_id, outcome=Outcome.ACCEPTED
            )
            for one in writings
            if one.order.order_id in written
        }

    async def _writing(self, document: Document, draft: Draft, position: int, *, actor: str) -> Writing | None:
        now = self._clock.now()
        try:
            screening = await self._screener.ready(draft)
            if not screening.complete(draft):
                return None
            key = f"document/{document.document_id}"
            drawn = accepting.draw_up(
                draft, screening=screening, now=now, actor=actor, key=key, document_id=document.document_id
            )
        except Exception:  # alone, it is told what is wrong with it
            return None
        return Writing(
            order=drawn.order,
            digest=drawn.digest,
            offered=drawn.offered,
            events=drawn.events,
            outbox=self._outbox.rows(drawn.start),
            rpc="",
            request_id="",
            request_digest=b"",
            response=b"",
            now=now,
            prints=drawn.prints,
            document_id=document.document_id,
            position=position,
        )


def _groups(drafts: Sequence[Placed]) -> Iterator[list[Placed]]:
    group: list[Placed] = []
    lines = 0
    for position, draft in drafts:
        if len(draft.lines) > _LONG:
            continue
        if group and (len(group) == _ORDERS or lines + len(draft.lines) > _LINES):
            yield group
            group, lines = [], 0
        group.append((position, draft))
        lines += len(draft.lines)
    if len(group) > 1:
        yield group
