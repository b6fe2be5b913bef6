"""Files in parts: whoever dies in between goes on where they were, and nothing is there twice."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

import asyncpg
import pytest

from oms.intake.v1 import import_service_pb2 as rpc
from oms.intake.v1 import intake_service_pb2 as intake_rpc
from oms.intake.v1.import_pb2 import Import
from oms.intake.v1.import_service_pb2_grpc import ImportServiceStub
from services.chassis.client import Channels
from services.chassis.settings import Settings
from services.intake import bulk_files
from services.intake.bulk_folder import LargeFiles
from services.intake.bulk_sending import Watcher, send
from services.intake.doors import folder
from services.intake.rpcs import reader_of
from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound

HEADER = "order_id,currency,ship_country,ship_line1,ship_city,ship_postal_code,payment_state,sku,quantity,unit_price\n"
X12 = (
    "ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *260105*0930*U*00401*000000001*0*P*>~\n"
    "GS*PO*BUYER*SELLER*20260105*0930*1*X*004010~\n"
)
# A client that kills itself as soon as its first part is answered.
MORTAL = """
import asyncio, os, signal, sys
from pathlib import Path
from oms.intake.v1.import_service_pb2_grpc import ImportServiceStub
from services.cli_output import call
from services.intake import bulk_files
from services.intake.bulk_folder import LargeFiles
from services.intake.bulk_sending import Watcher, send

class Mortal(Watcher):
    def sent(self, done, answer):
        os.kill(os.getpid(), signal.SIGKILL)

bulk_files._ORDERS = 20
path = Path(sys.argv[1])
asyncio.run(call(ImportServiceStub, lambda s: s.intake_address, lambda stub: send(stub, path, "acme", "csv", Mortal())))
"""


class Seen(Watcher):
    """Remembers with which part an import began."""

    first = 0

    def opened(self, found):
        self.first = found.next_part


def row(order_id, *, sku="TEE", quantity="1"):
    return f"{order_id},USD,US,1 Main St,Troy,12180,paid,{sku},{quantity},10.00\n"


def table(path, *rows):
    path.write_text(HEADER + "".join(rows))
    return path


@pytest.fixture
async def stub(running):
    async with Channels(Settings()) as channels:
        yield channels.connect(ImportServiceStub, running.address)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(bulk_files, "_ORDERS", 20)


def counts(answer):
    found = answer.file_import
    return found.accepted_count, found.repeated_count, found.conflict_count, found.quarantined_count


async def test_after_kill_9_of_the_client_and_of_the_service_everything_is_there_once(
    tmp_path, migrated_database, small_parts
):
    path = table(
        tmp_path / "orders.csv", *(row(f"o{n}", sku=f"S{line}") for n in range(120) for line in range(n % 3 + 1))
    )
    url = await asyncio.to_thread(migrated_database, "intake")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {
        **os.environ,
        "OMS_DATABASE_URL": url,
        "OMS_LISTEN": address,
        "OMS_INTAKE_ADDRESS": address,
        "OMS_TEMPORAL_ADDRESS": "127.0.0.1:9",
    }
    started = []

    def start():
        with (tmp_path / f"service-{len(started)}.log").open("w") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "services.intake"], env=environment, stdout=log, stderr=subprocess.STDOUT
                )
            )

    conn = await asyncpg.connect(url)
    try:
        start()
        client = await asyncio.create_subprocess_exec(sys.executable, "-c", MORTAL, str(path), env=environment)
        assert await client.wait() == -signal.SIGKILL
        seen = Seen()
        async with Channels(Settings()) as channels:
            stub = channels.connect(ImportServiceStub, address)
            sending = asyncio.create_task(send(stub, path, "acme", "csv", seen))
            # The third part is kept, and is being read.
            while await conn.fetchval("SELECT next_part FROM intake.imports") < 4 and not sending.done():
                pass
            started[0].kill()
            start()
            answer = await sending
        assert seen.first == 2
        assert answer.file_import.state == Import.STATE_DONE
        assert answer.file_import.next_part == 7
        assert counts(answer) == (120, 0, 0, 0)
        assert await conn.fetchval("SELECT count(*) FROM intake.order_lines") == 240
        assert await conn.fetchval("SELECT count(*) FROM intake.documents WHERE state = 'ACCEPTED'") == 6
    finally:
        await conn.close()
        for one in started:
            with contextlib.suppress(ProcessLookupError):
                one.kill()
            one.wait()


async def test_the_same_file_makes_nothing_new_and_a_changed_one_only_what_is_new_in_it(stub, tmp_path, small_parts):
    path = table(tmp_path / "orders.csv", *(row(f"o{n}") for n in range(50)))
    first = await send(stub, path, "acme", "csv", Watcher())
    assert counts(first) == (50, 0, 0, 0)
    again = await send(stub, path.rename(tmp_path / "other name.csv"), "acme", "csv", Watcher())
    assert again == first
    table(path, *(row(f"o{n}", quantity="2" if n == 45 else "1") for n in range(60)))
    changed = await send(stub, path, "acme", "csv", Watcher())
    assert changed.file_import.import_id != first.file_import.import_id
    assert counts(changed) == (10, 49, 1, 0)
    assert [(one.part, one.problem.reason) for one in changed.problems] == [(3, "CONFLICT")]
    listed = await stub.ListImports(rpc.ListImportsRequest(page_size=1))
    rest = await stub.ListImports(rpc.ListImportsRequest(page_size=1, page_token=listed.next_page_token))
    assert {one.imports[0].import_id for one in (listed, rest)} == {
        changed.file_import.import_id,
        first.file_import.import_id,
    }


async def test_one_bad_order_keeps_no_other_out_and_its_row_is_named(stub, intake, tmp_path, small_parts):
    rows = [row(f"o{n}", quantity="none" if n == 30 else "1") for n in range(45)]
    answer = await send(stub, table(tmp_path / "orders.csv", *rows, row("o0")), "acme", "csv", Watcher())
    assert counts(answer) == (43, 0, 0, 3)
    assert [(one.part, one.problem.position, one.problem.external_id) for one in answer.problems] == [
        (1, "row 2", "o0"),
        (2, "row 32, column quantity", "o30"),
        (3, "row 47", "o0"),
    ]
    document = await intake.GetDocument(intake_rpc.GetDocumentRequest(document_id=answer.problems[1].document_id))
    assert document.document.name == "orders.csv#2"
    assert len(document.document.order_ids) == 19


async def test_x12_is_cut_at_its_orders_and_every_one_is_there(stub, tmp_path, small_parts):
    orders = [
        f"ST*850*{n:04d}~BEG*00*SA*PO-{n}**20260105~N1*ST*A Store*92*{n}~N3*1 Main St~N4*Troy*NY*12180*US~"
        f"PO1*1*1*EA*9.99**VN*TEE~CTT*1~SE*8*{n:04d}~\n"
        for n in range(45)
    ]
    path = tmp_path / "orders.edi"
    path.write_text(f"{X12}{''.join(orders)}GE*45*1~\nIEA*1*000000001~\n")
    assert bulk_files.told_format(path) == "x12"
    answer = await send(stub, path, "acme", "x12", Watcher())
    assert counts(answer) == (45, 0, 0, 0)
    assert answer.file_import.next_part == 4


async def test_a_large_file_of_the_watched_folder_is_taken_over_in_parts_and_put_away(
    running, tmp_path, small_parts, monkeypatch
):
    monkeypatch.setattr(folder, "LIMIT_BYTES", 1000)
    reader, database, wake = reader_of(running.parts), running.parts.database, running.parts.relay.wake
    large = LargeFiles(database=database, reader=reader, clock=running.parts.clock, wake=wake)
    watched = folder.Folder(root=tmp_path, database=database, reader=reader, wake=wake, large=large.take)
    (tmp_path / "csv-acme" / "in").mkdir(parents=True)
    for name, bad in (("good.csv", "1"), ("bad.csv", "none")):
        rows = [row(f"{name}{n}", quantity=bad if n == 30 else "1") for n in range(45)]
        table(tmp_path / "csv-acme" / "in" / name, *rows)
    await watched.look()
    await watched.look()
    await large.settle()
    assert (tmp_path / "csv-acme" / "done" / "good.csv").exists()
    told = json.loads((tmp_path / "csv-acme" / "quarantine" / "bad.csv.problems.json").read_text())
    assert [problem["position"] for problem in told["problems"]] == ["row 32, column quantity"]
    counted = await running.stub.CountOrders(intake_rpc.CountOrdersRequest())
    assert sum(one.order_count for one in counted.counts) == 89


async def test_a_part_is_only_taken_in_its_place_with_its_bytes(stub):
    asked = {"request_id": "o", "channel": "acme", "format": "csv", "digest": "0" * 64, "size": 9}
    opened = (await stub.OpenImport(rpc.OpenImportRequest(**asked))).file_import
    part = {"request_id": "p", "import_id": opened.import_id, "position": 2}
    first = rpc.WriteImportPartRequest(**part, part=1, content=(HEADER + row("1")).encode())
    answer = await stub.WriteImportPart(first)
    repeated = await stub.WriteImportPart(first)
    assert (answer.replayed, repeated.replayed) == (False, True)
    assert repeated.document == answer.document
    close = rpc.CloseImportRequest(request_id="c", import_id=opened.import_id, part_count=2)
    for call, error, reason in (
        (stub.WriteImportPart(rpc.WriteImportPartRequest(**part, part=1, content=b"x")), AlreadyExists, "PART_DIFFERS"),
        (
            stub.WriteImportPart(rpc.WriteImportPartRequest(**part, part=3, content=b"x")),
            FailedPrecondition,
            "PART_OUT_OF_ORDER",
        ),
        (stub.CloseImport(close), FailedPrecondition, "IMPORT_INCOMPLETE"),
        (stub.GetImport(rpc.GetImportRequest(import_id="imp_x")), NotFound, "IMPORT_NOT_FOUND"),
        (stub.OpenImport(rpc.OpenImportRequest(**{**asked, "format": "shopify"})), InvalidArgument, "UNKNOWN_FORMAT"),
    ):
        with pytest.raises(error) as refused:
            await call
        assert refused.value.reason == reason
