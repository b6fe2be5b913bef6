"""The destinations of a Magento order: one, or one for each shipping assignment that has something to ship."""

from dataclasses import dataclass, replace

from services.intake.channels.json_document import Node
from services.intake.channels.magento_items import Row, item_ids, rows
from services.intake.channels.magento_lines import charges, is_stock
from services.intake.channels.refusal import NOT_SHIPPABLE, Refusal
from services.intake.domain.details import Charge
from services.kernel.money import share


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of the order goes to one destination."""

    shipping: Node
    rows: list[Row]
    charges: tuple[Charge, ...]
    cost: int
    tax: int
    # "/1", "/2" … where the order goes to several destinations.
    suffix: str = ""

    @property
    def is_first(self) -> bool:
        """Tell whether what belongs to no destination (gift cards, charges) is told with this one."""
        return self.suffix in {"", "/1"}

    @property
    def sum(self) -> int:
        """What it costs by its own amounts."""
        beside = sum(charge.amount.minor + (charge.tax.minor if charge.tax else 0) for charge in self.charges)
        return sum(row.cost.paid + row.cost.tax for row in self.rows) + beside + self.cost + self.tax

    @property
    def gone(self) -> int:
        """What of that the units cost that are not left to ship."""
        return sum(share(row.cost.paid + row.cost.tax, 0, row.ordered - row.left, row.ordered) for row in self.rows)


def parts(order: Node, currency_code: str) -> list[Part]:
    """Return the destinations that goods go to, in the order in which they stand.

    Raises:
        Refusal: NOT_SHIPPABLE, NO_LINES, or what is wrong with an item.
    """
    assignments = [a for a in order["extension_attributes"]["shipping_assignments"].items() if not a["items"].missing]
    inside = order["items"].missing and bool(assignments)
    listed = assignments[0]["items"] if inside else order["items"]
    places = assignments if inside else []
    bought = [row for place in places or [order] for row in rows(place["items"], currency_code)]
    stock = [row for row in bought if is_stock(row)]
    if not stock:
        raise Refusal(NOT_SHIPPABLE, listed.path, "No item of the order needs shipping.")
    beside = charges(bought, currency_code, order)
    whole = _shipping(order, currency_code)
    if len(assignments) <= 1:
        place = assignments[0]["shipping"]["address"] if assignments else order["shipping_address"]
        place = order["shipping_address"] if place.missing else place
        if order["shipping_amount"].missing and assignments:
            whole = _shipping(assignments[0]["shipping"]["total"], currency_code)
        return [Part(shipping=place, rows=stock, charges=beside, cost=whole[0], tax=whole[1])]
    return _divided(assignments, stock, beside, currency_code)


def _divided(assignments: list[Node], stock: list[Row], beside: tuple[Charge, ...], currency_code: str) -> list[Part]:
    ids = [item_ids(assignment["items"]) for assignment in assignments]
    places: list[list[Row]] = [[] for _ in assignments]
    for row in stock:
        row_id = row.item["item_id"].identifier(100)
        places[next((i for i, known in enumerate(ids) if row_id in known), 0)].append(row)
    found: list[Part] = []
    for assignment, mine in zip(assignments, places, strict=True):
        if mine:
            cost, tax = _shipping(assignment["shipping"]["total"], currency_code)
            address = assignment["shipping"]["address"]
            found.append(Part(shipping=address, rows=mine, charges=() if found else beside, cost=cost, tax=tax))
    if len(found) == 1:
        return found
    return [replace(part, suffix=f"/{number}") for number, part in enumerate(found, start=1)]


def _shipping(totals: Node, currency_code: str) -> tuple[int, int]:
    """Return what shipping costs without tax and less its discount, and the tax on it."""
    gross = totals["shipping_amount"].minor(currency_code)
    off = totals["shipping_discount_amount"].minor(currency_code)
    inside = totals["shipping_discount_tax_compensation_amount"].minor(currency_code)
    return max(gross - max(off - inside, 0), 0), totals["shipping_tax_amount"].minor(currency_code)
