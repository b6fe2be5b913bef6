"""A person's data in the person's hands, or gone. The figures of orders stay, and so does what was done and when."""

import json
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.json_format import MessageToDict

from services.chassis.database import Connection
from services.chassis.outbox import Outbox
from services.intake import store, store_erasing, store_messages
from services.intake.domain.events import EventType, Fact
from services.intake.recording import record
from services.intake.wire import order_message
from services.kernel.errors import InvalidArgument

_MOST_EXPORTED = 200
_MOST_ERASED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was erased, and what is still needed."""

    order_ids: list[str]
    kept_order_ids: list[str]
    documents: int


async def export(conn: Connection, email: str, customer_reference: str) -> tuple[str, int, bool]:
    """Return everything that is kept of a person as JSON, how many orders it is, and whether there are more.

    Raises:
        InvalidArgument: NO_PERSON.
    """
    _check(email, customer_reference)
    found = [
        order_id for order_id, _ in await store_erasing.orders_of(conn, email, customer_reference, _MOST_EXPORTED + 1)
    ]
    shown = found[:_MOST_EXPORTED]
    orders = await store.get_orders(conn, shown)
    kept = await store_erasing.kept_of(conn, shown)
    told = [
        {"order": MessageToDict(order_message(orders[order_id]), preserving_proto_field_name=True), **kept[order_id]}
        for order_id in shown
    ]
    return json.dumps({"orders": told}, ensure_ascii=False), len(shown), len(found) > len(shown)


async def erase(
    conn: Connection,
    outbox: Outbox,
    email: str,
    customer_reference: str,
    *,
    reason: str,
    now: datetime,
    actor: str,
    key: str,
) -> Erased:
    """Erase what is kept of a person, except in orders that are still under way.

    Raises:
        InvalidArgument: NO_PERSON.
    """
    _check(email, customer_reference)
    found = await store_erasing.orders_of(conn, email, customer_reference, _MOST_ERASED)
    at_rest = sorted(order_id for order_id, resting in found if resting)
    documents = 0
    if at_rest:
        for order_id in at_rest:
            await store.lock_order(conn, order_id)
        documents = await store_erasing.erase(conn, at_rest, now)
        await store_messages.erase_messages(conn, at_rest)
        for order_id in at_rest:
            fact = Fact(type=EventType.ERASED, key=key, actor=actor, reason=reason)
            await record(conn, outbox, order_id, [fact], now)
    return Erased(
        order_ids=at_rest, kept_order_ids=[order_id for order_id, resting in found if not resting], documents=documents
    )


def _check(email: str, customer_reference: str) -> None:
    if not email and not customer_reference:
        raise InvalidArgument("say whose: an e-mail address or a customer reference", reason="NO_PERSON")
