"""Files that are taken over in parts, and the documents that the parts are kept as."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from services.intake.tables import Moment, documents, metadata

imports = Table(
    "imports",
    metadata,
    Column("import_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("format", Text, nullable=False),
    # SHA-256 of the whole file.
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_part", Integer, nullable=False),
    # Where the last order of the last part begins; -1 where there is none.
    Column("position", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("create_time", Moment, nullable=False),
    Column("update_time", Moment, nullable=False),
    UniqueConstraint("channel", "format", "digest", "size"),
    CheckConstraint("state IN ('OPEN', 'DONE')", name="state"),
    Index(None, "create_time", "import_id"),
)

import_parts = Table(
    "import_parts",
    metadata,
    Column("import_id", Text, ForeignKey(imports.c.import_id), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("document_id", Text, ForeignKey(documents.c.document_id), nullable=False),
    # The document was there before, from another file or another door.
    Column("seen_before", Boolean, nullable=False),
)
