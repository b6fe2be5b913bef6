"""The parts that a Shopify order's amounts are made of: each tax, each discount, and what the customer wrote."""

from collections.abc import Callable
from dataclasses import replace

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import Refusal
from services.intake.domain.details import DiscountPart, TaxPart
from services.kernel.money import Money, allocate

Share = Callable[[int], int]
_MOST, _RATE = 50, 30


def taxes_of(node: Node, currency_code: str) -> tuple[TaxPart, ...]:
    """Return the taxes of a line or of a shipping line."""
    return tuple(
        TaxPart(
            title=tax["title"].text(200),
            amount=Money(tax_amount(tax, currency_code), currency_code),
            rate=_rate(tax),
            collected_by_channel=tax["channel_liable"].flag(default=False),
        )
        for tax in list(node["tax_lines"].items())[:_MOST]
    )


def spread_taxes(
    order: Node, items: list[Node], weights: list[int], currency_code: str
) -> dict[str, tuple[TaxPart, ...]]:
    """Return taxes that only the order tells, which old documents do, as each line's part of them, by its path."""
    told = (*items, *order["shipping_lines"].items())
    if not sum(weights) or any(tax_amount(tax, currency_code) for node in told for tax in node["tax_lines"].items()):
        return {}
    taxes = taxes_of(order, currency_code)
    if not taxes:
        taxes = (TaxPart(title="", amount=Money(order["total_tax"].minor(currency_code), currency_code)),)
    by_tax = [allocate(tax.amount.minor, weights) for tax in taxes]
    return {
        item.path: tuple(
            replace(tax, amount=Money(parts[position], currency_code))
            for tax, parts in zip(taxes, by_tax, strict=True)
            if parts[position]
        )
        for position, item in enumerate(items)
    }


def tax_amount(tax: Node, currency_code: str) -> int:
    """Return what one tax comes to, in the shop's money."""
    price = tax["price"]
    return (tax["price_set"]["shop_money"]["amount"] if price.missing else price).minor(currency_code)


def allocated(allocation: Node, currency_code: str) -> int:
    """Return what one discount takes off a line."""
    amount = allocation["amount"]
    return (allocation["amount_set"]["shop_money"]["amount"] if amount.missing else amount).minor(currency_code)


def line_discounts(item: Node, order: Node, currency_code: str, share: Share) -> tuple[DiscountPart, ...]:
    """Return the discounts of a line, each with the code or the title of what gave it."""
    applications = _applications(order)
    parts = []
    for allocation in list(item["discount_allocations"].items())[:_MOST]:
        given = _application(allocation, applications)
        amount = Money(share(allocated(allocation, currency_code)), currency_code)
        parts.append(DiscountPart(amount=amount, code=_code(given), title=given["title"].text(500)))
    return tuple(part for part in parts if part.amount.minor)


def order_discounts(order: Node, currency_code: str) -> tuple[DiscountPart, ...]:
    """Return the discounts on the order as a whole: what each takes off all lines and shipping together."""
    applications = _applications(order)
    sums: dict[int, int] = {}
    for node in (*order["line_items"].items(), *order["shipping_lines"].items()):
        for allocation in node["discount_allocations"].items():
            if (index := _index(allocation)) is not None:
                sums[index] = sums.get(index, 0) + allocated(allocation, currency_code)
    wide = {i for i, given in applications.items() if given["allocation_method"].text().lower() == "across"}
    parts = [
        DiscountPart(
            amount=Money(sums[index], currency_code),
            code=_code(applications[index]),
            title=applications[index]["title"].text(500),
        )
        for index in sorted(wide & sums.keys())
    ]
    told = {_code(given) for given in applications.values()}
    for code in order["discount_codes"].items():
        name = (code["code"] if isinstance(code.value, dict) else code).text(200)
        if name and name not in told:
            parts.append(DiscountPart(amount=Money(_of_code(code, order, currency_code), currency_code), code=name))
    return tuple(parts[:_MOST])


def properties_of(item: Node) -> tuple[tuple[str, str], ...]:
    """Return what the customer chose or wrote; names that begin with an underscore are an app's own notes."""
    node = item["properties"]
    if isinstance(node.value, dict) and "nodes" not in node:
        pairs = [(name, node[name].text(2000)) for name in node.value]
    elif isinstance(node.value, list):
        pairs = [(entry.first("name", "key").text(200), entry["value"].text(2000)) for entry in node.items()]
    else:
        pairs = []
    return tuple((name[:200], value) for name, value in pairs if name and value and not name.startswith("_"))[:100]


def _applications(order: Node) -> dict[int, Node]:
    found = {}
    for position, given in enumerate(order["discount_applications"].items()):
        index = given["index"].text(10)
        found[int(index) if index.isdecimal() else position] = given
    return found


def _index(allocation: Node) -> int | None:
    text = allocation["discount_application_index"].text(10)
    return int(text) if text.isdecimal() else None


def _application(allocation: Node, applications: dict[int, Node]) -> Node:
    index = _index(allocation)
    if index is not None and index in applications:
        return applications[index]
    return allocation["discount_application"]


def _code(application: Node) -> str:
    return application["code"].text(200)


def _of_code(code: Node, order: Node, currency_code: str) -> int:
    if isinstance(code.value, dict):
        return code["amount"].minor(currency_code)
    # GraphQL tells codes without amounts: of a single one it is all that was taken off.
    alone = sum(1 for _ in order["discount_codes"].items()) == 1
    return order["total_discounts"].minor(currency_code) if alone else 0


def _rate(tax: Node) -> str:
    try:
        rate = tax["rate"].decimal()
    except Refusal:
        # The amount is what counts.
        return ""
    text = "" if rate is None else format(rate.normalize(), "f")
    return text if len(text) <= _RATE else ""
