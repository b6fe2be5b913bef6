"""Stock figures from X12 846 inventory advices."""

from datetime import UTC, date, datetime

import pytest

from services.inventory.files import Count, Kind, Reason
from tests.unit.inventory.reading_stock import SAMPLES, brief, counted, document, figures, one_refusal

ADVICE = document("warehouse.x12")
X12 = Kind.X12_846


def advice(*segments: str) -> bytes:
    """Return our advice with other items in it."""
    start, end = ADVICE.index(b"LIN*1"), ADVICE.index(b"CTT*6")
    return ADVICE[:start] + "".join(f"{one}~\n" for one in segments).encode() + ADVICE[end:].replace(b"CTT*6~\n", b"")


def test_an_item_is_read_field_by_field_with_the_warehouse_of_the_header():
    counts, supplies, refusals = figures(ADVICE, X12)
    assert refusals == []
    assert counts[0] == Count(
        sku="TEE-BLK-M",
        node_id="dc-east",
        on_hand=120,
        unsellable=10,
        count_time=datetime(2026, 3, 2, 11, tzinfo=UTC),
        position="ISA 1, ST 1, LIN 1",
    )
    assert [(one.quantity, one.eta, one.reference) for one in supplies[:2]] == [
        (500, datetime(2026, 3, 10, tzinfo=UTC), "PO-71"),
        (200, datetime(2026, 3, 20, tzinfo=UTC), "ADVICE-17"),
    ]
    assert (supplies[0].sku, supplies[0].node_id, supplies[0].type) == ("TEE-BLK-M", "dc-east", "PURCHASE_ORDER")
    assert (counts[2].lot_id, counts[2].expire_date) == ("L-0815", date(2026, 9, 30))


def test_locations_of_sdq_and_of_an_items_own_n1_are_nodes_and_lead_times_are_left_out():
    counts, _, _ = figures(ADVICE, X12)
    assert brief(counts) == [
        ("TEE-BLK-M", "dc-east", 120),
        ("HOOD-GRY-L", "dc-east", 12),
        ("SERUM-30ML", "dc-east", 40),
        ("SOCK-BLK-M", "dc-east", 7),
        ("SOCK-BLK-M", "dc-west", 3),
        ("CAP-RED", "dc-east", 5),
        ("SCARF-BLU", "dc-west", 8),
        ("SCARF-BLU", "dc-north", 9),
    ]


def test_what_is_on_order_comes_and_of_a_projection_only_what_is_not_there_yet():
    _, supplies, _ = figures(ADVICE, X12)
    assert [(one.sku, one.quantity, one.eta.date()) for one in supplies[2:]] == [
        ("HOOD-GRY-L", 30, date(2026, 3, 12)),
        ("CAP-RED", 15, date(2026, 4, 1)),
        ("CAP-RED", 30, date(2026, 5, 1)),
    ]


@pytest.mark.parametrize(
    ("quantities", "on_hand", "unsellable"),
    [
        (["QTY*33*8", "QTY*17*10"], 10, None),
        (["QTY*33*8", "QTY*20*2"], 10, 2),
        (["QTY*34*8*EA"], 8, None),
        (["QTY*17*1200.000", "UIT*EA"], 1200, None),
        (["QTY*17*5", "QTY*17*5"], 5, None),
        (["QTY*02*77", "QTY*17*5"], 5, None),
    ],
)
def test_on_hand_is_what_is_on_hand_else_what_is_for_sale_and_what_is_not(quantities, on_hand, unsellable):
    (count,) = counted(advice("LIN**SK*A", *quantities), X12)
    assert (count.on_hand, count.unsellable) == (on_hand, unsellable)


@pytest.mark.parametrize(
    ("pairs", "sku"),
    [("EN*e*SK*s", "s"), ("EN*e*IN*i*BP*b", "i"), ("UP*u*VN*v", "v"), ("VN*v*VP*p", "p"), ("SK**UP*u", "u")],
)
def test_the_preferred_product_id_is_the_sku(pairs, sku):
    assert counted(advice(f"LIN**{pairs}", "QTY*17*1"), X12)[0].sku == sku


@pytest.mark.parametrize(
    ("segments", "nodes"),
    [
        (["QTY*17*1", "N1*WH**92*a", "QTY*17*2", "N1*WH**92*b"], [("a", 1), ("b", 2)]),
        (["N1*SF**92*a", "N1*ST**92*b", "QTY*17*1"], [("a", 1)]),
        (["N1*WH*No Code", "QTY*17*1"], [("dc-east", 1)]),
        (["N1*MF**92*maker", "QTY*17*1"], [("dc-east", 1)]),
    ],
)
def test_an_items_own_node_goes_before_the_headers(segments, nodes):
    assert [(one.node_id, one.on_hand) for one in counted(advice("LIN**SK*A", *segments), X12)] == nodes


def test_a_document_that_names_no_node_is_of_the_callers():
    without = ADVICE.replace(b"N1*WH*Demo Warehouse East*92*dc-east~", b"").replace(b"*92*SUP-1", b"")
    assert counted(without, X12, default_node="store-7")[0].node_id == "store-7"
    _, _, refusals = figures(without, X12)
    assert {one.reason for one in refusals} == {Reason.MISSING_FIELD}


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        (["LIN**MF*maker", "QTY*17*1"], Reason.MISSING_FIELD),
        (["LIN**SK*A"], Reason.MISSING_FIELD),
        (["LIN**SK*A", "QTY*87*5"], Reason.MISSING_FIELD),
        (["LIN**SK*A", "QTY*17*"], Reason.MISSING_FIELD),
        (["LIN**SK*A", "QTY*17*-1"], Reason.BAD_VALUE),
        (["LIN**SK*A", "QTY*17*1.5"], Reason.BAD_VALUE),
        (["LIN**SK*A", "QTY*17*5*CA"], Reason.UNSUPPORTED),
        (["LIN**SK*A", "QTY*17*5", "UIT*DZ"], Reason.UNSUPPORTED),
        (["LIN**SK*A", "QTY*17*5", "QTY*17*6"], Reason.CONTRADICTION),
        (["LIN**SK*A", "QTY*17*5", "QTY*20*6"], Reason.CONTRADICTION),
        (["LIN**SK*A", "QTY*17*9", "SDQ*EA*92*a*3*b*4"], Reason.CONTRADICTION),
        (["LIN**SK*A", "SDQ*EA*92**3"], Reason.MISSING_FIELD),
        (["LIN**SK*A", "QTY*17*1", "N1*WH**92*a", "QTY*17*2"], Reason.CONTRADICTION),
        (["LIN**SK*A", "QTY*29*4", "DTM*018*20260401"], Reason.MISSING_FIELD),
    ],
)
def test_an_item_that_is_not_certain_is_refused_and_the_next_is_read(segments, reason):
    counts, supplies, (refusal,) = figures(advice(*segments, "LIN**SK*B", "QTY*17*2"), X12)
    assert (brief(counts), supplies) == ([("B", "dc-east", 2)], [])
    assert (refusal.reason, refusal.position) == (reason, "ISA 1, ST 1, LIN 1")


def test_what_comes_nobody_knows_when_does_not_cost_the_count_of_what_is_there():
    content = advice("LIN**SK*A", "QTY*17*5", "QTY*63*30", "DTM*011*20260401", "LIN**SK*B", "QTY*63*0", "QTY*17*1")
    counts, supplies, (refusal,) = figures(content, X12)
    assert (brief(counts), supplies) == ([("A", "dc-east", 5), ("B", "dc-east", 1)], [])
    assert "when it comes" in refusal.message


def test_what_is_unsellable_at_none_of_several_locations_is_left_out_and_said():
    counts, _, (refusal,) = figures(advice("LIN**SK*A", "SDQ*EA*92*a*3*b*4", "QTY*17*7", "QTY*20*1"), X12)
    assert [one.unsellable for one in counts] == [None, None]
    assert "QTY 20" in refusal.message


def test_a_doubled_item_is_refused_with_both_places_and_a_document_sent_twice_doubles_nothing():
    doubled = ADVICE.replace(b"LIN*2*VN*HOOD-GRY-L", b"LIN*2*SK*TEE-BLK-M")
    refusal = one_refusal(doubled, X12)
    assert (refusal.reason, refusal.position) == (Reason.DUPLICATE, "ISA 1, ST 1, LIN 2")
    assert "ISA 1, ST 1, LIN 1" in refusal.message
    counts, supplies, refusals = figures(ADVICE * 2, X12)
    assert (len(counts), len(supplies)) == (8, 5)
    assert {one.reason for one in refusals} == {Reason.DUPLICATE}


def test_an_advice_that_lost_items_says_so():
    cut = ADVICE[: ADVICE.index(b"LIN*4")]
    counts, _, (refusal,) = figures(cut, X12)
    assert (len(counts), refusal.reason, refusal.position) == (3, Reason.INCOMPLETE, "ISA 1, ST 1")
    lost = ADVICE[: ADVICE.index(b"LIN*2")] + ADVICE[ADVICE.index(b"LIN*3") :]
    assert "6 items and 5" in one_refusal(lost, X12).message


@pytest.mark.parametrize(("old", "new"), [(b"SE*39", b"SE*1"), (b"CTT*6~", b"CTT*1*99~"), (b"IEA*1", b"IEA*9")])
def test_other_trailers_may_count_wrongly(old, new):
    assert counted(ADVICE.replace(old, new), X12) == counted(ADVICE, X12)


@pytest.mark.parametrize(
    ("old", "new", "reason", "position"),
    [
        (b"ISA*", b"ISX*", Reason.NOT_X12, "byte 0"),
        (b"ST*846", b"ST*850", Reason.NOT_STOCK, "ISA 1, ST 1"),
        (b"BIA*00", b"BIA*13", Reason.UNSUPPORTED, "ISA 1, ST 1"),
    ],
)
def test_what_is_no_advice_is_one_refusal(old, new, reason, position):
    content = ADVICE.replace(old, new)
    refusal = one_refusal(content, X12)
    assert (refusal.reason, refusal.position) == (reason, position)
    assert figures(content, X12)[:2] == ([], [])


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "filler", ["N1*WH**92*a~QTY*17*1~", "QTY*17*1~", "SDQ*EA*92*a*1~", "DTM*018*20260101~", "SCH~"]
)
def test_a_megabyte_in_one_item_is_answered_in_seconds(filler):
    assert any(figures(advice("LIN**SK*A", filler * (1_000_000 // len(filler))), X12))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"there are no samples in {SAMPLES}")
class TestOfOthers:
    def test_uncommitted_stock_is_read_with_what_is_on_hold(self):
        (count,) = counted(SAMPLES / "x12/x12parser_ORD_846_Example1.txt", X12)
        assert (count.sku, count.node_id, count.on_hand, count.unsellable) == ("46L5055", "SAN003", 5350, 100)

    def test_feet_are_no_units(self):
        path = SAMPLES / "x12/x12parser_ORD_846_Example2.txt"
        counts, supplies, refusals = figures(path, X12, default_node="mill")
        assert (counts, supplies) == ([], [])
        assert [one.position for one in refusals] == [f"ISA 1, ST 1, LIN {number}" for number in range(1, 6)]
        assert {one.reason for one in refusals} == {Reason.UNSUPPORTED}
