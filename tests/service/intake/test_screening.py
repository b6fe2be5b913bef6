"""Screening: rules by region and line, duplicates of two channels, risk from outside, and the channels' own words."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from sqlalchemy import text

from deploy.local.sandbox.risk import application
from oms.common.v1.address_pb2 import Address
from oms.intake.v1 import intake_service_pb2 as orders
from oms.intake.v1 import screening_service_pb2 as rpc
from oms.intake.v1.hold_pb2 import HoldSpec, HoldType
from oms.intake.v1.screening_pb2 import ChannelLocation, ChannelSku, ScreeningRuleVersion
from oms.intake.v1.screening_service_pb2_grpc import ScreeningServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.intake import screening_files
from services.kernel.errors import FailedPrecondition, InvalidArgument, NotFound
from tests.service.intake.drafts import draft, line, submit

HOME = Address(name="Robin Example", lines=["1 Main St"], city="Troy", postal_code="12180", country_code="US")
BERLIN = Address(name="Robin", lines=["Weg 1"], city="Berlin", postal_code="10115", country_code="DE")


@pytest.fixture
async def desk(running: Any) -> AsyncIterator[Any]:
    async with Channels(Settings()) as channels:
        yield channels.connect(ScreeningServiceStub, running.address)


@pytest.fixture
async def risk(monkeypatch: Any) -> AsyncIterator[None]:
    """The sandbox of the risk service, listening."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("OMS_RISK_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
        server = uvicorn.Server(uvicorn.Config(application(), log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield
        server.should_exit = True
        await serving


async def use(desk: Any, rules: str, name: str = "set", more: str = "") -> ScreeningRuleVersion:
    rule_set = screening_files.read(f"name: {name}\n{more}\nrules:\n{rules}")
    key = f"{name}/{hash(rules)}"
    saved = await desk.SaveScreeningRules(rpc.SaveScreeningRulesRequest(request_id=key, rule_set=rule_set))
    request = rpc.ActivateScreeningRulesRequest(request_id=key, name=name, version=saved.version.version)
    return (await desk.ActivateScreeningRules(request)).version


def handles(order: Any) -> list[str]:
    return sorted(hold.handle for hold in order.holds)


async def test_the_same_cart_of_two_channels_at_once_is_held_once_and_lost_never(running):
    intake, carts = running.stub, 12
    requests = [
        submit(draft(line("TEE", number + 1), channel=channel, customer_reference=f"c-{number}", ship_to=HOME))
        for number in range(carts)
        for channel in ("shopify-us", "market")
    ]
    answers = await asyncio.gather(*(intake.SubmitOrder(request) for request in requests))
    for first, second in zip(answers[::2], answers[1::2], strict=True):
        held = [answer.order for answer in (first, second) if handles(answer.order) == ["duplicate"]]
        free = [answer.order for answer in (first, second) if not answer.order.holds]
        assert (len(held), len(free)) == (1, 1)
        assert free[0].order_id in held[0].holds[0].note
        assert held[0].holds[0].owner_queue == "customer-service"
    # Neither again, nor after what it looked like was cancelled, nor later.
    again = await intake.SubmitOrder(orders.SubmitOrderRequest(request_id="again", draft=requests[1].draft))
    assert again.replayed
    assert again.order == answers[1].order
    async with running.parts.database.connect() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM intake.order_prints"))).scalar_one() == 2 * carts


async def test_an_hour_later_the_same_cart_is_another_order(running, clock):
    first = await running.stub.SubmitOrder(submit(draft(customer_reference="c")))
    clock.advance(timedelta(minutes=9))
    assert handles((await running.stub.SubmitOrder(submit(draft(customer_reference="c")))).order) == ["duplicate"]
    clock.advance(timedelta(hours=1))
    assert not first.order.holds
    assert not (await running.stub.SubmitOrder(submit(draft(customer_reference="c")))).order.holds


async def test_rules_hold_by_region_channel_and_line_until_they_are_retired(intake, desk):
    await use(desk, "- {name: de, when: order.units > 0, hold: COMPLIANCE}", "eu", "scope: {regions: [EU]}")
    await use(desk, "- {name: pos, when: order.units > 0, hold: OTHER}", "pos", "scope: {channels: [pos]}")
    lines = "- {name: hazmat, each: line, when: line.sku.startsWith('HAZ'), hold: COMPLIANCE, deadline: 4h}"
    version = await use(desk, lines, "lines")
    assert (version.state, version.activate_actor != "") == (ScreeningRuleVersion.STATE_ACTIVE, True)
    assert handles((await intake.SubmitOrder(submit(draft()))).order) == []
    assert handles((await intake.SubmitOrder(submit(draft(ship_to=BERLIN)))).order) == ["eu/de"]
    assert handles((await intake.SubmitOrder(submit(draft(channel="pos")))).order) == ["pos/pos"]
    mixed = (await intake.SubmitOrder(submit(draft(line("TEE"), line("HAZ-1"))))).order
    assert [(hold.handle, hold.line_id) for hold in mixed.holds] == [("lines/hazmat/2", mixed.lines[1].line_id)]
    await desk.RetireScreeningRules(rpc.RetireScreeningRulesRequest(request_id="r", name="lines"))
    assert handles((await intake.SubmitOrder(submit(draft(line("HAZ-1"))))).order) == []


async def test_versions_are_drafts_then_active_then_retired(desk):
    first = await use(desk, "- {name: a, when: order.units > 1, hold: OTHER}")
    second = await use(desk, "- {name: a, when: order.units > 2, hold: OTHER}")
    assert (first.version, second.version) == (1, 2)
    found = (await desk.ListScreeningRules(rpc.ListScreeningRulesRequest(page_size=1))).versions
    assert [(one.version, one.state) for one in found] == [(2, ScreeningRuleVersion.STATE_ACTIVE)]
    old = (await desk.GetScreeningRules(rpc.GetScreeningRulesRequest(name="set", version=1))).version
    assert (old.state, old.rule_set) == (ScreeningRuleVersion.STATE_RETIRED, first.rule_set)
    with pytest.raises(FailedPrecondition) as refused:
        await desk.ActivateScreeningRules(rpc.ActivateScreeningRulesRequest(request_id="x", name="set", version=1))
    assert refused.value.reason == "SCREENING_RULES_RETIRED"
    with pytest.raises(NotFound):
        await desk.GetScreeningRules(rpc.GetScreeningRulesRequest(name="other"))
    wrong = screening_files.read("name: set\nrules: [{name: a, when: order.totl > 1.0, hold: OTHER}]")
    with pytest.raises(InvalidArgument) as invalid:
        await desk.SaveScreeningRules(rpc.SaveScreeningRulesRequest(request_id="w", rule_set=wrong))
    assert invalid.value.reason == "INVALID_SCREENING_RULES"
    problems = (await desk.CheckScreeningRules(rpc.CheckScreeningRulesRequest(rule_set=wrong))).problems
    assert [one.place for one in problems] == ["rules[0].when, column 6"]


async def test_a_risk_service_that_is_down_holds_or_lets_pass_as_the_rules_say(intake, desk):
    # Nobody listens where the risk service should be.
    risky = "- {name: fraud, when: risk.score > 0.5, hold: HIGH_RISK_OF_FRAUD}"
    await use(desk, risky, "us", "scope: {regions: [US]}")
    await use(desk, risky, "eu", "scope: {regions: [EU]}\nrisk_down: pass")
    held = (await intake.SubmitOrder(submit(draft()))).order
    assert handles(held) == ["us/risk-service"]
    assert (held.holds[0].type, held.holds[0].owner_queue) == (HoldType.HOLD_TYPE_HIGH_RISK_OF_FRAUD, "fraud")
    assert handles((await intake.SubmitOrder(submit(draft(ship_to=BERLIN)))).order) == []


async def test_the_risk_is_asked_for_orders_that_are_new(intake, desk, risk):
    await use(desk, "- {name: fraud, when: risk.score > 0.5, hold: HIGH_RISK_OF_FRAUD}", more="risk_down: pass")
    for email, found in (
        ("fraud@example.com", ["set/fraud"]),
        ("honest@example.com", []),
        ("riskdown@a.com", ["set/risk-service"]),
    ):
        request = submit(draft(email=email))
        answer = await intake.SubmitOrder(request)
        assert handles(answer.order) == found
        await desk.RetireScreeningRules(rpc.RetireScreeningRulesRequest(request_id=email, name="set"))
        # Whatever the rules say by now, a repeated order is what it was.
        again = await intake.SubmitOrder(orders.SubmitOrderRequest(request_id=f"2{email}", draft=request.draft))
        assert (again.replayed, handles(again.order)) == (True, found)
        await use(desk, f"- {{name: fraud, when: risk.score > 0.5{len(email)}, hold: HIGH_RISK_OF_FRAUD}}")


async def test_history_counts_orders_of_the_customer_over_all_channels(intake, desk):
    await use(desk, "- {name: often, when: history.customer_orders_24h >= 2, hold: HIGH_RISK_OF_FRAUD}")
    found = [
        handles((await intake.SubmitOrder(submit(draft(line(sku), channel=sku.lower(), email="a@example.com")))).order)
        for sku in ("A", "B", "C")
    ]
    assert found == [[], [], ["set/often"]]


async def test_a_rehearsal_says_which_holds_and_why_and_changes_nothing(intake, desk, running):
    order = (await intake.SubmitOrder(submit(draft(line("A", 3))))).order
    rule_set = screening_files.read("name: new\nrules: [{name: many, when: order.units > 2, hold: OTHER, note: why}]")
    seen = await desk.CheckOrderScreening(rpc.CheckOrderScreeningRequest(order_id=order.order_id, rule_set=rule_set))
    assert [(one.hold.handle, one.hold.note, one.rule) for one in seen.holds] == [("new/many", "why", "new/many")]
    wrong = draft(line("A", 3), ship_to=Address(lines=["x"], city="Troy", postal_code="1", country_code="US"))
    seen = await desk.CheckOrderScreening(rpc.CheckOrderScreeningRequest(draft=wrong))
    assert [one.rule for one in seen.holds] == ["address"]
    async with running.parts.database.connect() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM intake.order_prints"))).scalar_one() == 1


async def test_an_address_is_written_as_its_country_does_and_held_where_it_is_wrong(intake):
    good = Address(name=" R  Example", lines=["1 A St", " "], city="London", postal_code="sw1a1aa", country_code="GB")
    good.phone = "020 7925 0918"
    order = (await intake.SubmitOrder(submit(draft(ship_to=good)))).order
    assert (order.ship_to.postal_code, order.ship_to.phone) == ("SW1A 1AA", "+442079250918")
    assert (order.ship_to.name, list(order.ship_to.lines), list(order.holds)) == ("R Example", ["1 A St"], [])
    bad = Address(name="R", lines=["Weg 1"], city="Berlin", postal_code="101", country_code="DE")
    held = (await intake.SubmitOrder(submit(draft(ship_to=bad)))).order
    assert (handles(held), held.ship_to.postal_code) == (["address"], "101")
    assert held.holds[0].note.startswith("ship_to.postal_code: 101")
    assert held.holds[0].type == HoldType.HOLD_TYPE_INCORRECT_ADDRESS


async def test_what_a_channel_calls_goods_and_places_becomes_ours(intake, desk):
    skus = [ChannelSku(channel_sku="CASE", sku="TEE", units_each=12), ChannelSku(channel_sku="M", sku="MUG")]
    request = rpc.SetChannelSkusRequest(request_id="s", channel="edi", skus=skus)
    assert (await desk.SetChannelSkus(request)).changed_count == 2
    place = ChannelLocation(location_code="0042", address=HOME)
    await desk.SetChannelLocations(rpc.SetChannelLocationsRequest(request_id="l", channel="edi", locations=[place]))
    sent = draft(line("CASE", 2, 1000), line("M"), line("HAT"), channel="edi", ship_to=Address(country_code="US"))
    sent.details.location_code = "0042"
    sent.holds.append(HoldSpec(handle="address", type=HoldType.HOLD_TYPE_INCORRECT_ADDRESS))
    order = (await intake.SubmitOrder(submit(sent))).order
    assert [(one.sku, one.quantity, one.details.channel_sku) for one in order.lines] == [
        ("TEE", 24, "CASE"),
        ("MUG", 1, "M"),
        ("HAT", 1, ""),
    ]
    assert order.lines[0].total_amount.units == 20
    assert order.total_amount == sent.total_amount
    assert (order.ship_to, list(order.holds)) == (HOME, [])
    # What the channel said is what tells a repeated order, whatever we made of it since.
    skus[0].units_each = 6
    await desk.SetChannelSkus(rpc.SetChannelSkusRequest(request_id="s2", channel="edi", skus=skus[:1]))
    again = await intake.SubmitOrder(submit(sent))
    assert (again.replayed, again.order.order_id) == (True, order.order_id)
    listed = await desk.ListChannelSkus(rpc.ListChannelSkusRequest(channel="edi", page_size=1))
    assert [(one.channel_sku, one.units_each) for one in listed.skus] == [("CASE", 6)]
    assert listed.next_page_token
    places = (await desk.ListChannelLocations(rpc.ListChannelLocationsRequest(channel="edi"))).locations
    assert list(places) == [place]
    with pytest.raises(InvalidArgument) as refused:
        await desk.SetChannelSkus(rpc.SetChannelSkusRequest(request_id="t", channel="edi", skus=[skus[0], skus[0]]))
    assert refused.value.reason == "DUPLICATE_CHANNEL_SKU"
