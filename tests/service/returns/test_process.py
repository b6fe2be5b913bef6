"""What the return's process is told, as a real Temporal server has it."""

import asyncio

from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError

from services.chassis.client import Channels
from services.chassis.settings import Settings
from tests.service.returns.shop import RESTOCK, Shop


async def test_the_process_is_started_and_hears_every_fact_in_order(  # noqa: PLR0917 - fixtures, by name
    service, clock, payment, migrated_database, monkeypatch, temporal_address, temporal_client
):
    monkeypatch.setenv("OMS_PAYMENT_URL", payment.url)
    url = migrated_database("intake", "returns")
    intake = await service("intake", clock=clock, database_url=url)
    returns = await service(
        "returns",
        clock=clock,
        database_url=url,
        intake_address=intake.address,
        temporal_address=temporal_address,
        temporal_namespace=temporal_client.namespace,
    )
    async with Channels(Settings()) as channels:
        shop = Shop(intake=intake.address, returns=returns.address, channels=channels, database_url=url)
        record = await shop.receive(await shop.delivered_and_asked_back(2))
        await shop.inspect(record, RESTOCK, 2)
    handle = temporal_client.get_workflow_handle(f"return/{record.return_id}")
    signals: list[str] = []
    async with asyncio.timeout(30):
        while len(signals) < 2:
            await returns.parts.relay.drain_once()
            try:
                events = [event async for event in handle.fetch_history_events()]
            except RPCError:
                continue  # not started yet
            signals = [
                event.workflow_execution_signaled_event_attributes.signal_name
                for event in events
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
            ]
    assert signals == ["receipt_recorded", "inspection_recorded"]
    described = await handle.describe()
    assert described.workflow_type == "Return"
    assert described.task_queue == "oms"
    found = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert found | {"OmsStatus": "Awaiting parcel", "OmsChannel": "shopify-us", "OmsRegion": "US"} == found
    assert await described.static_summary() == "Return of 2 units of order #1001 (shopify-us)"
