"""The proof, in SQL and in the partners' own books, that nothing was lost and nothing happened twice.

It is asked when every order is at rest. Each question finds what is wrong; no row is the only right answer.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

import asyncpg
import httpx
from temporalio.client import Client

from deploy.local import layout
from deploy.local.demo.system import System
from deploy.local.stack import Stack
from services.intake.domain.rooms import ROOM_NAMES
from services.inventory.leaks import audit_stock
from tests.e2e.world import LOOK_SECONDS

_MOVED = """moved AS (
    SELECT e.order_id, e.sequence, m ->> 'line_id' AS line_id, m ->> 'from_room' AS source, m ->> 'to_room' AS target,
           (m ->> 'quantity')::bigint AS units, e."references" ->> 'shipment_id' AS shipment_id
    FROM intake.order_events e, jsonb_array_elements(e.moves) m)"""
_SHIPPED = """shipped AS (
    SELECT s.shipment_id, s.order_id, l ->> 'line_id' AS line_id, (l ->> 'quantity')::bigint AS units
    FROM fulfillment.shipments s, jsonb_array_elements(s.lines) l WHERE s.direction = 'OUTBOUND' AND s.shipped)"""
_ROOMS = " + ".join(ROOM_NAMES)
_EACH_ROOM = ", ".join(f"('{room}', l.{room})" for room in ROOM_NAMES)

WRONG: dict[str, str] = {
    "orders that do not rest": "SELECT order_id, status FROM intake.orders WHERE NOT resting",
    "lines whose units are not in the rooms": f"SELECT * FROM intake.order_lines WHERE {_ROOMS} <> quantity",
    "rooms that are not the sum of the timeline's moves": f"""
        WITH {_MOVED}, summed AS (
            SELECT line_id, room, sum(units) AS units FROM (
                SELECT line_id, target AS room, units FROM moved
                UNION ALL SELECT line_id, source, -units FROM moved
                UNION ALL SELECT line_id, 'open', quantity FROM intake.order_lines) AS each GROUP BY line_id, room)
        SELECT l.line_id, r.room, r.units, s.units AS summed
        FROM intake.order_lines l CROSS JOIN LATERAL (VALUES {_EACH_ROOM}) AS r (room, units)
        LEFT JOIN summed s ON s.line_id = l.line_id AND s.room = r.room WHERE r.units <> coalesce(s.units, 0)""",
    "timelines with a gap": """
        SELECT order_id FROM intake.order_events GROUP BY order_id
        HAVING count(*) <> max(sequence) OR min(sequence) <> 1""",
    "work that a node still has": """
        SELECT * FROM fulfillment.fulfillment_order_lines WHERE waiting_quantity > 0""",
    "shipments that were not moved to SHIPPED exactly once": f"""
        WITH {_MOVED}, {_SHIPPED}, recorded AS (
            SELECT shipment_id, line_id, sum(units) AS units FROM moved WHERE target = 'shipped'
            GROUP BY shipment_id, line_id)
        SELECT * FROM shipped s FULL JOIN recorded r USING (shipment_id, line_id)
        WHERE s.units IS DISTINCT FROM r.units""",
    "shipments that did not arrive, or were not lost, exactly once": f"""
        WITH {_MOVED}, {_SHIPPED}, recorded AS (
            SELECT shipment_id, line_id, sum(units) AS units FROM moved
            WHERE source = 'shipped' GROUP BY shipment_id, line_id)
        SELECT * FROM shipped s FULL JOIN recorded r USING (shipment_id, line_id)
        WHERE s.units IS DISTINCT FROM r.units""",
    "stock that did not leave exactly once with its shipment": f"""
        WITH {_SHIPPED}, parcels AS (SELECT shipment_id, sum(units) AS units FROM shipped GROUP BY shipment_id),
        taken AS (
            SELECT reference AS shipment_id, -sum(on_hand_delta) AS units FROM inventory.ledger_entries
            WHERE reason = 'CONSUMED' GROUP BY reference)
        SELECT * FROM parcels p FULL JOIN taken t USING (shipment_id) WHERE p.units IS DISTINCT FROM t.units""",
    "lines whose consumed reservations are not what was shipped": f"""
        WITH {_SHIPPED}, parcels AS (SELECT line_id, sum(units) AS units FROM shipped GROUP BY line_id),
        rights AS (
            SELECT line_id, sum(consumed_quantity) AS units FROM inventory.reservations GROUP BY line_id
            HAVING sum(consumed_quantity) > 0)
        SELECT * FROM parcels p FULL JOIN rights r USING (line_id) WHERE p.units IS DISTINCT FROM r.units""",
    "reservations that are still in force": """
        SELECT * FROM inventory.reservations WHERE consumed_quantity + released_quantity <> quantity""",
    "backorders of orders that rest": "SELECT * FROM inventory.backorders WHERE state <> 'CLOSED'",
    "positions that are not the sum of their ledger": """
        SELECT p.sku, p.node_id FROM inventory.positions p JOIN inventory.ledger_entries e USING (sku, node_id)
        GROUP BY p.sku, p.node_id, p.on_hand, p.reserved, p.safety_stock, p.unsellable
        HAVING (p.on_hand, p.reserved, p.safety_stock, p.unsellable) IS DISTINCT FROM
            (sum(e.on_hand_delta), sum(e.reserved_delta), sum(e.safety_stock_delta), sum(e.unsellable_delta))""",
    "shipments without exactly one settled capture": f"""
        WITH {_SHIPPED}, parcels AS (SELECT DISTINCT order_id, shipment_id FROM shipped)
        SELECT * FROM parcels p FULL JOIN intake.captures c USING (order_id, shipment_id)
        WHERE p.order_id IS NULL OR c.state IS NULL OR c.state = 'INTENDED'""",
    "orders of which more was captured than they cost": """
        SELECT o.order_id, o.total_minor, sum(c.amount_minor)
        FROM intake.orders o JOIN intake.captures c USING (order_id) WHERE c.state = 'CAPTURED'
        GROUP BY o.order_id, o.total_minor HAVING sum(c.amount_minor) > o.total_minor""",
    "orders whose money is neither captured nor given back": """
        SELECT * FROM intake.payments WHERE captured_minor + voided_minor <> authorized_minor
            AND state <> 'CAPTURE_DECLINED'""",
    "reimbursements that are owed still": "SELECT * FROM returns.reimbursements WHERE state = 'PENDING'",
    "orders that were paid back more than was captured": """
        SELECT p.order_id FROM intake.payments p JOIN returns.reimbursements r USING (order_id)
        WHERE r.state = 'REIMBURSED' GROUP BY p.order_id, p.captured_minor
        HAVING sum(r.amount_minor) > p.captured_minor""",
    "documents that nobody read": """
        SELECT document_id, name FROM intake.documents WHERE read_time IS NULL OR problems::text LIKE '%ADAPTER_FAILED%'
            OR (state = 'QUARANTINED') <> (jsonb_array_length(problems) > 0)""",
}
_OUTBOX = "SELECT event_id, type, state, last_error FROM {}.outbox_events WHERE state <> 'DELIVERED'"

# What happened to money, per payment reference: our side.
_OURS = """
    SELECT CASE WHEN p.reference = '' THEN p.order_id ELSE p.reference END AS reference, x.state, x.amount
    FROM intake.payments p JOIN (
        SELECT order_id, 'captured' AS state, amount_minor AS amount FROM intake.captures WHERE state = 'CAPTURED'
        UNION ALL SELECT order_id, 'voided', voided_minor FROM intake.payments WHERE voided_minor > 0
        UNION ALL SELECT order_id, 'refunded', amount_minor FROM returns.reimbursements WHERE state = 'REIMBURSED'
    ) AS x USING (order_id)"""


async def _settled(connection: asyncpg.Connection, query: str) -> list[asyncpg.Record]:
    """Return what a question finds in the end: an order rests a moment before its last money is written."""
    for _ in range(480):  # orders of hundreds of units are picked one by one
        found = await connection.fetch(query)
        if not found:
            break
        await asyncio.sleep(0.25)
    return list(found)


async def assert_nothing_lost_or_doubled(stack: Stack, accepted: Collection[str] | None = None) -> None:
    """Ask every question; `accepted` are the orders that there must be, no less and no more."""
    connection = await asyncpg.connect(stack.database_url)
    try:
        for service in layout.SERVICES:
            left = await _undelivered(connection, service)
            assert not left, f"{service} still owes: {left[:5]}"
        for what, query in WRONG.items():
            found = await _settled(connection, query)
            assert not found, f"{len(found)} {what}: {[dict(row) for row in found[:5]]}"
        if accepted is not None:
            there = {row["order_id"] for row in await connection.fetch("SELECT order_id FROM intake.orders")}
            assert there == set(accepted), f"lost {set(accepted) - there}, too many {there - set(accepted)}"
        await _partners(stack, connection)
    finally:
        await connection.close()


async def _partners(stack: Stack, connection: asyncpg.Connection) -> None:
    """The partners' books against ours: money entry by entry, labels and pieces of work one by one."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:

        async def read(part: str, path: str) -> dict[str, list[dict[str, object]]]:
            answer: dict[str, list[dict[str, object]]] = (
                (await http.get(f"http://{stack.addresses[part]}{path}")).raise_for_status().json()
            )
            return answer

        for part in ("wms", "carrier"):
            given_up = (await read(part, "/healthz"))["given_up"]
            assert not given_up, f"the {part} gave up {given_up}"
        ours: Counter[tuple[object, ...]] = Counter(
            (row["reference"], row["state"], row["amount"]) for row in await connection.fetch(_OURS)
        )
        theirs: Counter[tuple[object, ...]] = Counter()
        for account in (await read("payment", "/ledger"))["accounts"]:
            entries = (await read("payment", f"/ledger/{account['reference']}"))["entries"]
            theirs.update((account["reference"], entry["state"], entry["amount_minor"]) for entry in entries)
        assert ours == theirs, f"only in our books {ours - theirs}, only in the payment service's {theirs - ours}"
        sold = {parcel["tracking_number"] for parcel in (await read("carrier", "/parcels"))["parcels"]}
        bought = {row[0] for row in await connection.fetch("SELECT tracking_number FROM fulfillment.shipments")}
        assert sold == bought, f"labels only we know {bought - sold}, only the carrier knows {sold - bought}"
        taken = {
            work["fulfillment_order_id"] for work in (await read("wms", "/fulfillment-orders"))["fulfillment_orders"]
        }
        given = {
            row[0] for row in await connection.fetch("SELECT fulfillment_order_id FROM fulfillment.fulfillment_orders")
        }
        assert taken <= given, f"work that we do not know of: {taken - given}"


async def assert_every_process_ended(stack: Stack, seconds: float = 30) -> None:
    """Every workflow has completed; none failed, none was given up."""
    client = await Client.connect(stack.addresses["temporal"])
    ended = asyncio.get_running_loop().time() + seconds
    while (running := (await client.count_workflows('ExecutionStatus = "Running"')).count) > 0:
        assert asyncio.get_running_loop().time() < ended, f"{running} workflows still run"
        await asyncio.sleep(LOOK_SECONDS)
    unhappy = await client.count_workflows('ExecutionStatus != "Completed"')
    assert unhappy.count == 0, f"{unhappy.count} workflows ended otherwise than completed"


async def assert_stock_adds_up(system: System) -> None:
    """The audit that operators have finds nothing either."""
    report = await audit_stock(system.inventory, system.intake)
    assert not report.findings, [finding.words for finding in report.findings[:5]]
    assert report.orders
    assert report.positions


async def until(ask: Callable[[], Awaitable[Sequence[asyncpg.Record]]], *, seconds: float) -> None:
    """Ask until the answer is not empty.

    Raises:
        TimeoutError: it stays empty.
    """
    async with asyncio.timeout(seconds):
        while not await ask():  # noqa: ASYNC110 - other processes change it
            await asyncio.sleep(LOOK_SECONDS)


async def _undelivered(connection: asyncpg.Connection, service: str, seconds: float = 30) -> list[asyncpg.Record]:
    """Return what the service still owes when the time is over, or something is dead, or nothing is left."""
    ended = asyncio.get_running_loop().time() + seconds
    while True:
        rows = list(await connection.fetch(_OUTBOX.format(service)))
        if not rows or any(row["state"] == "DEAD" for row in rows) or asyncio.get_running_loop().time() > ended:
            return rows
        await asyncio.sleep(LOOK_SECONDS)


def assert_no_bug_was_logged(stack: Stack) -> None:
    """No part answered INTERNAL, and no adapter or handler met an error that it did not know."""
    for part in stack.names:
        if part not in ("postgres", "temporal"):
            bad = [line for line in _lines(stack.log(part)) if '"a bug"' in line or '"code": "INTERNAL"' in line]
            assert not bad, f"{part}: {bad[:3]}"


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines() if log.exists() else []
