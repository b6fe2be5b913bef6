"""A digest of everything a decision was made from: equal digests, equal inputs."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime

from services.routing.domain.plan import Inputs


def inputs_digest(inputs: Inputs) -> str:
    """Return SHA-256, in hex, over demand, nodes, stock and rules as canonical JSON. The hour is not part of it."""
    demand = asdict(inputs.demand)
    demand["exclusions"] = sorted((one.node_id, one.sku) for one in inputs.demand.exclusions)
    document = {
        "demand": demand,
        "nodes": [asdict(node) for node in sorted(inputs.nodes, key=lambda node: node.node_id)],
        "stock": inputs.stock,
        "rules": asdict(inputs.rules),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot digest {type(value).__name__}")
