"""Documents as they go wrong: cut, doubled, overwritten, written in another encoding, with fields of other types.

Every mutation comes from the `Random` that is given: the same seed makes the same document.
"""

import re
from collections.abc import Callable
from random import Random

from tests.property.mutating_tables import csv_changed, xlsx_changed
from tests.property.mutating_trees import json_changed, xml_changed

_CONTROLS = (b"\x00", b"\x01", b"\x08", b"\x1a", b"\x1b[31m", b"\x7f", "\u0085\u2028\u202e\ufeff\ufffe".encode(), b"\r")
_UNREADABLE = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xe2\x82")
_ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "cp037", "utf-7")
_EVENT_HEADERS = ("oms-event", "x-shopify-topic", "x-wc-webhook-topic", "x-magento-event", "ce-type", "é")
_EVENTS = (
    *("orders/updated", "orders/cancelled", "orders/edited", "orders/delete", "order.updated", "order.deleted"),
    *("updated", "cancelled", "", "\u202e"),
)
# What the elements of a segment become.
_ELEMENTS = (
    *("", " ", "0", "-1", "1e999", "0.5", "0.005", "1,5", "99999999999999999999", "NaN", "٣", "QQ", "x" * 5000),
    *("a\x00b", "?", "??'", "::::", "20261399", "000000", "USD", "+-3", "9" * 5000, "1e-400", "US", "EA"),
)


def mutated(content: bytes, random: Random) -> bytes:
    """Return the document with one to three things wrong with it: mostly with its tree, sometimes with its bytes."""
    for _ in range(random.choices((1, 2, 3), (6, 3, 1))[0]):
        content = random.choices((_tree_changed, _bytes_changed), (7, 3))[0](content, random)
    return content


def headers(random: Random) -> dict[str, str]:
    """Return what a document comes with: mostly nothing, or that it tells of an order that was told before."""
    return {random.choice(_EVENT_HEADERS): random.choice(_EVENTS)} if random.random() < 0.4 else {}


def _tree_changed(content: bytes, random: Random) -> bytes:
    """Change something of what the bytes say; bytes that say nothing are changed as bytes."""
    start = content[:200].lstrip(b"\xef\xbb\xbf \r\n\t")
    change: Callable[[bytes, Random], bytes | None] = csv_changed
    if b"ISA" in start[:20] or start[:2] == b"UN":
        change = _segments_changed
    elif start[:2] == b"PK":
        change = xlsx_changed
    elif start[:1] in {b"{", b"["}:
        change = json_changed
    elif start[:1] == b"<":
        change = xml_changed
    return change(content, random) or _bytes_changed(content, random)


def _segments_changed(content: bytes, random: Random) -> bytes | None:
    """Change X12 or EDIFACT between its separators; None where it is neither."""
    if b"ISA" in content[:20] and len(content) > 106:
        at = content.index(b"ISA")
        element, end = content[at + 3 : at + 4], content[at + 105 : at + 106]
    elif b"UN" in content[:20]:
        element, end = random.choice((b"+", b":")), b"'"
    else:
        return None
    segments = content.split(end)
    one, two = random.randrange(len(segments)), random.randrange(len(segments))
    what = random.randrange(8)
    if what == 0:
        del segments[one]
    elif what == 1:
        segments[one:one] = [segments[one]] * random.choice((1, 1, 2, 300))
    elif what == 2:
        segments[one], segments[two] = segments[two], segments[one]
    elif what == 3:
        segments[one:one] = [segments[two]]
    else:
        segments[one] = _elements_changed(segments[one], element, random)
    return end.join(segments)


def _elements_changed(segment: bytes, separator: bytes, random: Random) -> bytes:
    elements = segment.split(separator)
    one, two = random.randrange(len(elements)), random.randrange(len(elements))
    what = random.randrange(6)
    if what == 0:
        del elements[one]
    elif what == 1:
        elements[one:one] = [elements[one]] * random.choice((1, 1, 50))
    elif what == 2:
        elements[one], elements[two] = elements[two], elements[one]
    else:
        elements[one] = random.choice(_ELEMENTS).encode()
    return separator.join(elements)


def _bytes_changed(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content) + 1)
    end = min(len(content), start + random.choice((1, 3, 20, 200)))
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: content[:start],  # cut off
        lambda: content[:start] + content[end:],  # a piece lost
        lambda: content[:end] + content[start:],  # a piece doubled
        lambda: content[end:] + content[start:end] + content[:start],  # pieces in another order
        lambda: content + content,
        lambda: content[:start] + random.choice(_CONTROLS) + content[end if random.randrange(2) else start :],
        lambda: content[:start] + random.choice(_UNREADABLE) + content[start:],
        lambda: content[:start] + random.randbytes(end - start) + content[end:],
        lambda: _encoded(content, random.choice(_ENCODINGS)),
        lambda: re.sub(rb"\r?\n", random.choice((b"", b"\r", b"\r\n", b"\n\n", b" ")), content),
    )
    return random.choice(ways)()


def _encoded(content: bytes, encoding: str) -> bytes:
    return content.decode(errors="replace").encode(encoding, errors="replace")
