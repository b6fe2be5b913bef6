"""The fixtures that every other test stands on."""

from datetime import timedelta

import asyncpg
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from services.kernel.clock import ManualClock


async def test_a_test_gets_an_empty_database(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    schemas = await connection.fetch("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|information_schema'")
    await connection.close()
    assert [row["nspname"] for row in schemas] == ["public"]


async def test_a_test_gets_a_namespace_with_our_search_attributes(temporal_client: Client) -> None:
    status = SearchAttributePair(SearchAttributeKey.for_keyword("OmsStatus"), "OPEN")
    handle = await temporal_client.start_workflow(
        "Nothing", id="order/ord_1", task_queue="oms", search_attributes=TypedSearchAttributes([status])
    )
    description = await handle.describe()
    assert description.typed_search_attributes[SearchAttributeKey.for_keyword("OmsStatus")] == "OPEN"


async def test_the_time_skipping_server_knows_our_search_attributes(time_skipping: WorkflowEnvironment) -> None:
    priority = SearchAttributePair(SearchAttributeKey.for_int("OmsPriority"), 3)
    handle = await time_skipping.client.start_workflow(
        "Nothing", id="order/ord_1", task_queue="oms", search_attributes=TypedSearchAttributes([priority])
    )
    assert (await handle.describe()).status is not None


def test_the_clock_moves_only_when_told(clock: ManualClock) -> None:
    before = clock.now()
    clock.advance(timedelta(hours=1))
    assert clock.now() - before == timedelta(hours=1)
