"""Taking a file over in parts: how far it was taken moves in the transaction that keeps the part, so nothing is lost.

Reading comes after keeping. Whoever dies in between has a document that is read when the part is sent again, or by the
sweep of unread documents. No acknowledgement is owed for a part: a partner is answered for what the partner sent.
"""

from dataclasses import dataclass, replace

from services.chassis.database import Connection, Database
from services.intake import store_documents, store_imports
from services.intake.domain.document import Document
from services.intake.domain.imports import PART_FORMATS, File, Import, ImportState, Part
from services.intake.ingesting import Ingested, Reader
from services.kernel import ids
from services.kernel.clock import Clock, milliseconds
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument

# More than this are not read because the channel is paused: they wait for the sweep.
_BROKEN_OFF = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Takes files over, for the RPCs and for the watched folder."""

    database: Database
    reader: Reader
    clock: Clock

    async def open(self, conn: Connection, file: File, *, actor: str) -> Import:
        """Open the import of a file, or find the one that there is.

        Raises:
            InvalidArgument: UNKNOWN_FORMAT.
        """
        if file.format not in PART_FORMATS:
            message = f"no file of {file.format!r} is taken over in parts: name a format of {', '.join(PART_FORMATS)}"
            raise InvalidArgument(message, reason="UNKNOWN_FORMAT", format=file.format)
        now = self.clock.now()
        wanted = Import(
            import_id=ids.new(ids.IMPORT, milliseconds(now)),
            file=file,
            state=ImportState.OPEN,
            next_part=1,
            position=-1,
            actor=actor,
            create_time=now,
            update_time=now,
        )
        return await store_imports.open_import(conn, wanted)

    async def take(self, import_id: str, part: Part, *, actor: str) -> Ingested:
        """Keep the part and read it; `replayed` where it was kept before.

        Raises:
            NotFound: IMPORT_NOT_FOUND.
            FailedPrecondition: PART_OUT_OF_ORDER.
            AlreadyExists: PART_DIFFERS.
        """
        async with self.database.begin() as conn:
            found = await store_imports.get_import(conn, import_id, lock=True)
            replayed = part.number < found.next_part
            document_id = await (self._kept if replayed else self._keep)(conn, found, part)
        form = PART_FORMATS[found.file.format]
        return replace(await self.reader.ingest(document_id, form, actor=actor), replayed=replayed)

    async def read_rest(self, import_id: str, *, actor: str) -> None:
        """Read the parts whose reading was broken off, because their sender or the service died."""
        async with self.database.connect() as conn:
            found = await store_imports.get_import(conn, import_id)
            unread = await store_imports.unread_documents(conn, import_id, limit=_BROKEN_OFF)
        for document_id in unread:
            await self.reader.ingest(document_id, PART_FORMATS[found.file.format], actor=actor)

    async def close(self, conn: Connection, import_id: str, part_count: int) -> Import:
        """Note that all of it is kept.

        Raises:
            NotFound: IMPORT_NOT_FOUND.
            FailedPrecondition: IMPORT_INCOMPLETE.
        """
        found = await store_imports.get_import(conn, import_id, lock=True)
        if found.next_part != part_count + 1:
            message = (
                f"{found.next_part - 1} parts are kept, not {part_count}: open the import again, and send the rest"
            )
            raise FailedPrecondition(message, reason="IMPORT_INCOMPLETE", next_part=str(found.next_part))
        if found.state == ImportState.DONE:
            return found
        await store_imports.close_import(conn, import_id, self.clock.now())
        return replace(found, state=ImportState.DONE)

    async def _keep(self, conn: Connection, found: Import, part: Part) -> str:
        if part.number != found.next_part or found.state == ImportState.DONE:
            message = f"part {found.next_part} is next: open the import again, and go on from where it stands"
            raise FailedPrecondition(message, reason="PART_OUT_OF_ORDER", next_part=str(found.next_part))
        document = self._received(found.file, part)
        kept = await store_documents.insert_document(conn, document, part.content)
        await store_imports.write_part(
            conn,
            found,
            kept.document_id,
            position=part.position,
            seen_before=kept.document_id != document.document_id,
            now=self.clock.now(),
        )
        return kept.document_id

    async def _kept(self, conn: Connection, found: Import, part: Part) -> str:
        document_id, digest = await store_imports.find_part(conn, found.import_id, part.number)
        if self._received(found.file, part).digest != digest:
            message = f"part {part.number} was kept with other bytes: somebody else imports the file, too"
            raise AlreadyExists(message, reason="PART_DIFFERS", part=str(part.number))
        return document_id

    def _received(self, file: File, part: Part) -> Document:
        return self.reader.received(
            channel=file.channel,
            form=PART_FORMATS[file.format],
            name=f"{file.name}#{part.number}",
            content=part.content,
            headers={},
        )
