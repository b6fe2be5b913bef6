"""Fulfillment orders and their lines, shipments, what nodes and carriers say, and intents."""

from alembic import op

from services.chassis.migration import create_idempotency, create_outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE fulfillment.fulfillment_orders (
        fulfillment_order_id text NOT NULL,
        order_id text NOT NULL,
        node_id text NOT NULL,
        status text NOT NULL,
        request_status text NOT NULL,
        ship_to jsonb NOT NULL,
        carrier_code text NOT NULL,
        service_code text NOT NULL,
        promise_time timestamptz,
        priority smallint NOT NULL,
        message text NOT NULL,
        node_reference text NOT NULL,
        create_time timestamptz NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_fulfillment_orders PRIMARY KEY (fulfillment_order_id),
        CONSTRAINT ck_fulfillment_orders_status_known
            CHECK (status IN ('SCHEDULED', 'OPEN', 'IN_PROGRESS', 'ON_HOLD', 'INCOMPLETE', 'CLOSED', 'CANCELLED')),
        CONSTRAINT ck_fulfillment_orders_request_status_known
            CHECK (request_status IN ('UNSUBMITTED', 'SUBMITTED', 'ACCEPTED', 'REJECTED', 'CANCELLATION_REQUESTED',
                                      'CANCELLATION_ACCEPTED', 'CANCELLATION_REJECTED', 'CLOSED')),
        CONSTRAINT ck_fulfillment_orders_priority_known CHECK (priority BETWEEN 1 AND 5)
    )
    """,
    """
    CREATE TABLE fulfillment.fulfillment_order_lines (
        fulfillment_order_id text NOT NULL,
        line_id text NOT NULL,
        position smallint NOT NULL,
        sku text NOT NULL,
        quantity bigint NOT NULL,
        waiting_quantity bigint NOT NULL,
        shipped_quantity bigint NOT NULL,
        rejected_quantity bigint NOT NULL,
        cancelled_quantity bigint NOT NULL,
        CONSTRAINT pk_fulfillment_order_lines PRIMARY KEY (fulfillment_order_id, line_id),
        CONSTRAINT fk_fulfillment_order_lines_fulfillment_order_id FOREIGN KEY (fulfillment_order_id)
            REFERENCES fulfillment.fulfillment_orders (fulfillment_order_id),
        CONSTRAINT ck_fulfillment_order_lines_quantity_positive CHECK (quantity > 0),
        CONSTRAINT ck_fulfillment_order_lines_not_negative
            CHECK (waiting_quantity >= 0 AND shipped_quantity >= 0 AND rejected_quantity >= 0
                   AND cancelled_quantity >= 0),
        CONSTRAINT ck_fulfillment_order_lines_adds_up
            CHECK (quantity = waiting_quantity + shipped_quantity + rejected_quantity + cancelled_quantity)
    )
    """,
    """
    CREATE TABLE fulfillment.shipments (
        shipment_id text NOT NULL,
        order_id text NOT NULL,
        fulfillment_order_id text,
        return_id text,
        direction text NOT NULL,
        node_id text NOT NULL,
        carrier_code text NOT NULL,
        service_code text NOT NULL,
        tracking_number text NOT NULL,
        label_uri text NOT NULL,
        lines jsonb NOT NULL,
        shipped boolean NOT NULL,
        tracking_status text NOT NULL,
        ship_time timestamptz,
        deliver_time timestamptz,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_shipments PRIMARY KEY (shipment_id),
        CONSTRAINT fk_shipments_fulfillment_order_id FOREIGN KEY (fulfillment_order_id)
            REFERENCES fulfillment.fulfillment_orders (fulfillment_order_id),
        CONSTRAINT ck_shipments_direction_known CHECK (direction IN ('OUTBOUND', 'RETURN')),
        CONSTRAINT ck_shipments_tracking_status_known
            CHECK (tracking_status IN ('LABEL_PURCHASED', 'CONFIRMED', 'PICKED_UP', 'IN_TRANSIT', 'DELAYED',
                                       'EXCEPTION', 'OUT_FOR_DELIVERY', 'ATTEMPTED_DELIVERY', 'AVAILABLE_FOR_PICKUP',
                                       'RETURNING', 'LOST', 'DELIVERED')),
        CONSTRAINT ck_shipments_outbound_of_work
            CHECK ((direction = 'OUTBOUND') = (fulfillment_order_id IS NOT NULL)),
        CONSTRAINT ck_shipments_return_of_return CHECK ((direction = 'RETURN') = (return_id IS NOT NULL)),
        CONSTRAINT ck_shipments_shipped_at_some_time CHECK (shipped = (ship_time IS NOT NULL))
    )
    """,
    """
    CREATE TABLE fulfillment.node_events (
        fulfillment_order_id text NOT NULL,
        event_id text NOT NULL,
        type text NOT NULL,
        units jsonb NOT NULL,
        tracking_number text NOT NULL,
        message text NOT NULL,
        occur_time timestamptz NOT NULL,
        record_time timestamptz NOT NULL,
        refusal text,
        CONSTRAINT pk_node_events PRIMARY KEY (fulfillment_order_id, event_id),
        CONSTRAINT ck_node_events_type_known
            CHECK (type IN ('ACCEPTED', 'REJECTED', 'PICKED', 'SHORT_PICKED', 'PACKED', 'SHIPPED', 'CANCELLED',
                            'CANCELLATION_REJECTED'))
    )
    """,
    """
    CREATE TABLE fulfillment.tracking_events (
        carrier_code text NOT NULL,
        tracking_number text NOT NULL,
        event_id text NOT NULL,
        shipment_id text,
        status text NOT NULL,
        rank smallint NOT NULL,
        occur_time timestamptz NOT NULL,
        raw_code text NOT NULL,
        location text NOT NULL,
        message text NOT NULL,
        record_time timestamptz NOT NULL,
        refusal text,
        told boolean NOT NULL,
        CONSTRAINT pk_tracking_events PRIMARY KEY (carrier_code, tracking_number, event_id),
        CONSTRAINT ck_tracking_events_status_known
            CHECK (status IN ('LABEL_PURCHASED', 'CONFIRMED', 'PICKED_UP', 'IN_TRANSIT', 'DELAYED', 'EXCEPTION',
                              'OUT_FOR_DELIVERY', 'ATTEMPTED_DELIVERY', 'AVAILABLE_FOR_PICKUP', 'RETURNING', 'LOST',
                              'DELIVERED')),
        CONSTRAINT ck_tracking_events_refused_or_of_a_parcel CHECK ((shipment_id IS NULL) = (refusal IS NOT NULL))
    )
    """,
    """
    CREATE TABLE fulfillment.intents (
        rpc text NOT NULL,
        request_id text NOT NULL,
        request_digest bytea NOT NULL,
        plan jsonb NOT NULL,
        answered boolean NOT NULL DEFAULT false,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_intents PRIMARY KEY (rpc, request_id)
    )
    """,
)

_INDEXES = (
    "INDEX ix_fulfillment_orders_by_age ON fulfillment.fulfillment_orders (create_time, fulfillment_order_id)",
    (
        "INDEX ix_fulfillment_orders_by_order"
        " ON fulfillment.fulfillment_orders (order_id, create_time, fulfillment_order_id)"
    ),
    (
        "INDEX ix_fulfillment_orders_by_node"
        " ON fulfillment.fulfillment_orders (node_id, create_time, fulfillment_order_id)"
    ),
    (
        "INDEX ix_fulfillment_orders_by_status"
        " ON fulfillment.fulfillment_orders (status, create_time, fulfillment_order_id)"
    ),
    "UNIQUE INDEX uq_shipments_tracking_number_carrier_code ON fulfillment.shipments (tracking_number, carrier_code)",
    "INDEX ix_shipments_create_time_shipment_id ON fulfillment.shipments (create_time, shipment_id)",
    "INDEX ix_shipments_order_id_create_time_shipment_id ON fulfillment.shipments (order_id, create_time, shipment_id)",
    "INDEX ix_shipments_fulfillment_order_id ON fulfillment.shipments (fulfillment_order_id)",
    (
        "INDEX ix_tracking_events_shipment_id_occur_time_rank_event_id"
        " ON fulfillment.tracking_events (shipment_id, occur_time, rank, event_id)"
    ),
)


def upgrade() -> None:
    """Make everything."""
    create_idempotency("fulfillment")
    create_outbox("fulfillment")
    for statement in _TABLES:
        op.execute(statement)
    for index in _INDEXES:
        op.execute(f"CREATE {index}")


def downgrade() -> None:
    """There is nothing before the first migration.

    Raises:
        NotImplementedError: always; drop the schema if that is what is wanted.
    """
    raise NotImplementedError("there is nothing before the first migration")
