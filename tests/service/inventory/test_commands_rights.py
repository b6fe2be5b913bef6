"""`oms stock`: reservations, backorders, what may be promised, the feed, channels and bundles, as a person types it."""

import json
from datetime import timedelta

import pytest

from tests.service.inventory.terminal import Terminal, wide_and_quiet
from tests.service.inventory.watching import settle


@pytest.fixture
def oms(shop):
    with wide_and_quiet():
        yield Terminal(shop)


async def test_a_right_is_confirmed_transferred_and_released(oms, shop, clock):
    for node in ("east", "west"):
        await shop.adjust("TEE", node, 5)
    soon = clock.now() + timedelta(minutes=15)
    right = (await shop.reserve(("TEE", "east", 3), until=soon)).reservations[0].reservation_id
    ((*_, state, until),) = await oms.shows("confirm", right, "--until", "2026-03-02T18:00Z")
    assert (state, until) == ("SOFT", "2026-03-02 18:00:00")
    ((*_, state),) = await oms.shows("confirm", right)
    assert state == "HARD"
    (there, here) = await oms.shows("transfer", right, "west", "--units", "2")
    assert (there[0], there[4:8], here[4:8]) == (right, ["east", "3", "0", "2"], ["west", "2", "0", "0"])
    assert len(await oms.shows("reservations", "--live", "--sku", "TEE")) == 2
    assert (await oms.json("release", there[0], here[0]))["reservations"][1]["state"] == "STATE_RELEASED"


async def test_what_was_short_of_a_best_effort_is_shown(oms, shop):
    await shop.adjust("TEE", "east", 2)
    (got, short) = await oms.shows("reserve", "cart-7", "TEE", "east", "5", "--best-effort")
    assert (got[5], short) == ("2", ["TEE", "east", "5", "2"])


async def test_a_bundle_shows_what_was_reserved_for_it(oms, shop):
    await shop.adjust("MUG", "east", 6)
    await shop.adjust("TEE", "east", 6)
    await oms.run("bundle", "set", "BOX", "MUG=2", "TEE=1")
    assert await oms.shows("bundle", "list", "--component", "MUG") == [["BOX", "MUG 2, TEE 1"]]
    ((*_, made),) = await oms.shows("reserve", "cart-7", "BOX", "east", "1")
    assert made == "MUG 2, TEE 1"
    assert await oms.shows("atp", "BOX") == [["BOX", "now", "2"]]
    _, out, _ = await oms.run("bundle", "remove", "BOX")
    assert out.strip() == "BOX is a SKU of its own"
    assert await oms.json("bundle", "list") == {}


async def test_who_waits_is_shown_with_the_promise_and_what_is_kept(oms, shop):
    assert (await oms.run("backorder-policy", "fair-share", "--sku", "TEE"))[1].strip() == "TEE: FAIR_SHARE"
    assert (await oms.run("backorder-policy", "SHIP_COMPLETE"))[0] == 0
    assert (await oms.run("backorder-policy", "DEFAULT", "--sku", "TEE"))[1].strip() == "TEE: SHIP_COMPLETE"
    await shop.wait("ord_1", ("1", "TEE", 5))
    await oms.run("supply", "create", "TEE", "east", "8", "--expect", "2026-03-10")
    ((*row, promised),) = await oms.shows("backorders", "--sku", "TEE")
    assert (row[:7], promised) == (["ord_1", "1", "TEE", "5", "", "3", "WAITING"], "2026-03-10 00:00:00")
    await shop.adjust("TEE", "east", 8)
    ((*row, _),) = await oms.shows("backorders", "--owner", "ord_1")
    assert (row[4], row[6]) == ("5", "NOTIFIED")


async def test_what_may_be_promised_grows_by_date(oms, shop):
    await shop.adjust("TEE", "east", 10)
    for day, units in (("2026-03-10", "10"), ("2026-03-20", "10")):
        await oms.run("supply", "create", "TEE", "east", units, "--expect", day)
    rows = await oms.shows("atp", "TEE", "--quantity", "20")
    steps = [["TEE", "now", "10"], ["", "2026-03-10 00:00:00", "20"], ["", "2026-03-20 00:00:00", "30"]]
    assert rows == [*steps, ["TEE", "2026-03-10 00:00:00"]]
    (*_, (_, when)) = await oms.shows("atp", "TEE", "--quantity", "31")
    assert when == "not with what is expected"


async def test_a_channel_sees_less(oms, shop):
    await shop.adjust("TEE", "east", 10)
    await shop.adjust("TEE", "west", 10)
    words = ("--threshold", "3", "--exclude", "west", "--sku-threshold", "MUG=0", "--segment", "B2C")
    shown = await oms.shows("channel", "set", "web", *words)
    assert shown == [["web", "B2C", "3", "MUG 0", "west"]]
    assert await oms.shows("channel", "list") == shown
    assert await oms.shows("atp", "TEE", "--channel", "web") == [["TEE", "now", "7"]]
    code, _, err = await oms.run("atp", "TEE", "--channel", "shop")
    assert (code, err.split()[0]) == (1, "CHANNEL_NOT_FOUND")


async def test_the_feed_tells_everything_once_and_goes_on_from_its_cursor(oms, shop):
    await shop.adjust("TEE", "east", 5)
    await shop.adjust("MUG", "west", 2)
    await settle(shop)
    code, out, _ = await oms.run("feed", "--once", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    told = {(one["sku"], one["node_id"]): one["available_quantity"] for one in lines if "sku" in one}
    assert (code, told) == (0, {("TEE", "east"): 5, ("MUG", "west"): 2})
    await shop.adjust("MUG", "west", 1)
    await settle(shop)
    _, out, _ = await oms.run("feed", "--once", "--json", "--cursor", lines[-1]["cursor"])
    again = [json.loads(line) for line in out.splitlines()]
    assert [(one["sku"], one["available_quantity"]) for one in again if "sku" in one] == [("MUG", 3)]


async def test_the_feed_of_a_channel_is_for_people_too(oms, shop):
    await shop.adjust("TEE", "east", 5)
    await oms.run("channel", "set", "web", "--threshold", "1")
    await settle(shop)
    code, out, err = await oms.run("feed", "--channel", "web", "--sku", "TEE", "--once")
    assert (code, out.split()) == (0, ["4", "TEE"])
    assert "Cursor: " in err
    code, _, err = await oms.run("feed", "--cursor", "nonsense", "--once")
    assert code == 1
    assert "INVALID_CURSOR" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("confirm rsv_1 --minutes 5 --until 2026-03-02T18:00Z", "--minutes or --until"),
        ("confirm rsv_1 --until 18:00", "'--until': '18:00' is no ISO 8601 time"),
        ("backorder-policy LOUDEST", "choose one of FIRST_COME"),
        ("channel set web --sku-threshold MUG", "not SKU=UNITS"),
        ("bundle set BOX MUG=two", "not SKU=UNITS"),
        ("bundle set BOX MUG=1 MUG=2", "MUG is named twice"),
        ("bundle set BOX MUG=0", "at least one unit"),
        ("bundle set BOX", "Missing argument"),
        ("atp", "Missing argument"),
    ],
)
async def test_wrong_usage_is_told_what_is_expected(oms, words, said):
    assert said in await oms.refuses(*words.split())
