"""The check of the protos finds what would break clients, and what nobody could read."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def protos(tmp_path):
    """A copy of the protos that a test may spoil."""
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    return tmp_path / "protos"


def check(protos):
    return subprocess.run([sys.executable, protos / "check.py"], capture_output=True, text=True)


def spoil(file, pattern, replacement):
    text, count = re.subn(pattern, replacement, file.read_text(), count=1)
    assert count == 1
    file.write_text(text)


def test_a_changed_type_is_a_breaking_change(protos):
    spoil(protos / "oms/intake/v1/units.proto", r"int64 quantity = 4", "string quantity = 4")
    spoil(
        protos / "oms/intake/v1/units.proto",
        r"\(buf.validate.field\).int64 = \{\s+gte: 1\s+lte: 1000000000\s+\}",
        "(buf.validate.field).string.min_len = 1",
    )
    done = check(protos)
    assert done.returncode == 1
    assert 'Field "4" with name "quantity" on message "Move" changed type' in done.stdout


def test_a_field_without_a_comment_is_refused(protos):
    spoil(protos / "oms/intake/v1/units.proto", r"  // The line\.\n", "")
    done = check(protos)
    assert done.returncode == 1
    assert 'Field "line_id" should have a non-empty comment' in done.stdout


def test_a_new_optional_field_is_welcome(protos):
    spoil(
        protos / "oms/intake/v1/units.proto",
        r"(message Units \{\n)",
        r"\1  // Something new.\n  int64 surprising = 99;\n",
    )
    done = check(protos)
    assert done.returncode == 0, done.stdout


def test_every_rpc_asks_for_a_permission_and_every_mutation_has_a_key():
    from importlib import import_module

    from oms.common.v1 import options_pb2

    reading = ("Get", "List", "Lookup", "Count", "Watch", "Audit", "Check", "Explain", "Replay")
    # Their events carry ids of their own, by which each is recorded once; a stream's requests each have their key.
    keyed_otherwise = {"RecordNodeEvents", "RecordTrackingEvents", "ReplayOutboxEvents", "StreamReservations"}
    for service in ("intake", "inventory", "routing", "fulfillment", "returns"):
        file = import_module(f"oms.{service}.v1.{service}_service_pb2").DESCRIPTOR
        for rpc in file.services_by_name[f"{service.capitalize()}Service"].methods:
            assert rpc.GetOptions().Extensions[options_pb2.permission].startswith(f"{service}."), rpc.full_name
            if not rpc.name.startswith(reading) and rpc.name not in keyed_otherwise:
                assert "request_id" in rpc.input_type.fields_by_name, rpc.full_name
            if rpc.name.startswith("List"):
                assert {"page_size", "page_token"} <= set(rpc.input_type.fields_by_name), rpc.full_name
