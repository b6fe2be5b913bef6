"""An 850 for several places, and what it says beside its lines."""

from datetime import UTC, datetime

import pytest

from services.intake.channels import x12
from services.intake.domain.draft import Draft, HoldType, ServiceLevel
from tests.unit.intake.channels.reading_documents import assert_within_limits, document, one_draft, one_problem, read

STORES = document("x12/05-us-by-store.x12")


def drafts_of(content: bytes) -> tuple[Draft, ...]:
    reading = read("x12", content)
    assert reading.problems == ()
    return reading.drafts


def test_each_store_has_an_order_whose_money_adds_up_exactly_to_the_whole():
    first, second = drafts_of(STORES)
    assert [draft.external_id for draft in (first, second)] == ["PO-3005/0012", "PO-3005/0013"]
    assert {draft.details.group_id for draft in (first, second)} == {"PO-3005"}
    assert [draft.details.location_code for draft in (first, second)] == ["0012", "0013"]
    assert [[(line.external_line_id, line.quantity) for line in draft.lines] for draft in (first, second)] == [
        [("1", 4)],
        [("1", 5), ("2", 3)],
    ]
    # 9 x 11.50 - 10.00, 8.25 % tax on 93.50; 3 x 35.00; less 10 % of 198.50; freight 10.00.
    whole = {"discount": 1000, "tax": 771, "allowance": 1985, "freight": 1000, "total": 19636}
    assert sum(draft.lines[0].discount.minor for draft in (first, second)) == whole["discount"]
    assert sum(draft.lines[0].tax.minor for draft in (first, second)) == whole["tax"]
    assert sum(draft.details.charges[0].amount.minor for draft in (first, second)) == whole["allowance"]
    assert sum(draft.shipping.minor for draft in (first, second)) == whole["freight"]
    assert sum(draft.total.minor for draft in (first, second)) == whole["total"]
    assert (first.details.payment_terms, first.details.tags) == ("2.5% 45 NET60", ("IA:778899",))
    assert first.details.earliest_time == datetime(2026, 1, 10, tzinfo=UTC)
    assert first.details.due_time == datetime(2026, 1, 16, 23, 59, 59, tzinfo=UTC)
    assert (first.service_level, first.ship_complete) == (ServiceLevel.NEXT_DAY, True)
    line = first.lines[0]
    assert (line.sku, line.details.barcode, line.details.channel_sku) == ("TEE-BLK-M", "012345678905", "B-100")
    assert (line.details.taxes[0].title, line.details.taxes[0].rate) == ("ST", "0.0825")


def test_a_store_without_an_address_waits_for_one_and_the_hold_says_which():
    for draft in drafts_of(STORES):
        (hold,) = draft.holds
        assert (hold.handle, hold.type) == ("address", HoldType.INCORRECT_ADDRESS)
        assert f"location number {draft.details.location_code} " in hold.note
        assert draft.ship_to.country_code == "US"


def test_a_store_has_the_address_that_a_party_of_the_same_number_has():
    known = STORES.replace(b"PO1*1*9", b"N1*SN*Store 12*92*0012~N3*400 Sample Street~N4*Atlanta*GA*30303~PO1*1*9")
    first, second = drafts_of(known)
    assert (first.ship_to.city, first.holds, first.details.location_code) == ("Atlanta", (), "")
    assert [hold.handle for hold in second.holds] == ["address"]


def test_stores_whose_units_are_not_the_lines_units_are_held():
    for draft in drafts_of(STORES.replace(b"PO1*1*9*", b"PO1*1*10*")):
        assert "quantities" in [hold.handle for hold in draft.holds]


def test_a_stated_total_is_shared_to_the_last_cent():
    first, second = drafts_of(STORES.replace(b"CTT*2", b"CTT*2~AMT*TT*200.01"))
    assert first.total.minor + second.total.minor == 20001


def test_a_line_that_one_store_orders_too_often_is_a_problem():
    lines = b"".join(b"PO1*%d*1*EA*1**VN*TEE-BLK-M~SDQ*EA*92*0012*1~" % number for number in range(5001))
    content = STORES.replace(b"CTT*2~", lines.replace(b"PO1*", b"PO1*9") + b"CTT*2~")
    assert one_problem("x12", content).reason == "BAD_VALUE"


def test_the_same_store_twice_in_a_line_gets_both_quantities():
    first, _ = drafts_of(STORES.replace(b"SDQ*EA*92*0012*4*0013*5", b"SDQ*EA*92*0012*1*0013*5*0012*3"))
    assert first.lines[0].quantity == 4


@pytest.mark.parametrize(
    ("segment", "charge"),
    [
        (b"SAC*C*H000***250*******06***Wrap", ("FEE", 250)),
        (b"SAC*A*F800****Z*10*****02", ("DISCOUNT", 4000)),
        (b"SAC*C*H000******0.5*EA*10**06", ("FEE", 500)),
        (b"ITA*A**F800*02***1250", ("DISCOUNT", 1250)),
        (b"ITA*C**ZZ*06*****5", ("FEE", 2000)),
    ],
)
def test_allowances_and_charges_may_be_amounts_percentages_or_rates(segment, charge):
    order = (
        b"CUR*BY*USD~" + segment + b"~N1*ST*A~N3*B~N4*Atlanta*GA*30303*US~PO1*1*10*EA*40**VN*TEE-BLK-M~CTT*1~SE*8*1~"
    )
    content = STORES[: STORES.index(b"CUR*BY")] + order + b"GE*1*105~IEA*1*000000105~"
    (found,) = one_draft("x12", content).details.charges
    assert (found.kind.value, found.amount.minor) == charge
    for way in (b"01", b"15"):
        unseen = content.replace(b"*02", b"*" + way).replace(b"*06", b"*" + way)
        assert one_draft("x12", unseen).details.charges == ()


def test_a_tax_on_the_whole_order_is_shared_by_its_lines():
    taxed = STORES.replace(b"TXI*ST**8.25~\n", b"").replace(b"ITD*", b"TXI*GS*10.01~ITD*")
    drafts = drafts_of(taxed)
    assert sum(line.tax.minor for draft in drafts for line in draft.lines) == 1001


def test_every_draft_is_within_the_limits():
    for draft in x12.read(STORES, "a-channel").drafts:
        assert_within_limits(draft)
