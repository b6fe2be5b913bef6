"""What partners are owed: owed when it is kept, made when it is read, late when it is not sent in time."""

from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration

from oms.intake.v1 import channel_service_pb2 as channel_rpc
from oms.intake.v1 import intake_service_pb2 as rpc
from oms.intake.v1.channel_pb2 import Acknowledgement, Channel
from services.intake.acknowledgement_writers import WRITERS
from services.intake.acknowledging import Acknowledger
from services.intake.doors.folder import Folder
from services.kernel.errors import FailedPrecondition, NotFound
from tests.service.intake.door_parts import opened, turn_by_hand
from tests.service.intake.test_documents import ingest

HOUR = Duration(seconds=3600)


@pytest.fixture
def by_hand(monkeypatch):
    turn_by_hand(monkeypatch)


@pytest.fixture
async def doors(by_hand, running):
    async for made in opened(running):
        await made.set_channel(Channel(channel="x12-acme", acknowledge_within=HOUR))
        await made.set_channel(Channel(channel="edifact-de", acknowledge_within=HOUR))
        yield made


def interchange(control, *orders, end="~"):
    isa = (
        f"ISA*00*          *00*          *ZZ*ACME           *ZZ*US             *260302*1200*U*00401*{control:09}*0*P*>"
    )
    sets = []
    for number, order in enumerate(orders, 1):
        rows = [
            f"ST*850*{number:04}",
            f"BEG*00*SA*{order}**20260302",
            "CUR*BY*USD",
            "N1*ST*Robin Example",
            "N3*1 Main St",
            "N4*Troy*NY*12180*US",
            *(["PO1*1*2*EA*10.00**VP*TEE"] if order != "BAD" else []),
            "CTT*1",
        ]
        sets += [*rows, f"SE*{len(rows) + 1}*{number:04}"]
    group = [f"GS*PO*ACME*US*20260302*1200*{control}*X*004010", *sets, f"GE*{len(orders)}*{control}"]
    return end.join([isa, *group, f"IEA*1*{control:09}", ""]).encode()


async def listed(doors, **fields):
    request = channel_rpc.ListAcknowledgementsRequest(**fields)
    return (await doors.stub.ListAcknowledgements(request)).acknowledgements


def acknowledger(doors, clock, out=None):
    return Acknowledger(database=doors.parts.database, clock=clock, writers=WRITERS, out=out)


async def test_an_interchange_is_owed_its_997_until_it_is_fetched(doors, intake, clock):
    answer = await intake.IngestDocument(ingest(interchange(905, "PO-1", "BAD"), channel="x12-acme"))
    assert [one.external_id for one in answer.orders] == ["PO-1"]
    (owed,) = await listed(doors)
    assert (owed.state, owed.partner, owed.control_number) == (Acknowledgement.STATE_OWED, "ACME", "000000905")
    assert owed.due_time.ToDatetime() - owed.create_time.ToDatetime() == timedelta(hours=1)
    which = {"acknowledgement_id": owed.acknowledgement_id}
    with pytest.raises(FailedPrecondition):
        await doors.stub.ConfirmAcknowledgement(channel_rpc.ConfirmAcknowledgementRequest(request_id="early", **which))
    assert await acknowledger(doors, clock).go_on() == 1
    made = (await doors.stub.GetAcknowledgement(channel_rpc.GetAcknowledgementRequest(**which))).acknowledgement
    said = made.content.decode()
    assert (made.state, made.own_control_number) == (Acknowledgement.STATE_MADE, 1)
    assert "AK1*PO*905" in said
    assert [row.split("*")[1] for row in said.split("~") if row.startswith("AK5")] == ["A", "R"]
    sent = await doors.stub.ConfirmAcknowledgement(channel_rpc.ConfirmAcknowledgementRequest(request_id="k", **which))
    assert (sent.acknowledgement.state, sent.acknowledgement.late) == (Acknowledgement.STATE_SENT, False)
    clock.advance(timedelta(days=1))
    assert await acknowledger(doors, clock).go_on() == 0
    # The same bytes again owe nothing new; an acknowledgement is never acknowledged.
    await intake.IngestDocument(ingest(interchange(905, "PO-1", "BAD"), channel="x12-acme", key="again"))
    await intake.IngestDocument(ingest(made.content, channel="x12-acme", key="997"))
    assert len(await listed(doors)) == 1


async def test_what_is_not_sent_in_time_is_late_for_all_to_see(doors, intake, clock, tmp_path):
    await doors.switch("x12-acme", paused=True, key="p")
    await intake.IngestDocument(ingest(interchange(906, "PO-2"), channel="x12-acme"))
    keeper = acknowledger(doors, clock)
    clock.advance(timedelta(hours=1))
    assert await keeper.go_on() == 0, "its time is not over before it is"
    clock.advance(timedelta(seconds=1))
    assert (await keeper.go_on(), await keeper.go_on()) == (1, 0), "it is counted once"
    (late,) = await listed(doors, late_only=True)
    assert late.state == Acknowledgement.STATE_OWED
    await doors.switch("x12-acme", paused=False, key="g")
    assert await doors.later.sweep() == 1
    (tmp_path / "x12-acme").mkdir()
    folder = Folder(root=tmp_path, database=doors.parts.database, reader=doors.reader, wake=doors.parts.relay.wake)
    assert await acknowledger(doors, clock, folder).go_on() == 2
    (sent,) = await listed(doors, state=Acknowledgement.STATE_SENT)
    assert sent.late
    (file,) = (tmp_path / "x12-acme" / "out").iterdir()
    assert file.read_bytes().startswith(b"ISA")
    with pytest.raises(NotFound):
        await doors.stub.GetAcknowledgement(channel_rpc.GetAcknowledgementRequest(acknowledgement_id="ack_x"))


async def test_an_edifact_interchange_is_owed_a_contrl_also_where_it_cannot_be_read(doors, intake, clock):
    content = (
        b"UNB+UNOC:3+4012345000009:14+4098765000002:14+260302:1200+77'UNH+1+ORDERS:D:96A:UN'BGM+220+PO-3+9'UNT+3+1'"
        b"UNZ+1+77'"
    )
    await intake.IngestDocument(ingest(content, channel="edifact-de", format="edifact"))
    assert await acknowledger(doors, clock).go_on() == 1
    (made,) = await listed(doors, state=Acknowledgement.STATE_MADE)
    assert made.kind == Acknowledgement.KIND_CONTRL
    request = channel_rpc.GetAcknowledgementRequest(acknowledgement_id=made.acknowledgement_id)
    said = (await doors.stub.GetAcknowledgement(request)).acknowledgement.content
    assert b"UCI+77+4012345000009:14+4098765000002:14+" in said
    assert (await intake.CountOrders(rpc.CountOrdersRequest())).counts == []
