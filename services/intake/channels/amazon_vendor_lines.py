"""The lines of what Amazon orders as a retailer: net costs per unit, cases of so many units, taxes on top."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from services.intake.channels import amounts
from services.intake.channels.json_document import Node
from services.intake.channels.market_money import LineMoney, Purse, currency, priced, tax_parts, unpriced
from services.intake.channels.market_orders import line_holds, properties
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NO_LINES, NOT_OPEN, Refusal
from services.intake.domain.details import LineDetails
from services.intake.domain.draft import DraftLine, HoldSpec, HoldType

_CASES = {"CASES", "CASE", "CA", "CS"}
_BY_COUNT = {"", "EACH", "EACHES", "EA"} | _CASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The lines and what they come to."""

    currency_code: str
    lines: tuple[DraftLine, ...]
    holds: tuple[HoldSpec, ...]
    back_orders: bool

    @property
    def total(self) -> int:
        """What Amazon owes for all of it, in minor units."""
        return sum(line.total.minor for line in self.lines)


def purchase_lines(details: Node) -> Sums:
    """Return the lines of a purchase order, in units: five cases of ten are fifty.

    Raises:
        Refusal: NO_LINES, NOT_OPEN (no units are wanted), or what is wrong with a line.
    """
    return _sums(details["items"], "netCost", _purchase_units)


def direct_lines(details: Node) -> Sums:
    """Return the lines of a direct fulfillment order.

    Raises:
        Refusal: NO_LINES, NOT_OPEN (no units are wanted), or what is wrong with a line.
    """
    return _sums(details["items"], "netPrice", lambda node: node["orderedQuantity"]["amount"].quantity(0))


def _sums(listing: Node, price_field: str, units_of: Callable[[Node], int]) -> Sums:
    items = list(listing.items())
    if not items:
        raise Refusal(NO_LINES, listing.path, "The order has no items: there is nothing to ship.")
    if len(items) > MOST_LINES:
        raise Refusal(BAD_VALUE, listing.path, f"The order has {len(items)} lines: {MOST_LINES} is the most.")
    priced_items = [item[price_field] for item in items if not item[price_field].missing]
    code = currency((priced_items or [items[0][price_field]])[0]["currencyCode"])
    purse = Purse(currency_code=code)
    by_id: dict[str, DraftLine] = {}
    by_weight: dict[str, str] = {}
    for item in items:
        if not (units := units_of(item)):
            continue
        line = _line(item, item[price_field], units, purse)
        if by_id.setdefault(line.external_line_id, line) != line:
            raise item["itemSequenceNumber"].bad("a number that no other item of the order has")
        measure = item[price_field]["unitOfMeasure"].text(30).upper()
        if measure not in _BY_COUNT:
            by_weight[line.external_line_id] = f"The cost of the line is per {measure}, not per unit: check its total"
    if not by_id:
        raise Refusal(NOT_OPEN, listing.path, "Amazon wants no units of any item: there is nothing to ship.")
    return Sums(
        currency_code=code,
        lines=tuple(by_id.values()),
        holds=line_holds("cost-by-weight", HoldType.OTHER, by_weight),
        back_orders=any(item["isBackOrderAllowed"].flag(default=False) for item in items),
    )


def _purchase_units(item: Node) -> int:
    quantity = item["orderedQuantity"]
    amount = quantity["amount"].quantity(0)
    size = quantity["unitSize"]
    if quantity["unitOfMeasure"].text(30).upper() in _CASES and not size.missing:
        amount *= size.quantity(1)
    if amount > 1_000_000:
        raise quantity["amount"].bad("no more than a million units")
    return amount


def _line(item: Node, price: Node, units: int, purse: Purse) -> DraftLine:
    cost = price["amount"].required().decimal() or Decimal(0)
    # Also refuses what is negative, or in another currency.
    purse.minor(price)
    listed = amounts.extended(cost, units, purse.currency_code)
    taxes = _taxes(item["taxDetails"])
    tax = sum(purse.minor(part["taxAmount"]) for part in taxes)
    asin = item.first("amazonProductIdentifier", "buyerProductIdentifier").identifier(100)
    number = item["itemSequenceNumber"].required().identifier(100)
    vendor = item["vendorProductIdentifier"].identifier(100)
    titles = [(part["type"].text(100) or "Tax", purse.money(purse.minor(part["taxAmount"]))) for part in taxes]
    parts = tax_parts(titles, collected=False)
    quantity = item["orderedQuantity"]
    packed = quantity["unitOfMeasure"].text(30).upper() in _CASES
    details = LineDetails(
        taxes=parts,
        barcode=vendor if vendor.isdigit() and len(vendor) in {8, 12, 13, 14} else "",
        channel_sku=asin,
        properties=properties(
            ("cases", f"{quantity['amount'].text(20)} x {quantity['unitSize'].text(20) or '1'}" if packed else ""),
            ("cost per", price["unitOfMeasure"].text(30)),
            ("list price", item["listPrice"]["amount"].text(40)),
            ("gift message", item["giftDetails"]["giftMessage"].text(2000)),
            ("gift wrap", item["giftDetails"]["giftWrapId"].text(200)),
            ("customization", item["buyerCustomizedInfoDetail"]["customizedUrl"].text(2000)),
        ),
    )
    line = unpriced(
        purse.currency_code,
        number,
        sku=_sku(vendor, asin, item),
        title=item["title"].text(500),
        left=units,
        details=details,
    )
    return priced(line, LineMoney(listed=listed, tax=tax), ordered=units, node=item)


def _taxes(node: Node) -> list[Node]:
    """Return the taxes; both APIs write them as an object with a list in it, older answers as the list."""
    if isinstance(node.value, list):
        return list(node.items())
    return list(node["taxLineItem"].items())


def _sku(vendor: str, asin: str, item: Node) -> str:
    if vendor:
        return vendor
    if asin and len(asin) <= 90:
        return f"asin:{asin}"
    path = item["vendorProductIdentifier"].path
    raise Refusal(MISSING_FIELD, path, f"{path} is missing, and so is the ASIN: nobody can tell what was ordered.")
