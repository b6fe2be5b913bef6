"""The floor of accepting an order: hand-written asyncpg, one transaction that writes the same rows."""

import itertools
import json
import random
from typing import Any

import asyncpg

from oms.intake.v1.intake_service_pb2 import SubmitOrderRequest, SubmitOrderResponse
from oms.workflow.v1.order_workflow_pb2 import OrderInput, OrderInputLine
from services.kernel.clock import SystemClock

_RUN = f"{random.randrange(16**6):06x}"
_numbers = itertools.count()
_DIGEST = "0" * 64

_KEY = "INSERT INTO intake.idempotency_keys VALUES ($1, $2, $3, $4, $5)"
_ORDER = """
INSERT INTO intake.orders (order_id, channel, external_id, order_number, digest, region, priority, currency_code,
                           customer_reference, ship_to, shipping_minor, shipping_tax_minor, total_minor, service_level,
                           ship_complete, note, email, order_time, create_time, update_time, sequence)
VALUES ($1, $2, $3, $3, $4, 'US', 3, 'USD', $5, $6, 500, 0, $7, 'STANDARD', false, '', $8, $9, $9, $9, 1)
"""
_LINE = """
INSERT INTO intake.order_lines (line_id, order_id, position, external_line_id, sku, title, quantity, unit_price_minor,
                                discount_minor, tax_minor, prices_include_tax, total_minor, captured, open, backordered,
                                reserved, released, shipped, delivered, returned, cancelled, lost)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1999, 0, 165, false, $8, 0, $7, 0, 0, 0, 0, 0, 0, 0, 0)
"""
_PAYMENT = "INSERT INTO intake.payments VALUES ($1, 'AUTHORIZED', $2, $3, $3, 0, 0)"
_EVENT = """
INSERT INTO intake.order_events (order_id, sequence, event_id, type, key, moves, reason, actor, "references",
                                 create_time, transaction_id)
VALUES ($1, 1, $2, 'SUBMITTED', $3, '[]', '', 'bench', '{}', $4, pg_current_xact_id())
"""
_PRINTS = "INSERT INTO intake.order_prints VALUES ($1, $2, $3, $4, $5)"
_OUTBOX = """
INSERT INTO intake.outbox_events (event_id, sink, key, type, attributes, message_type, message, trace, create_time,
                                  next_attempt_time)
VALUES ($1, 'temporal', $2, 'start Order', $3, 'oms.workflow.v1.OrderInput', $4, '{}', $5, $5)
"""


class Floor:
    """Writes what accepting this request writes."""

    def __init__(self, request: SubmitOrderRequest) -> None:
        draft = request.draft
        self._draft = draft
        self._request = request.SerializeToString()
        self._answer = SubmitOrderResponse().SerializeToString() + self._request
        self._ship_to = json.dumps(
            {
                "name": draft.ship_to.name,
                "company": "",
                "lines": list(draft.ship_to.lines),
                "city": draft.ship_to.city,
                "administrative_area": draft.ship_to.administrative_area,
                "postal_code": draft.ship_to.postal_code,
                "country_code": draft.ship_to.country_code,
                "phone": "",
                "email": "",
            }
        )
        self._attributes = json.dumps({"workflow": "Order", "workflow_id": "order/x", "task_queue": "oms"})

    async def write(self, connection: "asyncpg.Connection[Any]") -> bool:
        """Write one order."""
        number, now, draft = f"{_RUN}-{next(_numbers)}", SystemClock().now(), self._draft
        order_id = f"ord_{number}"
        lines = [
            (f"lin_{number}{at}", order_id, at, str(at), line.sku, line.title, line.quantity, 2164)
            for at, line in enumerate(draft.lines, start=1)
        ]
        message = OrderInput(
            order_id=order_id,
            channel=draft.channel,
            region="US",
            lines=[OrderInputLine(line_id=line[0], sku=line[4], quantity=line[6]) for line in lines],
        ).SerializeToString()
        async with connection.transaction():
            await connection.execute(_KEY, "SubmitOrder", number, b"0" * 32, self._answer, now)
            await connection.execute(
                _ORDER, order_id, draft.channel, number, _DIGEST, "c-1", self._ship_to, 4828, draft.email, now
            )
            await connection.executemany(_LINE, lines)
            prints = [random.getrandbits(62) for _ in range(3)]
            await connection.execute(_PRINTS, order_id, now, *prints)
            await connection.execute(_PAYMENT, order_id, "auth-1", 4828)
            await connection.execute(_EVENT, order_id, f"evt_{number}", number, now)
            await connection.execute(_OUTBOX, f"out_{number}", f"order/{order_id}", self._attributes, message, now)
        return True
