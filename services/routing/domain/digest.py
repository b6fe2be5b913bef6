"""A digest of everything a decision was made from: equal digests, equal inputs."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from services.kernel.money import Money
from services.routing.domain.inputs import Inputs


def inputs_digest(inputs: Inputs) -> str:
    """Return SHA-256, in hex, over demand, network, stock, rules and loads as canonical JSON. The hour is not in it."""
    demand = asdict(inputs.demand)
    loads = inputs.loads
    demand["exclusions"] = sorted((one.node_id, one.sku) for one in inputs.demand.exclusions)
    document = {
        "demand": demand,
        "network": inputs.network.digest,
        "stock": inputs.stock,
        "rules": inputs.rules.version,
        "products": {sku: asdict(product) for sku, product in inputs.products.items()},
        "required": sorted(inputs.required),
        "loads": [_sorted(one) for one in (loads.hours, loads.days, loads.parcels, loads.daily_demand)],
        "on_time": _sorted(inputs.on_time),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _sorted(values: Mapping[Any, Any]) -> list[Any]:
    """Return a mapping, and those in it, as pairs: its keys need not be words."""
    return sorted(
        ([str(key), _sorted(value) if isinstance(value, Mapping) else value] for key, value in values.items()),
        key=itemgetter(0),
    )


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Money):
        return str(value)
    raise TypeError(f"cannot digest {type(value).__name__}")
