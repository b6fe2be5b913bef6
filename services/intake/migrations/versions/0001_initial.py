# ruff: noqa: E501, S608 - the frozen words of the schema; every name in it is ours
"""Orders, their lines, holds, money and timelines; documents as received.

`orders` has its rooms and its open holds added up by triggers, so that no writer can forget them, and computes its
status from the sums.
"""

from alembic import op

from services.chassis.migration import create_idempotency, create_outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "intake"
ROOMS = ("open", "backordered", "reserved", "released", "shipped", "delivered", "returned", "cancelled", "lost")


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute(_adds_up("count_units", ROOMS, {room: room for room in ROOMS}))
    op.execute(_adds_up("count_holds", ("open_hold_count",), {"open_hold_count": "CAST(state = 'CREATED' AS integer)"}))
    for table, function in (("order_lines", "count_units"), ("holds", "count_holds")):
        op.execute(_trigger(table, function, "INSERT", "NEW TABLE AS entered"))
        op.execute(_trigger(table, function, "UPDATE", "OLD TABLE AS gone NEW TABLE AS entered"))
        op.execute(_trigger(table, function, "DELETE", "OLD TABLE AS gone"))
    create_idempotency(SCHEMA)
    create_outbox(SCHEMA)


def _adds_up(function: str, columns: tuple[str, ...], counted: dict[str, str]) -> str:
    """Return a function for triggers that adds what a statement changed to the order's own columns."""
    entered = f"SELECT order_id, {', '.join(f'{counted[name]} AS {name}' for name in columns)} FROM entered"
    gone = f"SELECT order_id, {', '.join(f'-({counted[name]}) AS {name}' for name in columns)} FROM gone"
    bodies = {"INSERT": entered, "UPDATE": f"{entered} UNION ALL {gone}", "DELETE": gone}
    branches = "\n".join(
        f"IF TG_OP = '{operation}' THEN {_update(columns, changed)}; END IF;" for operation, changed in bodies.items()
    )
    return (
        f"CREATE FUNCTION intake.{function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
        f"{branches}\nRETURN NULL; END $$"
    )


def _update(columns: tuple[str, ...], changed: str) -> str:
    sums = ", ".join(f"sum({name}) AS {name}" for name in columns)
    return (
        f"UPDATE intake.orders AS o SET {', '.join(f'{name} = o.{name} + d.{name}' for name in columns)} "
        f"FROM (SELECT order_id, {sums} FROM ({changed}) AS c GROUP BY order_id) AS d "
        f"WHERE o.order_id = d.order_id AND ({' OR '.join(f'd.{name} <> 0' for name in columns)})"
    )


def _trigger(table: str, function: str, operation: str, transition: str) -> str:
    return (
        f"CREATE TRIGGER {function}_on_{operation.lower()} AFTER {operation} ON intake.{table} "
        f"REFERENCING {transition} FOR EACH STATEMENT EXECUTE FUNCTION intake.{function}()"
    )


TABLES = (
    """
    CREATE TABLE intake.documents (
        document_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        format TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        digest TEXT NOT NULL,
        size BIGINT NOT NULL,
        content BYTEA NOT NULL,
        problems JSONB NOT NULL,
        read_time TIMESTAMP WITH TIME ZONE,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        update_time TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_documents PRIMARY KEY (document_id),
        CONSTRAINT uq_documents_channel_digest UNIQUE (channel, digest),
        CONSTRAINT ck_documents_state CHECK (state IN ('ACCEPTED', 'QUARANTINED'))
    )
    """,
    "CREATE INDEX ix_documents_channel_create_time_document_id ON intake.documents (channel, create_time, document_id)",
    "CREATE INDEX ix_documents_create_time_document_id ON intake.documents (create_time, document_id)",
    "CREATE INDEX ix_documents_state_create_time_document_id ON intake.documents (state, create_time, document_id)",
    """
    CREATE TABLE intake.orders (
        order_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        external_id TEXT NOT NULL,
        order_number TEXT NOT NULL,
        digest TEXT NOT NULL,
        document_id TEXT,
        region TEXT NOT NULL,
        priority INTEGER NOT NULL,
        currency_code TEXT NOT NULL,
        customer_reference TEXT NOT NULL,
        ship_to JSONB NOT NULL,
        bill_to JSONB,
        shipping_minor BIGINT NOT NULL,
        shipping_tax_minor BIGINT NOT NULL,
        total_minor BIGINT NOT NULL,
        service_level TEXT NOT NULL,
        ship_complete BOOLEAN NOT NULL,
        note TEXT NOT NULL,
        promise_time TIMESTAMP WITH TIME ZONE,
        order_time TIMESTAMP WITH TIME ZONE NOT NULL,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        update_time TIMESTAMP WITH TIME ZONE NOT NULL,
        sequence BIGINT DEFAULT '0' NOT NULL,
        transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
        open BIGINT DEFAULT '0' NOT NULL,
        backordered BIGINT DEFAULT '0' NOT NULL,
        reserved BIGINT DEFAULT '0' NOT NULL,
        released BIGINT DEFAULT '0' NOT NULL,
        shipped BIGINT DEFAULT '0' NOT NULL,
        delivered BIGINT DEFAULT '0' NOT NULL,
        returned BIGINT DEFAULT '0' NOT NULL,
        cancelled BIGINT DEFAULT '0' NOT NULL,
        lost BIGINT DEFAULT '0' NOT NULL,
        open_hold_count BIGINT DEFAULT '0' NOT NULL,
        status TEXT GENERATED ALWAYS AS (CASE
    WHEN open + backordered + reserved + released + shipped + delivered + returned + cancelled + lost = cancelled THEN 'CANCELLED'
    WHEN open_hold_count > 0 AND open + backordered + reserved > 0 THEN 'ON_HOLD'
    WHEN open + backordered + reserved + released > 0 THEN CASE
    WHEN shipped + delivered + returned + lost > 0 THEN 'PARTLY_SHIPPED'
    WHEN backordered > 0 THEN 'BACKORDERED'
    WHEN open > 0 THEN 'OPEN'
    WHEN reserved > 0 THEN 'RESERVED'
    ELSE 'RELEASED' END
    WHEN shipped > 0 THEN CASE WHEN delivered + returned > 0 THEN 'PARTLY_DELIVERED' ELSE 'SHIPPED' END
    WHEN delivered + returned = 0 THEN 'LOST'
    WHEN returned > 0 THEN CASE WHEN delivered = 0 THEN 'RETURNED' ELSE 'PARTLY_RETURNED' END
    ELSE 'DELIVERED' END) STORED NOT NULL,
        resting BOOLEAN GENERATED ALWAYS AS (open + backordered + reserved + released + shipped = 0) STORED NOT NULL,
        CONSTRAINT pk_orders PRIMARY KEY (order_id),
        CONSTRAINT uq_orders_channel_external_id UNIQUE (channel, external_id),
        CONSTRAINT ck_orders_priority CHECK (priority BETWEEN 1 AND 5),
        CONSTRAINT ck_orders_region CHECK (region IN ('US', 'EU', 'UK', 'ROW')),
        CONSTRAINT ck_orders_amounts CHECK (shipping_minor >= 0 AND shipping_tax_minor >= 0 AND total_minor >= 0),
        CONSTRAINT ck_orders_rooms CHECK (open >= 0 AND backordered >= 0 AND reserved >= 0 AND released >= 0 AND shipped >= 0 AND delivered >= 0 AND returned >= 0 AND cancelled >= 0 AND lost >= 0 AND open_hold_count >= 0)
    )
    """,
    "CREATE INDEX ix_orders_channel_create_time_order_id ON intake.orders (channel, create_time, order_id)",
    "CREATE INDEX ix_orders_create_time_order_id ON intake.orders (create_time, order_id)",
    "CREATE INDEX ix_orders_status_create_time_order_id ON intake.orders (status, create_time, order_id)",
    """
    CREATE TABLE intake.cancellations (
        order_id TEXT NOT NULL,
        request_id TEXT NOT NULL,
        request_digest TEXT NOT NULL,
        answer JSONB,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_cancellations PRIMARY KEY (order_id, request_id),
        CONSTRAINT fk_cancellations_order_id FOREIGN KEY(order_id) REFERENCES intake.orders (order_id)
    )
    """,
    """
    CREATE TABLE intake.captures (
        order_id TEXT NOT NULL,
        shipment_id TEXT NOT NULL,
        request_id TEXT NOT NULL,
        state TEXT NOT NULL,
        amount_minor BIGINT NOT NULL,
        units JSONB NOT NULL,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        resolve_time TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_captures PRIMARY KEY (order_id, shipment_id),
        CONSTRAINT ck_captures_amount CHECK (amount_minor >= 0),
        CONSTRAINT ck_captures_state CHECK (state IN ('INTENDED', 'CAPTURED', 'DECLINED', 'NOTHING_DUE')),
        CONSTRAINT ck_captures_resolved_once CHECK ((state = 'INTENDED') = (resolve_time IS NULL)),
        CONSTRAINT fk_captures_order_id FOREIGN KEY(order_id) REFERENCES intake.orders (order_id)
    )
    """,
    """
    CREATE TABLE intake.document_orders (
        document_id TEXT NOT NULL,
        order_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        CONSTRAINT pk_document_orders PRIMARY KEY (document_id, order_id),
        CONSTRAINT fk_document_orders_document_id FOREIGN KEY(document_id) REFERENCES intake.documents (document_id),
        CONSTRAINT fk_document_orders_order_id FOREIGN KEY(order_id) REFERENCES intake.orders (order_id)
    )
    """,
    """
    CREATE TABLE intake.order_events (
        order_id TEXT NOT NULL,
        sequence BIGINT NOT NULL,
        event_id TEXT NOT NULL,
        type TEXT NOT NULL,
        key TEXT NOT NULL,
        moves JSONB NOT NULL,
        reason TEXT NOT NULL,
        actor TEXT NOT NULL,
        "references" JSONB NOT NULL,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        transaction_id xid8 NOT NULL,
        CONSTRAINT pk_order_events PRIMARY KEY (order_id, sequence),
        CONSTRAINT uq_order_events_order_id_type_key UNIQUE (order_id, type, key),
        CONSTRAINT ck_order_events_sequence CHECK (sequence >= 1),
        CONSTRAINT fk_order_events_order_id FOREIGN KEY(order_id) REFERENCES intake.orders (order_id),
        CONSTRAINT uq_order_events_event_id UNIQUE (event_id)
    )
    """,
    "CREATE INDEX ix_order_events_transaction_id_order_id_sequence ON intake.order_events (transaction_id, order_id, sequence)",
    """
    CREATE TABLE intake.order_lines (
        line_id TEXT NOT NULL,
        order_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        external_line_id TEXT NOT NULL,
        sku TEXT NOT NULL,
        title TEXT NOT NULL,
        quantity BIGINT NOT NULL,
        unit_price_minor BIGINT NOT NULL,
        discount_minor BIGINT NOT NULL,
        tax_minor BIGINT NOT NULL,
        prices_include_tax BOOLEAN NOT NULL,
        total_minor BIGINT NOT NULL,
        captured BIGINT DEFAULT '0' NOT NULL,
        open BIGINT NOT NULL,
        backordered BIGINT NOT NULL,
        reserved BIGINT NOT NULL,
        released BIGINT NOT NULL,
        shipped BIGINT NOT NULL,
        delivered BIGINT NOT NULL,
        returned BIGINT NOT NULL,
        cancelled BIGINT NOT NULL,
        lost BIGINT NOT NULL,
        CONSTRAINT pk_order_lines PRIMARY KEY (line_id),
        CONSTRAINT uq_order_lines_order_id_position UNIQUE (order_id, position),
        CONSTRAINT uq_order_lines_order_id_external_line_id UNIQUE (order_id, external_line_id),
        CONSTRAINT ck_order_lines_quantity CHECK (quantity >= 1),
        CONSTRAINT ck_order_lines_rooms CHECK (open >= 0 AND backordered >= 0 AND reserved >= 0 AND released >= 0 AND shipped >= 0 AND delivered >= 0 AND returned >= 0 AND cancelled >= 0 AND lost >= 0),
        CONSTRAINT ck_order_lines_every_unit_in_one_room CHECK (open + backordered + reserved + released + shipped + delivered + returned + cancelled + lost = quantity),
        CONSTRAINT ck_order_lines_captured CHECK (captured BETWEEN 0 AND quantity),
        CONSTRAINT ck_order_lines_amounts CHECK (unit_price_minor >= 0 AND discount_minor >= 0 AND tax_minor >= 0 AND total_minor >= 0),
        CONSTRAINT fk_order_lines_order_id FOREIGN KEY(order_id) REFERENCES intake.orders (order_id)
    )
    """,
    "CREATE INDEX ix_order_lines_sku_order_id ON intake.order_lines (sku, order_id)",
    """
    CREATE TABLE intake.payments (
        order_id TEXT NOT NULL,
        state TEXT NOT NULL,
        reference TEXT NOT NULL,
        offered_minor BIGINT NOT NULL,
        authorized_minor BIGINT NOT NULL,
        captured_minor BIGINT NOT NULL,
        voided_minor BIGINT NOT NULL,
        CONSTRAINT pk_payments PRIMARY KEY (order_id),
        CONSTRAINT ck_payments_never_more_than_authorized CHECK (captured_minor >= 0 AND voided_minor >= 0 AND captured_minor + voided_minor <= authorized_minor),
        CONSTRAINT fk_payments_order_id FOREIGN KEY(order_id) REFERENCES intake.orders (order_id)
    )
    """,
    """
    CREATE TABLE intake.holds (
        hold_id TEXT NOT NULL,
        order_id TEXT NOT NULL,
        line_id TEXT,
        handle TEXT NOT NULL,
        type TEXT NOT NULL,
        state TEXT NOT NULL,
        owner_queue TEXT NOT NULL,
        deadline_time TIMESTAMP WITH TIME ZONE NOT NULL,
        deadline_action TEXT NOT NULL,
        overdue BOOLEAN NOT NULL,
        note TEXT NOT NULL,
        create_time TIMESTAMP WITH TIME ZONE NOT NULL,
        resolve_time TIMESTAMP WITH TIME ZONE,
        resolved_by TEXT NOT NULL,
        CONSTRAINT pk_holds PRIMARY KEY (hold_id),
        CONSTRAINT uq_holds_order_id_handle UNIQUE (order_id, handle),
        CONSTRAINT ck_holds_state CHECK (state IN ('CREATED', 'RELEASED', 'REJECTED', 'EXPIRED')),
        CONSTRAINT ck_holds_resolved_once CHECK ((state = 'CREATED') = (resolve_time IS NULL)),
        CONSTRAINT fk_holds_order_id FOREIGN KEY(order_id) REFERENCES intake.orders (order_id),
        CONSTRAINT fk_holds_line_id FOREIGN KEY(line_id) REFERENCES intake.order_lines (line_id)
    )
    """,
    "CREATE INDEX ix_holds_owner_queue_state_deadline_time_hold_id ON intake.holds (owner_queue, state, deadline_time, hold_id)",
    "CREATE INDEX ix_holds_state_deadline_time_hold_id ON intake.holds (state, deadline_time, hold_id)",
)
