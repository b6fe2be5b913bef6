"""Calendars, carriers, products, rule sets, promises, what was learned, and outages.

Everything is added; code of the version before runs on beside it.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NETWORK = (
    """
    ALTER TABLE routing.nodes
        ADD COLUMN address_lines text[] NOT NULL DEFAULT '{}',
        ADD COLUMN calendar_id text NOT NULL DEFAULT '',
        ADD COLUMN daily_capacity integer NOT NULL DEFAULT 0,
        ADD COLUMN hourly_capacity integer NOT NULL DEFAULT 0,
        ADD COLUMN cutoffs jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN programs text[] NOT NULL DEFAULT '{}',
        ADD CONSTRAINT ck_nodes_capacity CHECK (daily_capacity >= 0 AND hourly_capacity >= 0),
        ADD CONSTRAINT ck_nodes_cutoffs CHECK (jsonb_typeof(cutoffs) = 'array')
    """,
    """
    CREATE TABLE routing.calendars (
        calendar_id text NOT NULL,
        document jsonb NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_calendars PRIMARY KEY (calendar_id),
        CONSTRAINT ck_calendars_document CHECK (jsonb_typeof(document) = 'object')
    )
    """,
    """
    CREATE TABLE routing.carrier_services (
        carrier_code text NOT NULL,
        service_code text NOT NULL,
        document jsonb NOT NULL,
        disabled boolean NOT NULL,
        disabled_reason text NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_carrier_services PRIMARY KEY (carrier_code, service_code),
        CONSTRAINT ck_carrier_services_document CHECK (jsonb_typeof(document) = 'object'),
        CONSTRAINT ck_carrier_services_disabled_reason CHECK (disabled OR disabled_reason = '')
    )
    """,
    """
    CREATE TABLE routing.products (
        sku text NOT NULL,
        grams bigint NOT NULL,
        length_mm integer NOT NULL,
        width_mm integer NOT NULL,
        height_mm integer NOT NULL,
        required_capabilities text[] NOT NULL,
        origin_country_code text NOT NULL,
        hs_code text NOT NULL,
        update_time timestamptz NOT NULL,
        CONSTRAINT pk_products PRIMARY KEY (sku),
        CONSTRAINT ck_products_size CHECK (grams >= 0 AND length_mm >= 0 AND width_mm >= 0 AND height_mm >= 0)
    )
    """,
    # What a replica keeps in memory is true as long as its version is this one. Whoever changes a row of a watched
    # table changes the version in the same transaction.
    """
    CREATE TABLE routing.versions (
        name text NOT NULL,
        version bigint NOT NULL,
        CONSTRAINT pk_versions PRIMARY KEY (name),
        CONSTRAINT ck_versions_name CHECK (name IN ('network', 'rules'))
    )
    """,
    "INSERT INTO routing.versions (name, version) VALUES ('network', 1), ('rules', 1)",
    """
    CREATE FUNCTION routing.next_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE routing.versions SET version = version + 1 WHERE name = TG_ARGV[0];
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER next_version AFTER INSERT OR UPDATE OR DELETE ON routing.nodes
    FOR EACH STATEMENT EXECUTE FUNCTION routing.next_version('network')
    """,
    """
    CREATE TRIGGER next_version AFTER INSERT OR UPDATE OR DELETE ON routing.calendars
    FOR EACH STATEMENT EXECUTE FUNCTION routing.next_version('network')
    """,
    """
    CREATE TRIGGER next_version AFTER INSERT OR UPDATE OR DELETE ON routing.carrier_services
    FOR EACH STATEMENT EXECUTE FUNCTION routing.next_version('network')
    """,
    # The network as decisions saw it: once for every state of it that a decision was made from.
    """
    CREATE TABLE routing.network_snapshots (
        digest text NOT NULL,
        network bytea NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_network_snapshots PRIMARY KEY (digest),
        CONSTRAINT ck_network_snapshots_digest CHECK (digest ~ '^[0-9a-f]{64}$')
    )
    """,
)

_RULES = (
    """
    CREATE TABLE routing.rule_sets (
        rule_set_id text NOT NULL,
        version integer NOT NULL,
        state text NOT NULL,
        document jsonb NOT NULL,
        digest text NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_rule_sets PRIMARY KEY (rule_set_id, version),
        CONSTRAINT ck_rule_sets_version CHECK (version > 0),
        CONSTRAINT ck_rule_sets_state CHECK (state IN ('DRAFT', 'VALIDATED', 'SHADOW', 'ACTIVE', 'RETIRED')),
        CONSTRAINT ck_rule_sets_digest CHECK (digest ~ '^[0-9a-f]{64}$')
    )
    """,
    "CREATE UNIQUE INDEX uq_rule_sets_active ON routing.rule_sets (rule_set_id) WHERE state = 'ACTIVE'",
    "CREATE UNIQUE INDEX uq_rule_sets_shadow ON routing.rule_sets (rule_set_id) WHERE state = 'SHADOW'",
    """
    CREATE TRIGGER next_version AFTER INSERT OR UPDATE OR DELETE ON routing.rule_sets
    FOR EACH STATEMENT EXECUTE FUNCTION routing.next_version('rules')
    """,
    """
    CREATE TABLE routing.rule_set_events (
        rule_set_id text NOT NULL,
        version integer NOT NULL,
        sequence bigint GENERATED ALWAYS AS IDENTITY,
        state text NOT NULL,
        actor text NOT NULL,
        note text NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_rule_set_events PRIMARY KEY (rule_set_id, version, sequence),
        CONSTRAINT fk_rule_set_events_version FOREIGN KEY (rule_set_id, version)
            REFERENCES routing.rule_sets (rule_set_id, version)
    )
    """,
    """
    CREATE TABLE routing.simulations (
        simulation_id text NOT NULL,
        rule_set_id text NOT NULL,
        version integer NOT NULL,
        document jsonb NOT NULL,
        actor text NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_simulations PRIMARY KEY (simulation_id)
    )
    """,
    """
    CREATE TABLE routing.rule_set_reviews (
        rule_set_id text NOT NULL,
        version integer NOT NULL,
        item text NOT NULL,
        simulation_id text NOT NULL,
        actor text NOT NULL,
        note text NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_rule_set_reviews PRIMARY KEY (rule_set_id, version, item),
        CONSTRAINT ck_rule_set_reviews_item CHECK (item IN ('SPLITS', 'EXCEPTIONS', 'UNCOVERED_ORDERS')),
        CONSTRAINT fk_rule_set_reviews_version FOREIGN KEY (rule_set_id, version)
            REFERENCES routing.rule_sets (rule_set_id, version),
        CONSTRAINT fk_rule_set_reviews_simulation FOREIGN KEY (simulation_id)
            REFERENCES routing.simulations (simulation_id)
    )
    """,
)

_DECISIONS = (
    # What a decision was made from, so that it can be made again: the demand, the stock that was seen, the loads.
    """
    CREATE TABLE routing.decision_inputs (
        decision_id text NOT NULL,
        network_digest text NOT NULL,
        document jsonb NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_decision_inputs PRIMARY KEY (decision_id),
        CONSTRAINT fk_decision_inputs_decision FOREIGN KEY (decision_id) REFERENCES routing.decisions (decision_id),
        CONSTRAINT fk_decision_inputs_network FOREIGN KEY (network_digest)
            REFERENCES routing.network_snapshots (digest)
    )
    """,
    "CREATE INDEX ix_decision_inputs_create_time ON routing.decision_inputs (create_time, decision_id)",
    """
    CREATE TABLE routing.shadow_results (
        rule_set_id text NOT NULL,
        version integer NOT NULL,
        decision_id text NOT NULL,
        document jsonb NOT NULL,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_shadow_results PRIMARY KEY (rule_set_id, version, decision_id)
    )
    """,
    # How many orders a node was given, by the hour in which its work on them begins.
    """
    CREATE TABLE routing.node_loads (
        node_id text NOT NULL,
        hour timestamptz NOT NULL,
        orders bigint NOT NULL,
        CONSTRAINT pk_node_loads PRIMARY KEY (node_id, hour),
        CONSTRAINT ck_node_loads_orders CHECK (orders >= 0)
    )
    """,
    # How many parcels a carrier service was given at a node, by the local day on which they leave.
    """
    CREATE TABLE routing.service_loads (
        node_id text NOT NULL,
        carrier_code text NOT NULL,
        service_code text NOT NULL,
        day date NOT NULL,
        parcels bigint NOT NULL,
        CONSTRAINT pk_service_loads PRIMARY KEY (node_id, carrier_code, service_code, day),
        CONSTRAINT ck_service_loads_parcels CHECK (parcels >= 0)
    )
    """,
    # What was asked of a node: how well a SKU sells there.
    """
    CREATE TABLE routing.sku_loads (
        sku text NOT NULL,
        node_id text NOT NULL,
        day date NOT NULL,
        units bigint NOT NULL,
        CONSTRAINT pk_sku_loads PRIMARY KEY (sku, node_id, day),
        CONSTRAINT ck_sku_loads_units CHECK (units >= 0)
    )
    """,
)

_PROMISES = (
    """
    CREATE TABLE routing.promises (
        promise_id text NOT NULL,
        version integer NOT NULL,
        order_id text NOT NULL,
        request_digest bytea NOT NULL,
        promise bytea NOT NULL,
        latest_delivery_time timestamptz,
        create_time timestamptz NOT NULL,
        CONSTRAINT pk_promises PRIMARY KEY (promise_id, version),
        CONSTRAINT ck_promises_version CHECK (version > 0)
    )
    """,
    "CREATE INDEX ix_promises_order_id ON routing.promises (order_id, version) WHERE order_id <> ''",
    # How many delivery days parcels took: a histogram for each node, service and area.
    """
    CREATE TABLE routing.transit_counts (
        node_id text NOT NULL,
        carrier_code text NOT NULL,
        service_code text NOT NULL,
        area text NOT NULL,
        days integer NOT NULL,
        parcels bigint NOT NULL,
        CONSTRAINT pk_transit_counts PRIMARY KEY (node_id, carrier_code, service_code, area, days),
        CONSTRAINT ck_transit_counts_counts CHECK (days BETWEEN 0 AND 366 AND parcels > 0)
    )
    """,
    # How late nodes hand over: working minutes beyond what they say they need, in steps of a quarter of an hour.
    """
    CREATE TABLE routing.processing_counts (
        node_id text NOT NULL,
        late_minutes integer NOT NULL,
        orders bigint NOT NULL,
        CONSTRAINT pk_processing_counts PRIMARY KEY (node_id, late_minutes),
        CONSTRAINT ck_processing_counts_orders CHECK (orders > 0)
    )
    """,
)

_OUTAGES = (
    """
    CREATE TABLE routing.outages (
        outage_id text NOT NULL,
        node_id text NOT NULL,
        carrier_code text NOT NULL,
        service_code text NOT NULL,
        reason text NOT NULL,
        replans boolean NOT NULL,
        actor text NOT NULL,
        start_time timestamptz NOT NULL,
        end_time timestamptz,
        CONSTRAINT pk_outages PRIMARY KEY (outage_id),
        CONSTRAINT ck_outages_of_something CHECK ((node_id = '') <> (carrier_code = '')),
        CONSTRAINT ck_outages_ends_after_it_starts CHECK (end_time >= start_time)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_outages_open ON routing.outages (node_id, carrier_code, service_code)
    WHERE end_time IS NULL
    """,
    "CREATE INDEX ix_outages_start_time ON routing.outages (start_time, outage_id)",
    """
    CREATE TABLE routing.outage_works (
        outage_id text NOT NULL,
        fulfillment_order_id text NOT NULL,
        promise_time timestamptz,
        document jsonb NOT NULL,
        CONSTRAINT pk_outage_works PRIMARY KEY (outage_id, fulfillment_order_id),
        CONSTRAINT fk_outage_works_outage FOREIGN KEY (outage_id) REFERENCES routing.outages (outage_id)
    )
    """,
)


def upgrade() -> None:
    for statement in (*_NETWORK, *_RULES, *_DECISIONS, *_PROMISES, *_OUTAGES):
        op.execute(statement)
