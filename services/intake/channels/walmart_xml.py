"""Walmart's XML as the JSON that says the same: elements are fields, repeated ones lists, names without space."""

from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from services.intake.channels.json_document import Node
from services.intake.channels.refusal import NOT_AN_ORDER, Refusal

NOT_XML = "NOT_XML"
_DEEPEST = 40


def is_xml(content: bytes) -> bool:
    """Tell whether the document means to be XML."""
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:4].replace(b"\x00", b"")
    return start.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").startswith(b"<")


def parse(content: bytes) -> Node:
    """Return the document's root: an object with one field, which is named after its first element.

    Raises:
        Refusal: NOT_XML, with the line and the column where reading stopped; NOT_AN_ORDER, where it is nested too deep.
    """
    try:
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except ParseError as error:
        where = f"line {error.position[0]} column {error.position[1] + 1}"
        raise Refusal(NOT_XML, where, f"Not XML at {where}. Send the document again, whole.") from None
    except (DefusedXmlException, ValueError, LookupError):
        message = "The document declares a type, entities or an encoding that are not read: send it without."
        raise Refusal(NOT_XML, "line 1 column 1", message) from None
    return Node({_name(root): _value(root, 0)}, "$")


def _value(element: Element, depth: int) -> object:
    if depth > _DEEPEST:
        raise Refusal(NOT_AN_ORDER, f"$.{_name(element)}", "The document is nested too deep to be an order.")
    found: dict[str, object] = {}
    for child in element:
        name, value = _name(child), _value(child, depth + 1)
        other = found.get(name)
        if isinstance(other, list):
            other.append(value)
        else:
            found[name] = value if name not in found else [other, value]
    return found or (element.text or "").strip()


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
