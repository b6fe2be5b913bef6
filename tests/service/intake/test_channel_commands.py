import json

from tests.service.intake.test_commands import oms  # noqa: F401 - a fixture
from tests.service.intake.test_documents import shop_order


async def test_a_channel_is_set_up_piece_by_piece_paused_and_resumed(oms):  # noqa: F811 - the fixture
    await oms("channel", "set", "shopify-us", "--scheme", "shopify", "--secret-name", "SHOP_US", "--json")
    changed = await oms("channel", "set", "shopify-us", "--brand", "Acme", "--acknowledge-within", "3600", "--json")
    assert changed["channel"]["http"]["scheme"] == "SIGNATURE_SCHEME_SHOPIFY"
    assert (changed["channel"]["brand"], changed["channel"]["acknowledge_within"]) == ("Acme", "3600s")
    assert "paused: a move" in await oms("channel", "pause", "shopify-us", "--reason", "a move")
    assert "shopify-us" in await oms("channel", "list")
    assert "open" in await oms("channel", "resume", "shopify-us")
    assert "Acme" in await oms("channel", "show", "shopify-us")
    assert "nothing" in await oms("channel", "acknowledgements", "--late")
    assert "Choose of" in await oms("channel", "set", "shopify-us", "--scheme", "crayon", code=2)
    assert "INCOMPLETE_CHANNEL" in await oms("channel", "set", "mirakl-fr", "--connector", "mirakl", code=1)
    await oms("channel", "show", "never", code=1)


async def test_quarantined_documents_are_listed_with_their_place_and_replayed_by_filter(oms, tmp_path):  # noqa: F811
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "worse.json").write_text(json.dumps(shop_order(2, line_items=[])))
    (tmp_path / "good.json").write_text(json.dumps(shop_order(1)))
    await oms("ingest", str(tmp_path), "--channel", "shopify-us", "--json")
    found = (await oms("quarantine", "list", "--reason", "NOT_JSON", "--json"))["documents"]
    assert [one["name"] for one in found] == ["bad.json"]
    assert found[0]["problems"][0]["position"]
    assert "NOT_JSON" in await oms("quarantine", "show", found[0]["document_id"])
    again = await oms("quarantine", "replay", "--channel", "shopify-us", "--json")
    assert (sum(again["outcomes"].values()), again["failed"]) == (2, [])
    assert (await oms("quarantine", "replay", found[0]["document_id"], "--json"))["outcomes"] == {"NOT_JSON": 1}
    assert "Say which" in await oms("quarantine", "replay", code=2)
    await oms("quarantine", "replay", "doc_x", code=1)
