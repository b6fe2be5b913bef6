"""An order becomes the same order whether it is written with others or alone: the same rows, holds, digest, prints."""

import asyncio
import contextlib
import random
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import channel_service_pb2 as channels
from oms.intake.v1 import screening_service_pb2 as screening
from oms.intake.v1.channel_pb2 import Channel
from oms.intake.v1.channel_service_pb2_grpc import ChannelServiceStub
from oms.intake.v1.hold_pb2 import HoldSpec, HoldType
from oms.intake.v1.order_details_pb2 import OrderDetails
from oms.intake.v1.order_draft_pb2 import OrderDraft, PaymentDraft
from oms.intake.v1.order_pb2 import Payment, ServiceLevel
from oms.intake.v1.screening_pb2 import ChannelSku
from oms.intake.v1.screening_service_pb2_grpc import ScreeningServiceStub
from services.chassis.client import Channels
from services.chassis.database import Connection
from services.chassis.settings import Settings
from services.intake import screening_files, store_accepting
from services.intake.accepting import accept
from services.intake.screening import screener_of
from services.intake.wire_draft import draft_from
from tests.service.intake.drafts import draft, line, submit, usd

DRAFTS = 30
RULES = """
name: both
rules:
  - {name: dear, when: order.total > 60.0, hold: APPROVAL, approvals: [boss, board]}
  - {name: hazmat, each: line, when: line.sku.startsWith('HAZ'), hold: COMPLIANCE, after: [dear], deadline: 4h}
  - {name: brand, when: order.brand == 'northwind' && order.service_level == 'EXPEDITED', hold: OTHER}
"""
ADDRESSES = (
    Address(name=" Robin  Example ", lines=["1 Main St", ""], city="Troy", postal_code="121801234", country_code="US"),
    Address(name="Robin", lines=["Weg 1"], city="Berlin", postal_code="D-10115", country_code="DE", phone="030 901820"),
    Address(name="Kim", lines=["1 Road"], city="London", postal_code="sw1a1aa", country_code="GB"),
    Address(name="Kim", lines=[], city="", postal_code="nonsense", country_code="US", administrative_area="new york"),
    Address(country_code="ZZ", lines=["?"]),
)
PAYMENTS = (
    Payment.STATE_PENDING,
    Payment.STATE_AUTHORIZED,
    Payment.STATE_CAPTURED,
    Payment.STATE_ON_TERMS,
    Payment.STATE_MARKETPLACE_HELD,
)
TABLES = ("orders", "order_lines", "holds", "payments", "order_events", "outbox_events", "order_prints")
# What is new each time, and how far the relay has come.
IDS = re.compile(r"[a-z]{2,5}_[0-9A-Za-z]{26}")
DROPPED = {"transaction_id", "trace", "state", "attempts", "last_error", "next_attempt_time", "deliver_time"}


class _TakenBack(Exception):
    """Ends a transaction that was only tried."""


def drafts(chance: random.Random) -> list[OrderDraft]:
    """Return orders of every kind, of which some look like another one."""
    found = [_draft(chance, number) for number in range(DRAFTS)]
    for number in range(0, DRAFTS, 6):
        twin = OrderDraft()
        twin.CopyFrom(found[number])
        twin.external_id = f"twin-{number}"
        found.append(twin)
    return found


def _draft(chance: random.Random, number: int) -> OrderDraft:
    skus = chance.sample(["TEE", "HAZ-1", "MUG", "A-CHANNEL'S"], chance.randint(1, 3))
    made = draft(
        *(line(sku, chance.randint(1, 4), chance.choice([0, 500, 2500])) for sku in skus),
        external_id=f"both-{number}",
        channel=chance.choice(["branded", "mapping", "shopify-us"]),
        ship_to=chance.choice(ADDRESSES),
        payment=chance.choice(PAYMENTS),
    )
    if chance.random() < 0.3:
        made.bill_to.CopyFrom(chance.choice(ADDRESSES))
    if chance.random() < 0.3:
        made.details.CopyFrom(OrderDetails(brand=chance.choice(["", "northwind"]), location_code="0042", tags=["a"]))
    if chance.random() < 0.3:
        handle = chance.choice(["mine", "address", "duplicate", "both/dear"])
        made.holds.append(HoldSpec(handle=handle, type=HoldType.HOLD_TYPE_OTHER, note="of the channel"))
    if chance.random() < 0.3:
        made.lines[0].external_line_id = "l-1"
        made.holds.append(HoldSpec(handle="line", type=HoldType.HOLD_TYPE_OTHER, line_id="l-1", owner_queue="some"))
    made.email = chance.choice(["", "", f"Robin.{number}@Example.com "])
    made.phone = chance.choice(["", "(518) 555-0100", "nobody's"])
    made.note = chance.choice(["", "Ø ring\ttwice"])
    made.shipping_amount.CopyFrom(usd(chance.choice([0, 499])))
    if made.payment.state == Payment.STATE_AUTHORIZED:
        made.payment.CopyFrom(PaymentDraft(state=made.payment.state, reference=f"p-{number}", amount=usd(100)))
    return made


async def rows(conn: Connection, external_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Return everything that is kept of each order, without what is new each time."""
    kept: dict[str, list[Any]] = {one: [] for one in external_ids}
    found = await conn.execute(text("SELECT order_id, external_id FROM intake.orders"))
    known = {order_id: external_id for order_id, external_id in found if external_id in kept}
    for table in TABLES:
        if table == "outbox_events":
            statement = "SELECT *, substring(key from 'ord_.{26}') AS order_id FROM intake.outbox_events"
        else:
            statement = f"SELECT * FROM intake.{table}"
        for row in (await conn.execute(text(statement))).mappings():
            if row["order_id"] in known:
                dropped = DROPPED | {"sequence"} if table == "outbox_events" else {"transaction_id"}
                said = {name: value for name, value in row.items() if name not in dropped}
                kept[known[row["order_id"]]].append((table, IDS.sub("id", repr(sorted(said.items())))))
    return {one: sorted(found) for one, found in kept.items()}


async def test_orders_written_together_are_as_each_is_alone(running, clock, monkeypatch):
    async with Channels(Settings()) as connected:
        await _set_up(connected, running.address)
    sent = drafts(random.Random(5))
    await running.stub.SubmitOrder(submit(draft(external_id="first")))
    names = [one.external_id for one in sent]
    async with running.parts.database.connect() as conn:
        actor = (await conn.execute(text("SELECT actor FROM intake.order_events LIMIT 1"))).scalar_one()
    alone = await _alone(running, sent, names, actor)
    together = _count_written_together(monkeypatch)
    await asyncio.gather(*(running.stub.SubmitOrder(submit(one, one.external_id)) for one in sent))
    async with running.parts.database.connect() as conn:
        crowd = await rows(conn, names)
    for name in names:
        assert crowd[name] == alone[name], name
    handles = {found for kept in crowd.values() for found in re.findall(r"'handle', '([^']+)'", str(kept))}
    assert handles >= {"both/dear", "both/brand", "address", "duplicate", "payment"}
    assert len(together) > DRAFTS // 3


async def _set_up(connected: Channels, address: str) -> None:
    """Have a channel with settings of its own, one that maps its SKUs, and rules."""
    desk: Any = connected.connect(ScreeningServiceStub, address)
    rules = screening_files.read(RULES)
    saved = await desk.SaveScreeningRules(screening.SaveScreeningRulesRequest(request_id="s", rule_set=rules))
    version = saved.version.version
    await desk.ActivateScreeningRules(
        screening.ActivateScreeningRulesRequest(request_id="a", name="both", version=version)
    )
    skus = [ChannelSku(channel_sku="A-CHANNEL'S", sku="HAZ-2", units_each=2)]
    await desk.SetChannelSkus(screening.SetChannelSkusRequest(request_id="k", channel="mapping", skus=skus))
    stub: Any = connected.connect(ChannelServiceStub, address)
    branded = Channel(
        channel="branded",
        brand="northwind",
        program="prime",
        locale="fr-CA",
        service_level=ServiceLevel.SERVICE_LEVEL_EXPEDITED,
    )
    await stub.SetChannel(channels.SetChannelRequest(request_id="c", channel=branded))


async def _alone(running: Any, sent: Sequence[OrderDraft], names: Sequence[str], actor: str) -> dict[str, list[Any]]:
    """Accept each alone, one after the other, return what is kept of them, and take it all back."""
    parts = running.parts
    screener, drafts_sent = screener_of(parts), [draft_from(one) for one in sent]
    screenings = [await screener.ready(one) for one in drafts_sent]
    kept: dict[str, list[Any]] = {}
    with contextlib.suppress(_TakenBack):
        async with parts.database.begin() as conn:
            for one, ready in zip(drafts_sent, screenings, strict=True):
                now = parts.clock.now()
                await accept(conn, parts.outbox, one, screening=ready, now=now, actor=actor, key=one.external_id)
            kept = await rows(conn, names)
            raise _TakenBack
    return kept


def _count_written_together(monkeypatch: Any) -> list[str]:
    """Return the ids of the orders that are written with others from now on."""
    written: list[str] = []
    write = store_accepting.write

    async def counted(*given: Any, **named: Any) -> set[str]:
        found = await write(*given, **named)
        written.extend(found)
        return found

    monkeypatch.setattr(store_accepting, "write", counted)
    return written
