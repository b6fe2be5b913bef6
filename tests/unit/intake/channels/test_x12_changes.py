"""The 860: the buyer's changes as edits."""

from datetime import UTC, datetime

import pytest

from services.intake.domain.edits import AddLine, CancelOrder, ChangeDraft, SetAddress, SetDates, SetQuantity
from tests.unit.intake.channels.reading_documents import document, one_draft, one_problem, read

ENVELOPE = (
    b"ISA*00*          *00*          *ZZ*DEMOBUYER      *ZZ*DEMOSHOP       *260105*0900*U*00401*000000901*0*P*>~"
    b"GS*PC*DEMOBUYER*DEMOSHOP*20260105*0900*901*X*004010~ST*860*0001~%s~SE*9*0001~GE*1*901~IEA*1*000000901~"
)
BEGIN = b"BCH*04*SA*PO-3001**2*20260105*****20260107~"


def one_change(body: bytes) -> ChangeDraft:
    reading = read("x12", ENVELOPE % body)
    assert (reading.drafts, reading.problems) == ((), ())
    (change,) = reading.changes
    return change


def test_a_cancellation_cancels_the_order_that_the_850_named():
    change = one_change(b"BCH*01*RL*BLANKET-77*0003**20260105")
    assert change.external_id == one_draft("x12", document("x12/04-eu-release.x12")).external_id
    assert change.edits == (CancelOrder(),)


@pytest.mark.parametrize(
    ("line", "edits"),
    [
        (b"POC*2*DI", (SetQuantity(line_id="2", quantity=0),)),
        (b"POC*2*QD*4**EA", (SetQuantity(line_id="2", quantity=4),)),
        (b"POC*2*QI*40**EA", (SetQuantity(line_id="2", quantity=40),)),
        (b"POC*2*RZ*7**EA*3.5", (SetQuantity(line_id="2", quantity=7),)),
        (b"POC*2*CA*0**EA", (SetQuantity(line_id="2", quantity=0),)),
        (b"POC*2*CT~DTM*063*20260120", (SetDates(due_time=datetime(2026, 1, 20, 23, 59, 59, tzinfo=UTC)),)),
        (b"POC*1*NC~POC*2*DI", (SetQuantity(line_id="2", quantity=0),)),
    ],
)
def test_the_code_of_a_line_says_what_happens_to_it(line, edits):
    change = one_change(BEGIN + line)
    assert (change.external_id, change.edits) == ("PO-3001", edits)
    order = one_draft("x12", document("x12/01-us-store.x12"))
    assert {edit.line_id for edit in edits if hasattr(edit, "line_id")} <= {
        line.external_line_id for line in order.lines
    }


def test_a_line_that_is_added_is_read_as_one_of_an_order():
    (edit,) = one_change(BEGIN + b"POC*4*AI*10**EA*2.5**VN*TEE-BLK-M~PID*F****T-shirt~SAC*A*F800***500*******02").edits
    assert isinstance(edit, AddLine)
    line = edit.line
    assert (line.external_line_id, line.sku, line.quantity, line.title) == ("4", "TEE-BLK-M", 10, "T-shirt")
    assert (line.unit_price.minor, line.discount.minor) == (250, 500)


def test_stores_each_have_a_change_of_their_own():
    reading = read("x12", ENVELOPE % (BEGIN + b"POC*1*QD*5**EA~SDQ*EA*92*0012*2*0013*3"))
    assert [(change.external_id, change.edits[0].quantity) for change in reading.changes] == [
        ("PO-3001/0012", 2),
        ("PO-3001/0013", 3),
    ]


def test_a_change_that_names_no_line_changes_the_address_and_the_dates():
    change = one_change(BEGIN + b"DTM*064*20260110~N1*ST*New Store~N3*9 Demo Drive~N4*Austin*TX*78701*US")
    dates, address = change.edits
    assert dates == SetDates(earliest_time=datetime(2026, 1, 10, tzinfo=UTC))
    assert isinstance(address, SetAddress)
    assert address.ship_to.city == "Austin"


def test_a_change_has_the_same_name_when_it_is_sent_again_and_another_when_it_is_another():
    body = BEGIN + b"POC*2*DI"
    assert one_change(body).change_id == one_change(body).change_id == "2/20260107/000000901/901/0001"
    other = ENVELOPE.replace(b"ST*860*0001", b"ST*860*0002") % body
    assert read("x12", other).changes[0].change_id != one_change(body).change_id


@pytest.mark.parametrize(
    ("body", "reason", "position"),
    [
        (BEGIN + b"POC*2*PC***EA*9.99", "UNSUPPORTED", "ISA 1, ST 1, POC 1"),
        (BEGIN + b"POC*1*DI~POC*2*PQ*4**EA*9.99", "UNSUPPORTED", "ISA 1, ST 1, POC 2"),
        (BEGIN + b"POC*2*XX*4", "UNSUPPORTED", "ISA 1, ST 1, POC 1"),
        (BEGIN + b"POC*2*QD*few", "BAD_VALUE", "ISA 1, ST 1, POC 1"),
        (BEGIN + b"POC**DI", "MISSING_FIELD", "ISA 1, ST 1, POC 1"),
        (BEGIN + b"POC*1*NC", "UNSUPPORTED", "ISA 1, ST 1, BCH 1"),
        (b"BCH*04*SA***1*20260105~POC*1*DI", "MISSING_FIELD", "ISA 1, ST 1, BCH 1"),
        (b"BCH*12*SA*PO-3001~POC*1*DI", "UNSUPPORTED", "ISA 1, ST 1, BCH 1"),
        (b"POC*1*DI", "MISSING_FIELD", "ISA 1, ST 1"),
    ],
)
def test_a_change_that_cannot_be_made_whole_is_a_problem_and_none_of_it_is_made(body, reason, position):
    reading = read("x12", ENVELOPE % body)
    assert reading.changes == ()
    problem = one_problem("x12", ENVELOPE % body)
    assert (problem.reason, problem.position) == (reason, position)


def test_a_change_that_is_cut_off_is_not_made():
    whole = ENVELOPE % (BEGIN + b"POC*1*DI~POC*2*DI")
    assert one_problem("x12", whole[: whole.index(b"POC*2")]).reason == "BAD_VALUE"
