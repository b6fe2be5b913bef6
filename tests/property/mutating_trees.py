"""JSON and XML with one thing in their trees dropped, doubled, retyped, swapped or nested."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

# Written into the JSON text in place of the string that names them: `json.dumps` could not, or not without end.
_RAW = {
    "«deep list»": "[" * 20_000 + "]" * 20_000,
    "«deep object»": '{"a":' * 3_000 + "1" + "}" * 3_000,
    "«digits»": "9" * 5_000,
    "«exponent»": "1e999999999",
    "«tiny»": "1e-999999999",
    "«fraction»": "-0." + "1" * 400,
}
VALUES: tuple[Any, ...] = (
    *_RAW,
    *(None, True, False, 0, 1, -1, 1.5, -0.001, 10**18, 10**30, float("nan"), float("inf"), [], {}, [[]], [{}], [None]),
    *({"id": 1}, {"amount": "1.00", "currency": "USD"}, ["a"], "", " ", "NULL", "FALSE", "0", "-1", "1e999", "0.005"),
    *(
        "99999999999",
        "1_000",
        "1,5",
        "٣",
        "NaN",
        "Infinity",
        "a\x00b",
        "\ud800",
        "&#1;&#x202e;",
        "x" * 5000,
        "😀" * 300,
    ),
    *("US", "QQ", "USD", "JPY", "XXX", "0000-00-00 00:00:00", "9999-12-31T23:59:59+14:00", "2026-02-30", "1", "é"),
)
TEXTS = (
    *(value for value in VALUES if isinstance(value, str) and value.isprintable() and value not in _RAW),
    *("9" * 5000, "\n\t", "\x85"),
)
_AGAIN = "«again»"


def json_changed(content: bytes, random: Random) -> bytes | None:
    """Return the JSON document with one thing changed; None where it is none."""
    try:
        document = json.loads(content)
        found = list(places(document))
        if not found:
            return None
        _change(found, random)
        return written(document, ascii_only=random.random() < 0.5)
    except (ValueError, RecursionError):
        return None


def written(document: Any, *, ascii_only: bool = True) -> bytes:
    """Return the JSON text of a document in which the words of `VALUES` may stand for what JSON alone can say."""
    text = json.dumps(document, ensure_ascii=ascii_only)
    for word, raw in ((f'"{name}"', raw) for name, raw in _RAW.items()):
        text = text.replace(json.dumps(word[1:-1]), raw).replace(word, raw)
    text = text.replace(json.dumps(_AGAIN)[1:-1], "").replace(_AGAIN, "")
    return text.encode("utf-8", errors="surrogatepass")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every holder and key in a JSON document, outermost first."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def _change(found: list[tuple[Any, Any]], random: Random) -> None:
    holder, key = random.choice(found)
    what = random.randrange(9)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, list):
        holder[key:key] = [copy.deepcopy(holder[key]) for _ in range(random.choice((1, 1, 2, 40)))]
    elif what == 1:
        holder[f"{key}{_AGAIN}"] = random.choice((copy.deepcopy(holder[key]), random.choice(VALUES)))
    elif what == 2:
        other, place = random.choice(found)
        holder[key], other[place] = copy.deepcopy(other[place]), copy.deepcopy(holder[key])
    elif what == 3:
        holder[key] = random.choice(([holder[key]], {"value": holder[key]}, [[holder[key], holder[key]]]))
    elif what == 4 and isinstance(holder[key], list | dict):
        holder[key] = list(holder[key])[::-1] if isinstance(holder[key], list) else list(holder[key].values())
    elif what == 4:
        holder[key] = _retyped(holder[key])
    else:
        holder[key] = copy.deepcopy(random.choice(VALUES))


def _retyped(value: Any) -> Any:
    """Return the same value as a string, or as a number."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        return json.loads(value)
    except ValueError:
        return len(value)


def xml_changed(content: bytes, random: Random) -> bytes | None:
    """Return the XML document with one thing changed; None where it is none."""
    try:
        root = fromstring(content)
    except (ParseError, ValueError, LookupError, DefusedXmlException):
        return None
    pairs = [(parent, child) for parent in root.iter() for child in parent]
    if not pairs:
        return None
    parent, child = random.choice(pairs)
    what = random.randrange(8)
    if what == 0:
        parent.remove(child)
    elif what == 1:
        parent.extend(copy.deepcopy(child) for _ in range(random.choice((1, 1, 2, 40))))
    elif what == 2:
        _, other = random.choice(pairs)
        child.text, other.text = other.text, child.text
        child.tag, other.tag = other.tag, child.tag
    elif what == 3:
        _nest(child, random.choice((1, 2, 2000)))
    elif what == 4:
        child.tag = random.choice(("id", "order", "orders", "x", "prestashop", child.tag + "s"))
    else:
        child.text = random.choice(TEXTS)
    try:
        made: bytes = tostring(root, encoding=random.choice(("utf-8", "utf-16", "us-ascii")), xml_declaration=True)
    except RecursionError:
        return None
    return made


def _nest(element: Element, depth: int) -> None:
    text, element.text = element.text, None
    for _ in range(depth):
        element = SubElement(element, element.tag)
    element.text = text
