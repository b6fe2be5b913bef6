"""The resources of PrestaShop's web service that came in one document, XML or JSON, each found by its id."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import Refusal
from services.intake.channels.xml_document import Element

# What the web service calls a list of them, where it does not just add an s.
_IRREGULAR = {
    "addresses": "address",
    "countries": "country",
    "currencies": "currency",
    "order_histories": "order_history",
    "taxes": "tax",
    "order_discounts": "order_cart_rule",
    "order_discount": "order_cart_rule",
    "deliveries": "delivery",
    "categories": "category",
}
_IRREGULAR_LISTS = {"address": "addresses", "country": "countries", "currency": "currencies", "tax": "taxes"}
_DEPTH = 4
_NAME = re.compile(r"[a-z_]{2,40}")


@dataclass(frozen=True, slots=True)
class Resources:
    """All resources of a document, by kind and in the order in which they stand."""

    by_kind: dict[str, list[Node]]
    # By kind and field: what has which value. Filled when it is first asked for.
    _found: dict[tuple[str, str], dict[str, list[Node]]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Node]:
        """Return all of a kind."""
        return self.by_kind.get(kind, [])

    def named(self, kind: str, reference: Node) -> Node | None:
        """Return the one that a field such as `id_currency` refers to; None where it is not in the document."""
        return next(iter(self.belonging(kind, "id", reference.identifier(200))), None)

    def belonging(self, kind: str, name: str, to: str) -> list[Node]:
        """Return those whose field has this value; a resource with a field that is no id belongs nowhere."""
        if (index := self._found.get((kind, name))) is None:
            index = self._found[kind, name] = {}
            for node in self.of(kind):
                if value := _identifier(node, name):
                    index.setdefault(value, []).append(node)
        return index.get(to, [])


def collect(root: Node) -> Resources:
    """Return the resources of a document: beside each other, in lists of their kind, or one that is the root."""
    found: dict[str, list[Node]] = {}
    for kind, node in _resources(root, 0):
        found.setdefault(kind, []).append(node)
    return Resources(found)


def resource_id(node: Node) -> str:
    """Return a resource's id, from its element or, where it is only named, its attribute."""
    inside = node["id"].identifier(200)
    return inside or (node.attribute("id").identifier(200) if isinstance(node, Element) else "")


def is_only_named(node: Node) -> bool:
    """Tell whether a list only says that there is such a resource."""
    names = [name for name, _ in children(node)]
    return not names or names == ["id"]


def list_name(kind: str) -> str:
    """Return what the web service calls a list of these."""
    return _IRREGULAR_LISTS.get(kind, f"{kind}s")


def words(node: Node, limit: int = 2000) -> str:
    """Return a text, in the first language that has one where there are several."""
    if text := node.text(limit):
        return text
    options = [child for _, child in children(node)] if not isinstance(node.value, list) else list(node.items())
    return next((text for option in options if (text := option.text(limit) or option["value"].text(limit))), "")


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield what is in an element or an object, with its name."""
    if isinstance(node, Element):
        yield from ((child.name, child) for child in node.items())
    elif isinstance(node.value, dict):
        yield from ((str(name), node[name]) for name in node.value)


def _resources(root: Node, depth: int) -> Iterator[tuple[str, Node]]:
    if depth > _DEPTH:
        return
    if isinstance(root.value, list):
        for element in root.items():
            yield from _resources(element, depth + 1)
    elif isinstance(root, Element) and root.name not in {"prestashop", ""} and not _is_list(root.name):
        yield root.name, root
    elif "current_state" in root or "id_address_delivery" in root:
        yield "order", root
    elif "prestashop" in root:
        yield from _resources(root["prestashop"], depth + 1)
    elif isinstance(root, Element) and _is_list(root.name):
        yield from ((_kind(root.name), child) for child in root.items())
    else:
        for name, node in children(root):
            yield from _beside(name, node)


def _beside(name: str, node: Node) -> Iterator[tuple[str, Node]]:
    if not _NAME.fullmatch(name):
        return
    if isinstance(node.value, list):
        yield from ((_kind(name), element) for element in node.items())
    elif isinstance(node, Element) and _is_list(name):
        yield from ((_kind(name), child) for child in node.items())
    elif isinstance(node, Element) or isinstance(node.value, dict):
        yield _kind(name), node


def _is_list(name: str) -> bool:
    return name in _IRREGULAR or (name.endswith("s") and name != "address")


def _kind(name: str) -> str:
    return _IRREGULAR.get(name) or (name.removesuffix("s") if _is_list(name) else name)


def _identifier(node: Node, name: str) -> str:
    try:
        return resource_id(node) if name == "id" else node[name].identifier(200)
    except Refusal:
        return ""
