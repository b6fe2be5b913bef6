"""What is wrong with a network, all of it, each with its place and what to write instead; and what it would change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from oms.routing.v1 import network_pb2, node_pb2
from oms.routing.v1.network_pb2 import Problem
from oms.routing.v1.routing_service_pb2 import ImportNetworkResponse
from services.chassis.errors import InvalidFields
from services.routing.importing_calendars import calendar_problems
from services.routing.importing_carriers import carrier_service_problems
from services.routing.importing_nodes import Known, node_problems
from services.routing.problem import problem, within
from services.routing.wire_network import canonical_calendar, canonical_service
from services.routing.wire_node import from_node, to_node

Change = ImportNetworkResponse.Change


class InvalidNetwork(InvalidFields):
    """The network has problems; each is a violation with its place."""

    reason = "INVALID_NETWORK"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__([(one.place, sentence(one)) for one in problems])
        self.metadata = {**self.metadata, "problems": str(len(problems))}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of each entry, in the order of the document; and the entries that are new or different."""

    changes: list[Change]
    changed: network_pb2.Network


def sentence(one: Problem) -> str:
    """Return what is wrong and what to do, as people say it."""
    return f"{one.message}; try {one.suggestion}" if one.suggestion else one.message


def problems(document: network_pb2.Network, stored: network_pb2.Network) -> list[Problem]:
    """Return everything that is wrong with a document that comes into the network that is stored.

    The document keeps the rules of its fields already; this is about what its entries say of each other and the world.
    """
    known = Known(document, stored)
    found: list[Problem] = []
    for number, calendar in enumerate(document.calendars):
        found += within(f"calendars[{number}]", calendar_problems(calendar))
    found += _repeated("calendars", "calendar_id", [one.calendar_id for one in document.calendars])
    for number, node in enumerate(document.nodes):
        found += within(f"nodes[{number}]", node_problems(node, known))
    found += _repeated("nodes", "node_id", [one.node_id for one in document.nodes])
    for number, service in enumerate(document.carrier_services):
        found += within(f"carrier_services[{number}]", carrier_service_problems(service))
    keys = [f"{one.carrier_code}/{one.service_code}" for one in document.carrier_services]
    found += _repeated("carrier_services", "service_code", keys)
    return found


def outcome(document: network_pb2.Network, stored: network_pb2.Network) -> Outcome:
    """Return what becomes of each entry of a document without problems."""
    result = Outcome([], network_pb2.Network())
    calendars = {one.calendar_id: one for one in stored.calendars}
    for calendar in map(canonical_calendar, document.calendars):
        if _told(result, f"calendar {calendar.calendar_id}", calendar, calendars.get(calendar.calendar_id)):
            result.changed.calendars.append(calendar)
    nodes = {node.node_id: _bare(node) for node in stored.nodes}
    for node in map(_bare, document.nodes):
        if _told(result, f"node {node.node_id}", node, nodes.get(node.node_id)):
            result.changed.nodes.append(node)
    services = {(one.carrier_code, one.service_code): one for one in stored.carrier_services}
    for service in map(canonical_service, document.carrier_services):
        key = (service.carrier_code, service.service_code)
        if _told(result, f"carrier service {'/'.join(key)}", service, services.get(key)):
            result.changed.carrier_services.append(service)
    return result


def _told(result: Outcome, entry: str, sent: Message, present: Message | None) -> bool:
    """Say what becomes of an entry; tell whether it must be written."""
    word = "added" if present is None else "unchanged" if sent == present else "replaced"
    result.changes.append(Change(entry=entry, outcome=word))
    return word != "unchanged"


def _bare(node: node_pb2.Node) -> node_pb2.Node:
    """Return a node as it is stored, without what the service adds."""
    bare = from_node(to_node(node))
    bare.ClearField("update_time")
    bare.ClearField("etag")
    return bare


def _repeated(field: str, key: str, ids: Sequence[str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, one in enumerate(ids):
        if one in first:
            message = f"{one!r} is in the document already, as {field}[{first[one]}]"
            yield problem(f"{field}[{number}].{key}", message, "leave one of them out, or give it another id")
        first.setdefault(one, number)
