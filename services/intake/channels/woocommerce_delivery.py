"""How a WooCommerce order is delivered: how fast, or where the customer picks it up."""

from services.intake.channels.json_document import Node
from services.intake.channels.service_words import service_level
from services.intake.channels.shop_pickup import means_pickup, pickup_place
from services.intake.channels.woocommerce_meta import meta_text
from services.intake.domain.draft import HoldSpec, HoldType, ServiceLevel

_METHODS = ("local_pickup", "pickup_location", "local-pickup")
_PLACES = ("pickup_location", "_pickup_location_name", "_pickup_location", "pickup_location_name")


def level_of(order: Node) -> ServiceLevel:
    """Return the fastest that a shipping line promises."""
    return service_level(*(m.first("method_title", "method_id").text() for m in order["shipping_lines"].items()))


def pickup_location(order: Node) -> str:
    """Return where the customer picks everything up; empty where any of it is delivered."""
    methods = list(order["shipping_lines"].items())
    if not methods or not all(_is_pickup(method) for method in methods):
        return ""
    return meta_text(methods[0], *_PLACES) or pickup_place(methods[0]["method_title"].text(200), "pickup")


def mixed_holds(order: Node) -> tuple[HoldSpec, ...]:
    """Return the hold of an order that is partly picked up: its shipping lines do not say which lines are."""
    methods = list(order["shipping_lines"].items())
    picked = sum(1 for method in methods if _is_pickup(method))
    if not picked or picked == len(methods):
        return ()
    note = "Part of the order is picked up and part delivered, and nothing says which: divide it before shipping."
    return (HoldSpec(handle="pickup", type=HoldType.OTHER, note=note),)


def _is_pickup(method: Node) -> bool:
    words = method["method_id"].text(100).lower()
    return words.startswith(_METHODS) or means_pickup(method["method_title"].text(200))
