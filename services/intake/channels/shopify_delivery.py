"""How a Shopify order is delivered: what shipping costs, how fast, or where the customer picks it up."""

from services.intake.channels.json_document import Node
from services.intake.channels.service_words import service_level
from services.intake.channels.shop_pickup import means_pickup, pickup_place
from services.intake.channels.shopify_parts import allocated, tax_amount
from services.intake.domain.draft import HoldSpec, HoldType, ServiceLevel

_CATEGORIES = {"pickup", "pick-up", "pick_up", "local_pickup", "local pickup", "store_pickup", "store pickup"}


def shipping_methods(order: Node) -> list[Node]:
    """Return the shipping lines that still count: one that was taken off by an edit does not."""
    return [method for method in order["shipping_lines"].items() if not method["is_removed"].flag(default=False)]


def level_of(order: Node) -> ServiceLevel:
    """Return the fastest that a shipping line promises."""
    return service_level(*(m[name].text() for m in shipping_methods(order) for name in ("title", "code")))


def shipping_of(order: Node, currency_code: str) -> tuple[int, int]:
    """Return what shipping costs without tax, and the tax on it."""
    charged = tax = 0
    for method in shipping_methods(order):
        price = method.first("price", "original_price").minor(currency_code)
        off = sum(allocated(a, currency_code) for a in method["discount_allocations"].items())
        discounted = method["discounted_price"]
        charged += max(price - off, 0) if discounted.missing or off else discounted.minor(currency_code)
        tax += sum(tax_amount(line, currency_code) for line in method["tax_lines"].items())
    if order["taxes_included"].flag(default=False):
        charged = max(charged - tax, 0)
    return charged, tax


def pickup_location(order: Node) -> str:
    """Return where the customer picks everything up; empty where any of it is delivered."""
    methods = shipping_methods(order)
    if not methods or not all(_is_pickup(method) for method in methods):
        return ""
    return pickup_place(methods[0]["title"].text(200), methods[0]["code"].text(200))


def mixed_holds(order: Node) -> tuple[HoldSpec, ...]:
    """Return the hold of an order that is partly picked up: its shipping lines do not say which lines are."""
    methods = shipping_methods(order)
    picked = sum(1 for method in methods if _is_pickup(method))
    if not picked or picked == len(methods):
        return ()
    note = (
        "Part of the order is picked up and part delivered, and Shopify does not say which: divide it before shipping."
    )
    return (HoldSpec(handle="pickup", type=HoldType.OTHER, note=note),)


def _is_pickup(method: Node) -> bool:
    if method["delivery_category"].text(50).lower() in _CATEGORIES:
        return True
    return means_pickup(method["title"].text(200), method["code"].text(200))
