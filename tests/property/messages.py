"""Requests as nobody would write them: for any message type, valid by half, and absurd by the rest."""

import string
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

DEEPEST = 5
_LIMITS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
# What passes the constraints of fields of these names, so that requests come as far as the database.
_USUAL = {
    "channel": ["fuzz", "shopify-us"],
    "format": ["", "shopify", "woocommerce", "x12", "pdf"],
    "currency_code": ["USD", "JPY", "KWD", "EUR", "XXX"],
    "country_code": ["US", "GB", "DE", "ZZ"],
    "postal_code": ["10001", "SW1A 1AA", ""],
    "time_zone": ["UTC", "Europe/Berlin", "Mars/Olympus"],
    "service_level": ["", "STANDARD", "NEXT_DAY"],
    "sku": ["FUZZ-1", "FUZZ-2", "NONE"],
    "handle": ["payment", "risk", "x"],
    "region": ["US", "EU", ""],
}
_STRING = FieldDescriptor.CPPTYPE_STRING
# What the keys of a map are, by the name of its entries.
_ABOUT = {"SkuThresholdsEntry": "sku", "PoolsEntry": "segment"}
_ODD = [
    "",
    "\x00",
    "a\x00b",
    "\x7f",
    "\u202e",
    "\U0001f4a5" * 30,
    "%s%n",
    "'; DROP TABLE orders; --",
    "x" * 5000,
    "\n\r\t",
    "ord_",
    "-1",
]


def requests(message_type: type[Message], ids: dict[str, list[str]]) -> st.SearchStrategy[Message]:
    """Return requests of this type; `ids` are things that exist, by the name of the field that would name them."""

    @st.composite
    def build(draw: st.DrawFn) -> Message:
        message = message_type()
        _fill(draw, message, ids, DEEPEST)
        return message

    return build()


def _fill(draw: st.DrawFn, message: Message, ids: dict[str, list[str]], depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        if not draw(st.integers(0, 9)) or (depth == 0 and field.message_type):
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            for _ in range(draw(st.integers(0, 3))):
                _put(draw, getattr(message, field.name), field.message_type, ids, depth)
        elif field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 3]))):
                if field.message_type:
                    _fill(draw, target.add(), ids, depth - 1)
                else:
                    target.append(draw(_scalar(field, ids)))
        elif field.message_type:
            if field.containing_oneof and message.WhichOneof(field.containing_oneof.name):
                continue
            _fill(draw, getattr(message, field.name), ids, depth - 1)
            getattr(message, field.name).SetInParent()
        else:
            setattr(message, field.name, draw(_scalar(field, ids)))


def _put(draw: st.DrawFn, target: Any, entry: Descriptor, ids: dict[str, list[str]], depth: int) -> None:
    """Give a map one entry; keys of text are what the map is about, where its name says that."""
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    name = draw(_text(_ABOUT.get(entry.name, "key"), ids) if key.cpp_type == _STRING else _scalar(key, ids))
    if value.message_type:
        _fill(draw, target[name], ids, depth - 1)
    else:
        target[name] = draw(_scalar(value, ids))


def _scalar(field: FieldDescriptor, ids: dict[str, list[str]]) -> st.SearchStrategy[object]:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING and field.type == FieldDescriptor.TYPE_BYTES:
        return st.one_of(
            st.binary(max_size=200), st.sampled_from([b"{}", b"[]", b'{"id": 1}', b"ISA*00*", b"\xff\xfe"])
        )
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return _text(field.name, ids)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        known = [value.number for value in field.enum_type.values]
        return st.one_of(st.sampled_from(known), st.sampled_from(known), st.integers(-(2**31), 2**31 - 1))
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return st.one_of(st.floats(-90, 90), st.floats(width=32))
    least, most = _LIMITS[kind]
    near = st.integers(max(least, -3), 6)
    return st.one_of(near, near, near, st.sampled_from([least, most, 0, 1_000_000_000]), st.integers(least, most))


def _text(name: str, ids: dict[str, list[str]]) -> st.SearchStrategy[str]:
    if name == "request_id":
        # A new key mostly, so that the request is not refused for its key alone.
        return st.one_of(
            st.text(string.ascii_letters, min_size=20, max_size=20),
            st.text(string.ascii_letters, min_size=20, max_size=20),
            st.sampled_from(["same", "", "a b", "\x00", "x" * 300]),
        )
    usual = ids.get(name) or _USUAL.get(name) or [one for many in ids.values() for one in many] or ["x"]
    return st.one_of(st.sampled_from(usual), st.sampled_from(usual), st.sampled_from(usual), _absurd())


def _absurd() -> st.SearchStrategy[str]:
    # No surrogates: protobuf's own API refuses them before anything is sent. Raw bytes try them.
    return st.one_of(st.sampled_from(_ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
