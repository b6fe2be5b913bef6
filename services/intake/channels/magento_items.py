"""The rows of a Magento order: which are one thing said twice, what each costs, and how much is left to ship.

- A configurable row and its simple row are one thing: the simple one's SKU at the configurable one's price.
- A bundle's parts are shipped, and name it; a bundle at a fixed price has its money shared out over its parts.
- Left to ship is what Magento itself would ship: ordered - the greater of shipped and refunded - cancelled.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.intake.channels.json_document import Node
from services.intake.channels.magento_money import Cost, cost
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, NO_LINES, Refusal
from services.kernel.money import allocate


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was bought: the row that says what it is, and the row that says what it costs."""

    item: Node
    priced: Node
    cost: Cost
    ordered: int
    # Wanted in all, and wanted and not yet shipped.
    wanted: int
    left: int
    bundle: str = ""

    @property
    def line_id(self) -> str:
        """The channel's id of the line: the one of the row that says what it costs, except in a bundle."""
        return (self.item if self.bundle else self.priced)["item_id"].required().identifier(100)


def rows(listed: Node, currency_code: str) -> list[Row]:
    """Return what was bought, each thing once, in the order in which it stands.

    Raises:
        Refusal: NO_LINES, or what is wrong with a row.
    """
    items = list(listed.items())
    if not items:
        raise Refusal(NO_LINES, listed.path, "The order has no items: there is nothing to ship.")
    if len(items) > MOST_LINES:
        raise Refusal(BAD_VALUE, listed.path, f"The order has {len(items)} items: {MOST_LINES} is the most.")
    tops, parts = _families(items)
    return [row for item_id, top in tops.items() for row in _bought(top, parts.get(item_id, []), currency_code)]


def item_ids(listed: Node) -> set[str]:
    """Return the ids of these rows and of their parents."""
    ids = {item["item_id"].identifier(100) for item in listed.items()}
    return ids | {_parent_id(item) for item in listed.items()}


def _families(items: list[Node]) -> tuple[dict[str, Node], dict[str, list[Node]]]:
    by_id: dict[str, Node] = {}
    for item in items:
        if not isinstance(item.value, dict):
            raise item.bad("an order item")
        item_id = item["item_id"].required().identifier(100)
        if by_id.setdefault(item_id, item).value != item.value:
            raise item["item_id"].bad("an id that no other item of the order has")
    for item in list(by_id.values()):
        # A parent that only stands inside its child is as good as one beside it.
        if (parent_id := _parent_id(item)) and "item_id" in item["parent_item"]:
            by_id.setdefault(parent_id, item["parent_item"])
    tops: dict[str, Node] = {}
    parts: dict[str, list[Node]] = {}
    for item_id, item in by_id.items():
        parent_id = _parent_id(item)
        if parent_id in by_id and parent_id != item_id and not _parent_id(by_id[parent_id]):
            parts.setdefault(parent_id, []).append(item)
        else:
            tops[item_id] = item
    return tops, parts


def _parent_id(item: Node) -> str:
    text = item["parent_item"]["item_id"].identifier(100) or item["parent_item_id"].identifier(100)
    # 0 is what some exports write for none.
    return "" if text == "0" else text


def _bought(top: Node, parts: list[Node], currency_code: str) -> Iterator[Row]:
    kind = top["product_type"].text(50).lower()
    if kind != "bundle" and len(parts) <= 1:
        item = parts[0] if parts else top
        ordered = top["qty_ordered"].quantity(0)
        if ordered:
            yield _row(item, top, ordered, cost(top, ordered, currency_code), "")
        return
    if not parts:
        raise Refusal(NO_LINES, top.path, f"{top.path} is a bundle without its parts: send its child items, too.")
    bundle = top["item_id"].identifier(100)
    present = [(part, ordered) for part in parts if (ordered := part["qty_ordered"].quantity(0))]
    whole = max(top["qty_ordered"].quantity(0), 1)
    costs = _shared([(part, cost(part, ordered, currency_code), ordered) for part, ordered in present],
                    cost(top, whole, currency_code))  # fmt: skip
    for (part, ordered), part_cost in zip(present, costs, strict=True):
        yield _row(part, part, ordered, part_cost, bundle)


def _shared(parts: list[tuple[Node, Cost, int]], whole: Cost) -> list[Cost]:
    """Return what the parts cost: their own amounts where any has some, else their share of the bundle's."""
    if not parts:
        return []
    own = [c for _, c, _ in parts]
    if any(c.listed for c in own):
        paid = [c.paid for c in own]
        weights = paid if any(paid) else [1] * len(own)
        discounts = [c.discount for c in own]
        taxes = [c.tax for c in own]
        if not any(taxes) and whole.tax:
            taxes = allocate(whole.tax, weights)
        if not any(discounts) and 0 < whole.discount <= sum(paid):
            discounts = allocate(whole.discount, [c.listed for c in own])
        return [
            Cost(listed=c.listed, discount=min(d, c.listed), tax=t)
            for c, d, t in zip(own, discounts, taxes, strict=True)
        ]
    weights = [ordered for _, _, ordered in parts]
    listed = allocate(whole.listed, weights)
    paid = allocate(whole.paid, listed if any(listed) else weights)
    taxes = allocate(whole.tax, weights)
    return [
        Cost(listed=max(gross, net), discount=max(gross - net, 0), tax=t)
        for gross, net, t in zip(listed, paid, taxes, strict=True)
    ]


def _row(item: Node, priced: Node, ordered: int, row_cost: Cost, bundle: str) -> Row:
    shipped, refunded, cancelled = (
        max(_units(node[name]) for node in (item, priced)) for name in ("qty_shipped", "qty_refunded", "qty_canceled")
    )
    return Row(
        item=item,
        priced=priced,
        cost=row_cost,
        ordered=ordered,
        wanted=max(ordered - cancelled - max(refunded - shipped, 0), 0),
        left=max(ordered - cancelled - max(shipped, refunded), 0),
        bundle=bundle,
    )


def _units(node: Node) -> int:
    return 0 if node.missing else node.quantity(0)
