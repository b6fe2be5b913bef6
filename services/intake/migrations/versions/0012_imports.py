"""Files that are taken over in parts. New tables: nothing waits for them."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE intake.imports (
            import_id text NOT NULL,
            channel text NOT NULL,
            format text NOT NULL,
            digest text NOT NULL,
            size bigint NOT NULL,
            name text NOT NULL,
            state text NOT NULL,
            next_part integer NOT NULL,
            position bigint NOT NULL,
            actor text NOT NULL,
            create_time timestamptz NOT NULL,
            update_time timestamptz NOT NULL,
            CONSTRAINT pk_imports PRIMARY KEY (import_id),
            CONSTRAINT uq_imports_channel_format_digest_size UNIQUE (channel, format, digest, size),
            CONSTRAINT ck_imports_state CHECK (state IN ('OPEN', 'DONE'))
        )
    """)
    op.execute("CREATE INDEX ix_imports_create_time_import_id ON intake.imports (create_time, import_id)")
    op.execute("""
        CREATE TABLE intake.import_parts (
            import_id text NOT NULL,
            part integer NOT NULL,
            document_id text NOT NULL,
            seen_before boolean NOT NULL,
            CONSTRAINT pk_import_parts PRIMARY KEY (import_id, part),
            CONSTRAINT fk_import_parts_import_id FOREIGN KEY (import_id) REFERENCES intake.imports (import_id),
            CONSTRAINT fk_import_parts_document_id
                FOREIGN KEY (document_id) REFERENCES intake.documents (document_id)
        )
    """)
