"""Which units of a piece of work are stopped, missing or left: no input or output."""

from collections.abc import Mapping

from deploy.local.sandbox.journal import Body
from oms.fulfillment.v1.node_event_pb2 import NodeEventLine


def stop(work: Body, line_id: str, quantity: int) -> dict[str, int]:
    """Stop units of a line as far as the work's state allows it, and return what became of them."""
    left = work["remaining"].get(line_id, 0)
    match work["state"]:
        case "accepted" | "picked":
            stopped = min(quantity, left)
            work["remaining"] = without(work["remaining"], {line_id: stopped})
            # The others were not found: that is being reported, so they will not ship either.
            return {"cancelled": stopped, "intercepting": quantity - stopped}
        case "packing" | "packed":
            caught = min(quantity, left - work["intercept"].get(line_id, 0))
            if caught:
                work["intercept"][line_id] = work["intercept"].get(line_id, 0) + caught
            return {"intercepting": caught, "too_late": quantity - caught}
        case "rejected" | "short":
            return {"intercepting": quantity}
        case "cancelled":
            return {"cancelled": quantity}
    return {"too_late": quantity}


def short(work: Body, scenario: Body) -> dict[str, int]:
    """Return the units that are not found: of the scenario's SKU, or of the first line."""
    sku = scenario.get("sku")
    line_id = next((line for line in work["remaining"] if sku in (None, work["skus"][line])), None)
    if line_id is None:
        return {}
    return {line_id: min(int(scenario.get("quantity", 1)), work["remaining"][line_id])}


def without(units: Mapping[str, int], fewer: Mapping[str, int]) -> dict[str, int]:
    """Return the units that are left; lines of which nothing is left are left out."""
    rest = {line_id: quantity - fewer.get(line_id, 0) for line_id, quantity in units.items()}
    return {line_id: quantity for line_id, quantity in rest.items() if quantity}


def lines(units: Mapping[str, int]) -> list[NodeEventLine]:
    """Return them for the wire."""
    return [NodeEventLine(line_id=line_id, quantity=quantity) for line_id, quantity in units.items()]
