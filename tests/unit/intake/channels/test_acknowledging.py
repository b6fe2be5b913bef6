"""The 997 and the CONTRL, word for word."""

from datetime import UTC, datetime

from services.intake.channels import edifact, edifact_acknowledging, x12, x12_acknowledging, x12_interchanges
from services.intake.channels.edifact_acknowledging import Action
from services.intake.channels.x12_acknowledging import Fault, Outcome, Verdict
from tests.unit.intake.channels.reading_documents import document

NOW = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
TWO = document("x12/02-us-two-orders.x12")
STORES = document("x12/05-us-by-store.x12")
UK = document("edifact/01-uk-order.edi")
COMMA = document("edifact/02-eu-decimal-comma.edi")


def answered(content: bytes) -> bytes:
    problems = x12.read(content, "a-channel").problems
    return x12_acknowledging.write(content, problems, control_number=7, now=NOW)


def controlled(content: bytes) -> bytes:
    problems = edifact.read(content, "a-channel").problems
    return edifact_acknowledging.write(content, problems, control_number=7, now=NOW)


def test_an_interchange_says_who_sent_it_what_is_in_it_and_whether_it_asks_for_an_answer():
    (found,) = x12_interchanges.interchanges(STORES)
    assert (found.sender, found.receiver, found.control) == (("ZZ", "DEMOBUYER"), ("ZZ", "DEMOSHOP"), "000000105")
    assert (found.asks, found.usage, [group.control for group in found.groups]) == (True, "P", ["105"])
    (other,) = edifact_acknowledging.interchanges(COMMA)
    assert (other.sender, other.control, other.asks) == (("4099999000002", "14"), "202", False)
    assert [(m.reference, m.type[0], m.miscounted) for m in other.messages] == [("1", "ORDERS", False)]


def test_a_997_has_sender_and_receiver_swapped_and_accepts_what_was_read():
    assert answered(STORES) == (
        b"ISA*00*          *00*          *ZZ*DEMOSHOP       *ZZ*DEMOBUYER      *260105*1030*U*00401*000000007*0*P*>~"
        b"GS*FA*DEMOSHOP*DEMOBUYER*20260105*1030*7*X*004010~"
        b"ST*997*0001~AK1*PO*105~AK2*850*0001~AK5*A~AK9*A*1*1*1~SE*6*0001~GE*1*7~IEA*1*000000007~"
    )


def test_a_set_with_a_wrong_count_is_accepted_with_errors():
    assert b"AK2*850*0001~AK5*E*4~AK9*E*1*1*1~" in answered(STORES.replace(b"SE*22*", b"SE*99*"))


def test_a_set_that_was_quarantined_is_rejected_and_its_segment_named_and_the_others_accepted():
    broken = TWO.replace(b"PO1|1|", b"PO1|1|x", 1)
    assert broken != TWO
    answer = answered(broken)
    assert answer.count(b"AK2|850|") == 2
    assert b"\nAK9|P|2|2|1\n" in answer
    position = broken[broken.index(b"ST|850") : broken.index(b"PO1|1|")].count(b"\n") + 1
    assert b"AK3|PO1|%d||8\nAK5|R|5\n" % position in answer


def test_elements_in_error_are_named_where_the_caller_knows_them():
    (found,) = x12_interchanges.interchanges(STORES)
    fault = Fault(tag="PO1", position=13, code="8", element=2, element_code="6", value="n*ne~")
    outcome = Outcome(verdict=Verdict.REJECTED, codes=("5",), faults=(fault,))
    answer = x12_acknowledging.acknowledgement(
        found, {"ISA 1, ST 1": outcome}, interchange_control=1, group_control=2, time=NOW
    )
    assert b"AK3*PO1*13**8~AK4*2**6*n ne~AK5*R*5~AK9*R*1*1*0~" in answer


def test_what_is_not_an_order_is_rejected_as_unsupported():
    assert b"AK2*856*0001~AK5*R*1" in answered(STORES.replace(b"ST*850", b"ST*856"))


def test_an_acknowledgement_is_never_acknowledged():
    once = answered(STORES)
    assert (x12_acknowledging.owed(STORES), x12_acknowledging.owed(once)) == (1, 0)
    assert answered(once) == b""
    control = controlled(UK)
    assert (edifact_acknowledging.owed(UK), edifact_acknowledging.owed(control)) == (1, 0)
    assert controlled(control) == b""


def test_every_group_and_every_interchange_has_its_own_answer():
    group = TWO[TWO.index(b"GS|") : TWO.index(b"IEA|")]
    doubled = TWO.replace(group, group * 2)
    assert answered(doubled).count(b"ST|997|") == 2
    both = answered(TWO + STORES)
    assert [both.count(ending) for ending in (b"IEA|1|000000007", b"IEA*1*000000008~")] == [1, 1]


def test_a_contrl_has_sender_and_receiver_swapped_and_acknowledges_what_was_read():
    assert controlled(UK) == (
        b"UNB+UNOC:3+5099999000012:14+5099999000005:14+260105:1030+7'UNH+1+CONTRL:D:3:UN'"
        b"UCI+201+5099999000005:14+5099999000012:14+7'UCM+1+ORDERS:D:96A:UN:EAN008+7'UNT+4+1'UNZ+1+7'"
    )


def test_a_message_that_was_quarantined_is_rejected_and_its_segment_named():
    answer = controlled(UK.replace(b"QTY+21:12:PCE", b"QTY+21:x:PCE"))
    assert b"UCM+1+ORDERS:D:96A:UN:EAN008+4'UCS+22+12'UNT+5+1'" in answer
    assert b"UCM+1+INVOIC:D:96A:UN:EAN008+4+14'" in controlled(UK.replace(b"ORDERS:", b"INVOIC:"))


def test_a_contrl_has_the_separators_that_una_set_and_releases_what_looks_like_one():
    assert controlled(COMMA).startswith(b"UNA:+,? 'UNB+UNOC:3+4099999000019:14+4099999000002:14+")
    odd = UK.replace(b"+201'\nUNH", b"+20?+1'\nUNH")
    assert b"UCI+20?+1+" in controlled(odd)


def test_elements_of_a_message_in_error_are_named_where_the_caller_knows_them():
    (found,) = edifact_acknowledging.interchanges(UK)
    fault = edifact_acknowledging.Fault(position=18, element=1, component=2, element_code="12")
    outcome = edifact_acknowledging.Outcome(action=Action.REJECTED, faults=(fault,))
    answer = edifact_acknowledging.acknowledgement(found, {"UNB 1, UNH 1": outcome}, reference="9", time=NOW)
    assert b"UCS+18'UCD+12+1:2'" in answer
