"""What can be wrong with a node."""

from collections.abc import Iterator

from oms.routing.v1 import network_pb2, node_pb2
from oms.routing.v1.network_pb2 import Problem
from services.kernel.errors import InvalidArgument
from services.routing.domain import builtin_carriers, rates
from services.routing.domain.node import COST_LIMIT, time_zones
from services.routing.importing_words import capability_problems, country_problems
from services.routing.problem import nearest, problem
from services.routing.wire_value import DEFAULT_CURRENCY, to_money


class Known:
    """What nodes may name: what is in the document, and what is stored."""

    def __init__(self, document: network_pb2.Network, stored: network_pb2.Network) -> None:
        both = (document, stored)
        self.calendar_ids = {calendar.calendar_id for network in both for calendar in network.calendars}
        services = [(one.carrier_code, one.service_code) for network in both for one in network.carrier_services]
        self.services = set(services or ((one.carrier_code, one.service_code) for one in builtin_carriers.SERVICES))
        self.etags = {node.node_id: node.etag for node in stored.nodes}


def node_problems(node: node_pb2.Node, known: Known) -> Iterator[Problem]:
    """Yield everything that is wrong with a node."""
    if node.time_zone not in time_zones():
        meant = nearest(node.time_zone, time_zones())
        yield problem("time_zone", f"{node.time_zone!r} is no IANA time zone", meant)
    if node.calendar_id and node.calendar_id not in known.calendar_ids:
        message = f"there is no calendar {node.calendar_id!r}, in this document or stored"
        yield problem("calendar_id", message, nearest(node.calendar_id, known.calendar_ids))
    yield from country_problems("country_code", node.country_code)
    for number, country in enumerate(node.serves_country_codes):
        yield from country_problems(f"serves_country_codes[{number}]", country)
    yield from _costs(node)
    yield from capability_problems(node.capabilities)
    if node.type == node_pb2.Node.TYPE_PICKUP_POINT and "pickup" not in node.capabilities:
        yield problem("capabilities", 'customers collect at a pickup point: it lacks the capability "pickup"', "pickup")
    yield from _cutoffs(node, known.services)
    etag = known.etags.get(node.node_id)
    if node.etag and node.etag != etag:
        message = f"{node.node_id} has changed since it was read: its etag is {etag or 'none'}, not {node.etag}"
        yield problem("etag", message, "export the network again, or leave the etag out")


def _costs(node: node_pb2.Node) -> Iterator[Problem]:
    named = [cost.currency_code for cost in (node.order_cost, node.line_cost) if cost.currency_code]
    currency = named[0] if named else DEFAULT_CURRENCY
    if len(set(named)) > 1:
        yield problem("line_cost", f"is in {named[1]}, where the order_cost is in {named[0]}", named[0])
    if not rates.known(currency):
        meant = nearest(currency, rates.CURRENCIES.split(", "), 0.5)
        yield problem("order_cost", f"costs in {currency!r} cannot be compared with others", meant)
    for field in ("order_cost", "line_cost"):
        try:
            cost = to_money(getattr(node, field), currency)
        except InvalidArgument as error:
            yield problem(field, error.message)
            continue
        if not 0 <= cost.minor <= COST_LIMIT:
            yield problem(field, f"{cost} is no cost: it is negative or beyond {COST_LIMIT // 100:,}")


def _cutoffs(node: node_pb2.Node, services: set[tuple[str, str]]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for number, cutoff in enumerate(node.cutoffs):
        place, key = f"cutoffs[{number}]", (cutoff.carrier_code, cutoff.service_code)
        carriers = {carrier for carrier, _ in services}
        of_carrier = {service for carrier, service in services if carrier == cutoff.carrier_code}
        if not of_carrier:
            message = f"there is no carrier {cutoff.carrier_code!r}, in this document or stored"
            yield problem(f"{place}.carrier_code", message, nearest(cutoff.carrier_code, carriers))
        elif cutoff.service_code and cutoff.service_code not in of_carrier:
            message = f"{cutoff.carrier_code} has no service {cutoff.service_code!r}, in this document or stored"
            meant = nearest(cutoff.service_code, of_carrier) or f"one of {', '.join(sorted(of_carrier))}"
            yield problem(f"{place}.service_code", message, meant)
        if bool(cutoff.time) == cutoff.never:
            message = "has a time and says never" if cutoff.never else "has no time"
            yield problem(f"{place}.time", message, 'time: "17:00", or never: true')
        if key in seen:
            yield problem(place, f"there is a cut-off for {'/'.join(filter(None, key))} already", "leave one out")
        seen.add(key)
