"""Records histories of today's processes: `python -m tests.replay.record`, or `make record-history`.

It plays a handful of lives in a house of its own, on a real Temporal server, and writes what each process went through
to histories/<release>/<scenario>-<process>.json. Histories of releases that are out are never written again.
"""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

from oms.fulfillment.v1.fulfillment_order_pb2 import FulfillmentOrder
from oms.intake.v1.order_pb2 import Order, Payment
from oms.returns.v1.return_pb2 import Return
from tests import servers
from tests.workflow.conftest import namespace
from tests.workflow.house import opened
from tests.workflow.life import Life

RELEASE = "v0.1"
HISTORIES = Path(__file__).with_name("histories")

Scenario = Callable[[Life], Awaitable[tuple[Order, list[Return]]]]


async def happy(life: Life) -> tuple[Order, list[Return]]:
    return await life.until(await life.buy((await life.stock(east=2), 2)), "DELIVERED"), []


async def two_shipments(life: Life) -> tuple[Order, list[Return]]:
    order = await life.silently((await life.stock(east=2), 2), (await life.stock(west=1), 1))
    east, west = await life.work_of(order, 2)
    await life.until(order, "RELEASED")
    line = order.lines[0].line_id
    for work, units in ((east, {line: 1}), (west, None), (east, {line: 1})):
        await life.scan(await life.ship(work, units), "OUT_FOR_DELIVERY", "DELIVERED")
    return order, []


async def hold_and_cancel(life: Life) -> tuple[Order, list[Return]]:
    sku = await life.stock(east=3)
    await life.behave("wms", sku=sku, behaviour="silent")
    order = await life.buy((sku, 3), holds=[life.hold("look")], paid=Payment.STATE_CAPTURED)
    await life.shown(order, Status="On hold")
    line = order.lines[0].line_id
    await life.cancel(order, {line: 1})
    await life.resolve(order, "look")
    await life.until(order, released=2, cancelled=1)
    await life.cancel(order, {line: 1})
    await life.until(order, released=1, cancelled=2)
    await life.cancel(order)
    return order, []


async def rejected_hold(life: Life) -> tuple[Order, list[Return]]:
    order = await life.buy((await life.stock(east=1), 1), holds=[life.hold("risk", kind="HIGH_RISK_OF_FRAUD")])
    await life.shown(order, Status="On hold")
    await life.resolve(order, "risk", rejected=True)
    return order, []


async def short_pick(life: Life) -> tuple[Order, list[Return]]:
    order = await life.silently((await life.stock(east=2, west=2), 2))
    first = await life.released(order)
    await life.says(first, "SHORT_PICKED", {order.lines[0].line_id: 1}, message="empty bin")
    second = await life.work_of(order, known=[first])
    await life.until(order, "RELEASED")
    for work in (first, second):
        await life.scan(await life.ship(work), "EXCEPTION", "DELIVERED")
    return order, []


async def backorder(life: Life) -> tuple[Order, list[Return]]:
    sku = await life.stock(east=1)
    order = await life.buy((sku, 3))
    await life.until(order, backordered=2, delivered=1)
    await life.stock(sku=sku, west=2)
    return order, []


async def lost(life: Life) -> tuple[Order, list[Return]]:
    order = await life.silently((await life.stock(east=1), 1))
    parcel = await life.ship(await life.released(order))
    await life.until(order, "SHIPPED")
    await life.scan(parcel, "LOST")
    return order, []


async def operator_cancels(life: Life) -> tuple[Order, list[Return]]:
    order = await life.silently((await life.stock(east=1), 1))
    await life.released(order)
    await life.process(order).cancel()
    return order, []


async def comes_back(life: Life) -> tuple[Order, list[Return]]:
    order = await life.until(await life.buy((await life.stock(east=3), 3)), "DELIVERED")
    record = await life.ask_back(order, 3)
    await life.back(record, "a label", lambda found: found.tracking_number)
    await life.receive(record, 3)
    await life.inspect(record, "INSPECT_AGAIN", 1)
    await life.inspect(record, "SCRAP", 1)
    await life.inspect(record, "RESTOCK", 2)
    return order, [record]


SCENARIOS: tuple[Scenario, ...] = (
    happy,
    two_shipments,
    hold_and_cancel,
    rejected_hold,
    short_pick,
    backorder,
    lost,
    operator_cancels,
    comes_back,
)


async def record(life: Life, scenario: Scenario) -> dict[str, str]:
    """Play a scenario to its end, and return what its processes went through, by their file's name."""
    order, records = await scenario(life)
    await life.ended(order)
    works = sorted(await life.works(order), key=lambda work: (work.create_time.ToNanoseconds(), work.node_id))
    names: dict[str, Order | FulfillmentOrder | Return] = {"order": order}
    names |= {f"fulfillment-{number}": work for number, work in enumerate(works, 1)}
    names |= {f"return-{number}": one for number, one in enumerate(records, 1)}
    histories = {}
    for name, what in names.items():
        await life.finished(life.process(what))
        history = await life.process(what).fetch_history()
        histories[f"{scenario.__name__}-{name}.json"] = _compact(history)
    return histories


def _compact(history: WorkflowHistory) -> str:
    """Return it as JSON, an event a line, without what says only which machine it ran on."""
    events = []
    for event in json.loads(history.to_json())["events"]:
        for attributes in event.values():
            if isinstance(attributes, dict):
                for word in ("identity", "workerVersion", "meteringMetadata", "header", "binaryChecksum"):
                    attributes.pop(word, None)
        events.append(event)
    lines = ",\n".join(json.dumps(event, separators=(",", ":"), sort_keys=True) for event in events)
    return f'{{"events":[\n{lines}\n]}}\n'


def read(file: Path) -> WorkflowHistory:
    """Return a stored history; its process has the id that its first event says."""
    text = file.read_text()
    first = json.loads(text)["events"][0]
    assert EventType.Value(first["eventType"]) == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    workflow_id = first["workflowExecutionStartedEventAttributes"]["workflowId"]
    return WorkflowHistory.from_json(workflow_id, text)


async def main() -> None:
    folder = HISTORIES / RELEASE
    async with opened(*await namespace()) as house:
        life = Life(house)
        recorded: dict[str, str] = {}
        for scenario in SCENARIOS:
            recorded |= await record(life, scenario)
            print(f"played {scenario.__name__}", flush=True)  # noqa: T201 - a program for a terminal
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in recorded.items():
        (folder / name).write_text(text)
    size = sum(len(text) for text in recorded.values())
    print(f"{len(recorded)} histories of {RELEASE}, {size // 1024} KB, in {folder}")  # noqa: T201


if __name__ == "__main__":
    servers.open_run()
    try:
        asyncio.run(main())
    finally:
        servers.close_run()
