"""The meta data of WooCommerce: a list of keys and values where plugins put what they have to say."""

from services.intake.channels.json_document import Node


def meta_entries(node: Node) -> list[Node]:
    """Return the entries of an object's meta data, today's or of before; none where it is no list."""
    name = "meta_data" if "meta_data" in node else "meta"
    entries = node[name]
    if not isinstance(entries.value, list):
        return []
    return [entry for entry in entries.items() if isinstance(entry.value, dict)]


def meta_text(node: Node, *keys: str) -> str:
    """Return the first of these keys that says something in words or in a number."""
    said = {entry["key"].text(200): text for entry in meta_entries(node) if (text := entry["value"].text(200))}
    return next((said[key] for key in keys if key in said), "")
