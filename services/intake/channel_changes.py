"""Changes that channels ask for by their documents: only of what they own, and of each order that they mean."""

from dataclasses import dataclass, replace

from services.chassis.database import Database
from services.intake import store, store_ownership
from services.intake.domain.document import Document
from services.intake.domain.draft import Problem
from services.intake.domain.edits import CancelOrder, ChangeDraft
from services.intake.domain.ownership import CHANNEL, field_of, may_write
from services.intake.ingesting import ChangePort
from services.kernel.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChanges:
    """Holds a change against the ownership contract, and hands it on where the channel may make it."""

    database: Database
    clock: Clock
    change: ChangePort

    async def __call__(self, document: Document, change: ChangeDraft, *, actor: str) -> Problem | None:
        """Make the change; return why it was not made, None where it was, now or before."""
        async with self.database.connect() as conn:
            contract = await store_ownership.contract(conn, change.channel)
            meant = await self._meant(conn, change)
        others = [field for edit in change.edits if not may_write(contract, field := field_of(edit), CHANNEL)]
        if others:
            async with self.database.begin() as conn:
                await store_ownership.count(
                    conn,
                    change.channel,
                    others,
                    store_ownership.REFUSED,
                    order_id=change.external_id,
                    document_id=document.document_id,
                    now=self.clock.now(),
                )
            named = ", ".join(sorted({f"{field} ({contract.get(field, 'not the channel')})" for field in others}))
            message = f"{change.channel} does not own {named}: see the ownership contract, or change the order by hand."
            return Problem(
                reason="NOT_OWNER",
                position=f"change {change.change_id}",
                message=message,
                external_id=change.external_id,
            )
        problems = [await self.change(document, one, actor=actor) for one in meant]
        return next((problem for problem in problems if problem), None)

    async def _meant(self, conn: store.Connection, change: ChangeDraft) -> list[ChangeDraft]:
        """Return the change for each order that is meant: what came as several orders is cancelled as a whole."""
        if await store.find_by_external_id(conn, change.channel, change.external_id):
            return [change]
        if not all(isinstance(edit, CancelOrder) for edit in change.edits):
            return [change]
        parts = await store.external_ids_of_group(conn, change.channel, change.external_id)
        return [replace(change, external_id=external_id) for external_id in parts] or [change]
