"""What a Shopify order says beyond what is shipped and paid."""

from datetime import datetime

from services.intake.channels.json_document import Node
from services.intake.channels.shopify_delivery import pickup_location, shipping_methods
from services.intake.channels.shopify_parts import order_discounts, taxes_of
from services.intake.channels.shopify_payment import payment_terms
from services.intake.domain.details import Charge, Details, Tender

_GONE = {"closed", "cancelled", "incomplete"}
_TIER = "tier:"


def details_of(order: Node, currency_code: str, charges: tuple[Charge, ...], tenders: tuple[Tender, ...]) -> Details:
    """Return the details of the order."""
    return Details(
        program="b2b" if not order["company"].missing else "",
        customer_tier=_tier(order["customer"]),
        locale=order["customer_locale"].text(35),
        earliest_time=_scheduled(order),
        pickup_location=pickup_location(order),
        location_code=_company_location(order),
        payment_terms=payment_terms(order),
        charges=charges,
        shipping_taxes=tuple(tax for m in shipping_methods(order) for tax in taxes_of(m, currency_code))[:50],
        discounts=order_discounts(order, currency_code),
        tenders=tenders,
        tags=_tags(order),
    )


def _scheduled(order: Node) -> datetime | None:
    """Return before when nothing is to be shipped: pre-orders and subscriptions are scheduled."""
    open_ones = [one for one in order["fulfillment_orders"].items() if one["status"].text(50).lower() not in _GONE]
    if not open_ones or any(one["status"].text(50).lower() != "scheduled" for one in open_ones):
        return None
    return min((time for one in open_ones if (time := one["fulfill_at"].time())), default=None)


def _tags(node: Node) -> tuple[str, ...]:
    """Return the tags: a list in GraphQL, words between commas in REST."""
    tags = node["tags"]
    words = [tag.text(200) for tag in tags.items()] if isinstance(tags.value, list) else tags.text(20_000).split(",")
    return tuple(dict.fromkeys(clean for word in words if (clean := word.strip()[:200])))[:100]


def _tier(customer: Node) -> str:
    """Return the tier that a tag of the customer names, as "tier:gold" does, or the tag "VIP"."""
    tags = {tag.lower(): tag for tag in _tags(customer)}
    named = next((tag[len(_TIER) :].strip() for lower, tag in tags.items() if lower.startswith(_TIER)), "")
    return named[:100] or tags.get("vip", "")


def _company_location(order: Node) -> str:
    company = order["company"]
    return order["company_location"]["id"].identifier(100) or company["location_id"].identifier(100)
