"""The words of rules, as values: what a condition or a score may look at (protos/oms/routing/v1/facts.proto).

Amounts are in units of the rule set's currency, durations in days, distances in kilometres, weights in kilograms.
"""

from dataclasses import dataclass, field

# What stands for "nobody knows" and "for ever" where rules compare numbers.
FAR = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    tier: str = ""
    has_sla: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFacts:
    country_code: str
    administrative_area: str = ""
    postal_area: str = ""
    eu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    sku: str
    units: int
    required_capabilities: tuple[str, ...] = ()
    unit_price: float = 0.0
    unit_weight_kg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    channel: str = ""
    program: str = ""
    priority: int = 0
    customer: CustomerFacts = field(default_factory=CustomerFacts)
    destination: DestinationFacts
    service_level: str = "STANDARD"
    lines: tuple[LineFacts, ...] = ()
    units: int = 0
    goods_value: float = 0.0
    weight_kg: float = 0.0
    days_until_due: float = FAR
    has_due_time: bool = False
    ship_complete: bool = False
    pickup: bool = False
    short_units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    node_id: str
    type: str
    country_code: str
    administrative_area: str
    capabilities: tuple[str, ...]
    programs: tuple[str, ...]
    distance_km: float
    same_country: bool
    order_cost: float
    line_cost: float
    processing_minutes: int
    load: float
    share_in_stock: float
    pickup_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    carrier_code: str
    service_code: str
    service_level: str
    zone: str
    parcel_price: float
    kilogram_price: float
    transit_days: int
    load: float
    on_time_rate: float
    landed_cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFacts:
    days_until_dispatch: float
    days_until_delivery: float
    days_late: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFacts:
    available: int
    wanted: int
    left: int
    daily_demand: float
    days_of_cover: float
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    shipments: int
    units: int
    left_units: int
    cost: float
    shipping_cost: float
    days_until_delivery: float
    days_late: float
