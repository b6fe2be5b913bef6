"""The words of rules: what every expression may speak of, of what type, and where.

The table says what protos/oms/routing/v1/facts.proto says, word for word, so that a running service can show it.
"""

from dataclasses import dataclass

from services.routing.domain.rules import Per

_TABLE = """
order.channel string The channel that it came from.
order.program string The brand, channel or marketplace programme.
order.priority int More is more urgent; 0 is ordinary.
order.customer.tier string Such as "gold"; empty where nobody said.
order.customer.has_sla bool A contract says when it must be there.
order.destination.country_code string ISO 3166-1 alpha-2 country.
order.destination.administrative_area string State, province or county.
order.destination.postal_area string What the postal code begins with: US 3 digits, GB the area, elsewhere 2 characters.
order.destination.eu bool It is in the customs territory of the EU.
order.service_level string How fast: "STANDARD", "EXPEDITED" or "NEXT_DAY".
order.lines list(line) What is in it.
order.units int Units in all.
order.goods_value double What the goods are worth, where prices are known.
order.weight_kg double Kilograms in all.
order.days_until_due double Days until it is due, where it is: a promise or a contractual date.
order.has_due_time bool It is due at some time.
order.ship_complete bool Everything or nothing.
order.pickup bool The customer collects it.
order.short_units int Units that nobody can ship now, at whatever cost.
line.sku string The SKU.
line.units int Units.
line.required_capabilities list(string) What node and carrier must be able to: "hazmat", "cold", "gift-wrap".
line.unit_price double What a unit is worth.
line.unit_weight_kg double Kilograms of a unit.
node.node_id string Its id.
node.type string "DC", "STORE", "THIRD_PARTY", "DROP_SHIP" or "PICKUP_POINT".
node.country_code string ISO 3166-1 alpha-2 country.
node.administrative_area string State, province or county.
node.capabilities list(string) What it can do.
node.programs list(string) Programmes that it ships for; all where empty.
node.distance_km double How far it is to the destination; 1e9 where nobody knows.
node.same_country bool It is in the destination's country.
node.order_cost double What work on an order costs.
node.line_cost double What work on a line costs.
node.processing_minutes int Minutes of work from release to hand-over.
node.load double Orders of today over its daily capacity; 0 where it has no limit.
node.share_in_stock double Which share of the order's units it could ship.
node.pickup_here bool The customer collects here.
service.carrier_code string The carrier.
service.service_code string The service.
service.service_level string How fast it is sold.
service.zone string The tariff's zone.
service.parcel_price double What a parcel costs, with surcharges.
service.kilogram_price double What a kilogram costs.
service.transit_days int Delivery days on the way.
service.load double Parcels of today over its daily capacity at this node; 0 where it has no limit.
service.on_time_rate double Which share is on time, as far as is known.
service.landed_cost double Duty, tax and clearance of all goods, if this node ships them all.
promise.days_until_dispatch double Days from now until the carrier has it.
promise.days_until_delivery double Days from now until it is there.
promise.days_late double Days beyond the due time; 0 where it is in time, or never due.
stock.available int Units that can be had.
stock.wanted int Units of the order.
stock.left int What would be left.
stock.daily_demand double Units a day that it has shipped lately.
stock.days_of_cover double For how many days what there is will last; 1e9 where nothing is asked for.
stock.nodes int Nodes that have any of it.
plan.shipments int Shipments.
plan.units int Units that it ships.
plan.left_units int Units that it leaves, though somebody could ship them.
plan.cost double What it costs, all together.
plan.shipping_cost double What its shipping costs.
plan.days_until_delivery double Days from now until the last of it is there.
plan.days_late double Days beyond the due time of the latest shipment.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something that an expression may speak of: "node.load", a "double"."""

    path: str
    type: str
    meaning: str

    @property
    def subject(self) -> str:
        """What it is told of: "node" of "node.load"."""
        return self.path.partition(".")[0]


def _read(line: str) -> Word:
    path, type_name, meaning = line.split(None, 2)
    return Word(path=path, type=type_name, meaning=meaning)


WORDS = {word.path: word for word in map(_read, _TABLE.strip().splitlines())}
SUBJECTS = tuple(dict.fromkeys(word.subject for word in WORDS.values()))
# The fields of an entry of `order.lines`, which loops give a name of their own.
LINE_FIELDS = tuple(path.removeprefix("line.") for path in WORDS if path.startswith("line."))

# Which subjects are known where an expression stands.
OF_AN_ORDER = frozenset({"order"})
OF_A_NODE = frozenset({"order", "node"})
OF_A_SERVICE = frozenset({"order", "node", "service", "promise"})
OF_STOCK = frozenset({"order", "node", "stock"})
OF_A_PLAN = frozenset({"order", "plan"})
OF_A_SCORE = {
    Per.SHIPMENT: OF_A_SERVICE,
    Per.LINE: frozenset({"order", "node", "stock", "line"}),
    Per.UNIT: frozenset({"order", "node", "stock", "line"}),
}


def known(subjects: frozenset[str]) -> list[Word]:
    """Return the words that can be used where these subjects are known."""
    return [word for word in WORDS.values() if word.subject in subjects]
