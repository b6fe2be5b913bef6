"""Bundles, composites and boxes of WooCommerce: either the container is shipped or what is in it, never both."""

from dataclasses import dataclass

from services.intake.channels.json_document import Node
from services.intake.channels.woocommerce_meta import meta_text

_PARTS = ("bundled_items", "composite_children", "mnm_child_items", "child_items")
_PARENTS = ("bundled_by", "composite_parent", "mnm_child_of", "mnm_container")
_SHIPPED_ALONE = ("_bundled_item_needs_shipping", "_composite_item_needs_shipping", "_mnm_child_needs_shipping")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundles:
    """Which line of the order is in which, by their ids; and the lines that are not shipped because of it."""

    container_of: dict[str, str]
    unshipped: frozenset[str]


def bundles_of(items: list[Node]) -> Bundles:
    """Return the bundles among the lines of an order.

    The parts of a bundle are shipped and its own row is not, unless no part needs shipping of its own: then it is put
    together before, and only its own row is shipped. A row without SKU that names parts is never shipped itself.
    """
    by_id = {line_id: item for item in items if (line_id := item["id"].identifier(100))}
    container_of: dict[str, str] = {}
    unshipped = set()
    for line_id, item in by_id.items():
        for name in _PARENTS:
            if (parent := _id(item[name])) in by_id and parent != line_id:
                container_of[line_id] = parent
        named = [part for name in _PARTS for part in _parts(item[name])]
        if named and item["sku"].missing:
            unshipped.add(line_id)
        container_of.update({part: line_id for part in named if part in by_id and part != line_id})
    for container in set(container_of.values()):
        parts = [part for part, parent in container_of.items() if parent == container]
        whole = all(meta_text(by_id[part], *_SHIPPED_ALONE).lower() == "no" for part in parts)
        if whole and container not in unshipped:
            unshipped.update(parts)
        else:
            unshipped.add(container)
    return Bundles(container_of=container_of, unshipped=frozenset(unshipped))


def _parts(node: Node) -> list[str]:
    return [_id(part) for part in node.items()] if isinstance(node.value, list) else []


def _id(node: Node) -> str:
    """Return a line's id, also of an object that has one; empty for anything else."""
    if isinstance(node.value, dict):
        node = node.first("id", "order_item_id")
    return node.text(100)
