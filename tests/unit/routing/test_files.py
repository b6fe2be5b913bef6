"""Networks as people write them."""

from pathlib import Path

import pytest

from oms.routing.v1.network_pb2 import Network
from oms.routing.v1.node_pb2 import Node
from services.routing.files import csv_table, documents, networks, plain_yaml

DEMO = Path("deploy/local/demo/network.yaml")


def read(text: str) -> tuple[Network, dict[str, str]]:
    network, problems = documents.read(plain_yaml.load(text), Network())
    return network, {one.place: one.suggestion for one in problems}


def test_texts_that_look_like_something_else_stay_texts():
    network, problems = read(
        "nodes:\n- {postal_code: 02134, city: No, serves_country_codes: [NO, SE], cutoffs: [{time: 22:00}]}\n"
        "- {postal_code: 10012, latitude: 40, disabled: True}\n"
        "calendars:\n- days_off: [{date: 2026-12-25}]\n"
    )
    assert problems == {}
    first, second = network.nodes
    assert (first.postal_code, first.city, first.serves_country_codes) == ("02134", "No", ["NO", "SE"])
    assert first.cutoffs[0].time == "22:00"
    assert (second.postal_code, second.latitude, second.disabled) == ("10012", 40, True)
    assert network.calendars[0].days_off[0].date == "2026-12-25"


def test_every_mistake_of_writing_has_its_place_and_what_was_meant():
    _, problems = read(
        "nodes:\n"
        "- {calender_id: x, type: STOR, order_cost: 1.80, processing_minutes: soon, disabled: maybe, cutoffs: {}}\n"
        "- 7\n"
        "node: []\n"
    )
    assert problems == {
        "nodes[0].calender_id": "calendar_id",
        "nodes[0].type": "STORE",
        "nodes[0].order_cost": "1.8 USD",
        "nodes[0].processing_minutes": "",
        "nodes[0].disabled": "",
        "nodes[0].cutoffs": "[{}]",
        "nodes[1]": "",
        "node": "nodes",
    }


@pytest.mark.parametrize("text", ["", "- 1", "7", "nodes: 7", "nodes: [[]]"])
def test_what_is_no_network_is_a_problem_and_no_crash(text):
    assert read(text)[1]


@pytest.mark.parametrize("text", ["{", "a: b: c", "\t- x", "&a [*a", "!!python/object:os.system {}"])
def test_what_is_no_yaml_is_unreadable(text):
    with pytest.raises(plain_yaml.Unreadable):
        plain_yaml.load(text)


@pytest.mark.parametrize(
    ("written", "units", "nanos", "short"),
    [("1.80 USD", 1, 800_000_000, "1.80 USD"), ("5 JPY", 5, 0, "5 JPY"), ("0.005 KWD", 0, 5_000_000, "0.005 KWD")],
)
def test_money_is_exact_both_ways(written, units, nanos, short):
    node, problems = documents.read({"order_cost": written}, Node())
    assert problems == []
    assert (node.order_cost.units, node.order_cost.nanos) == (units, nanos)
    assert documents.write(node) == {"order_cost": short}


def test_the_long_way_to_write_is_read_too():
    node, problems = documents.read({"type": "TYPE_DC", "order_cost": {"currency_code": "USD", "units": 1}}, Node())
    assert problems == []
    assert documents.write(node) == {"type": "DC", "order_cost": "1.00 USD"}


def test_the_demonstration_network_is_written_as_it_is_read(tmp_path: Path):
    network, problems = networks.read_network(DEMO)
    assert problems == []
    copy = tmp_path / "copy.yaml"
    copy.write_text(networks.network_yaml(network), encoding="utf-8")
    assert networks.read_network(copy) == (network, [])
    table = tmp_path / "nodes.csv"
    table.write_text(networks.nodes_csv(network), encoding="utf-8")
    assert networks.read_network(table) == (Network(nodes=network.nodes), [])


def test_a_table_with_a_wrong_column_or_row_says_where():
    rows, problems = csv_table.read("node_id,tpye\na,DC\n", Node.DESCRIPTOR)
    assert (rows, [(one.place, one.suggestion) for one in problems]) == ([], [("row 1", "type")])
    _, problems = csv_table.read("node_id,type\na,DC,7\n", Node.DESCRIPTOR)
    assert [one.place for one in problems] == ["row 2"]
    rows, problems = csv_table.read(
        "\ufeffnode_id,cutoffs\n\nlocker,sandbox/ground 17:00; sandbox never\n", Node.DESCRIPTOR
    )
    assert problems == []
    assert rows[0]["cutoffs"] == [
        {"carrier_code": "sandbox", "service_code": "ground", "time": "17:00"},
        {"carrier_code": "sandbox", "never": True},
    ]
