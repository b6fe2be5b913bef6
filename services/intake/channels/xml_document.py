"""An XML document as its reader walks it: the sibling of `json_document.Node`, with the same questions and answers.

Every element knows its path ("/prestashop/order[2]/id"): the number is there where siblings share a name. Names are
local, without their namespace. An element's value is its own text, CDATA or not; an empty element says nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from xml.etree.ElementTree import Element as Tag
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.chassis.plain_text import clean, decode
from services.intake.channels.json_document import Node
from services.intake.channels.refusal import Refusal

NOT_XML = "NOT_XML"


@dataclass(frozen=True, slots=True)
class Element(Node):
    """An element, or the place where one could have been: then `tag` is None."""

    tag: Tag | None = None

    @property
    def name(self) -> str:
        """The local name; empty for an element that is not there."""
        return _local(self.tag.tag) if self.tag is not None else ""

    def __getitem__(self, name: str) -> Self:
        """Return the first child of this name; a missing element where there is none."""
        found = self._tags(name)
        if not found:
            return type(self)(None, f"{self.path}/{name}")
        return type(self)(found[0].text, f"{self.path}/{name}{'[1]' if len(found) > 1 else ''}", found[0])

    def __contains__(self, name: str) -> bool:
        return bool(self._tags(name))

    def children(self, name: str) -> Iterator[Self]:
        """Yield the children of this name."""
        return (child for child in self.items() if child.name == name)

    def items(self) -> Iterator[Self]:
        """Yield all children, whatever their names."""
        named = [(_local(tag.tag), tag) for tag in self.tag or () if isinstance(tag.tag, str)]
        total: dict[str, int] = {}
        for name, _ in named:
            total[name] = total.get(name, 0) + 1
        seen: dict[str, int] = {}
        for name, tag in named:
            seen[name] = seen.get(name, 0) + 1
            place = f"[{seen[name]}]" if total[name] > 1 else ""
            yield type(self)(tag.text, f"{self.path}/{name}{place}", tag)

    def _tags(self, name: str) -> list[Tag]:
        if self.tag is None:
            return []
        ending = f"}}{name}"
        return [tag for tag in self.tag if tag.tag == name or (isinstance(tag.tag, str) and tag.tag.endswith(ending))]

    def attribute(self, name: str) -> Self:
        """Return an attribute as a node of its own."""
        found = (
            next((v for k, v in self.tag.attrib.items() if _local(k) == name), None) if self.tag is not None else None
        )
        return type(self)(found, f"{self.path}/@{name}")


def parse(content: bytes) -> Element:
    """Return the root, whatever encoding the document is in and says it is in.

    Raises:
        Refusal: NOT_XML, with the line and the column where reading stopped.
    """
    try:
        root = _root(content)
    except Refusal as refusal:
        # What is no XML in the encoding that it claims may still be in the one that its bytes are in.
        try:
            root = fromstring(decode(content))
        except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, OverflowError):
            raise refusal from None
    return Element(root.text, f"/{_local(root.tag)}", root)


def _root(content: bytes) -> Tag:
    try:
        return fromstring(content)
    except ParseError as error:
        where = f"line {error.position[0]} column {error.position[1] + 1}"
        said = clean(str(error).split(":")[0], 100)
        raise Refusal(NOT_XML, where, f"Not XML at {where}: {said}. Send the document again, whole.") from None
    except DefusedXmlException:
        message = "The document declares entities: they are not read. Send it without a DTD."
        raise Refusal(NOT_XML, "line 1 column 1", message) from None
    except (ValueError, LookupError, RecursionError, OverflowError):
        message = "The document is in an encoding that nobody can read: send it in UTF-8."
        raise Refusal(NOT_XML, "line 1 column 1", message) from None


def _local(name: str) -> str:
    return name.rpartition("}")[2]
