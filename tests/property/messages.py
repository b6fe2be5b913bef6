"""Requests from descriptors: as the proto asks for them, and then spoilt in a few places, or on the wire.

Most fields are what their constraints and the running system know (ids that exist, above all), because a request that
is refused at the door says nothing about the rooms behind it.
"""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from services.chassis.paging import encode_token

Draw = Callable[..., Any]
# Stands in a message for bytes that are no UTF-8, which no message object takes: replaced once it is on the wire.
_SURROGATE = "<surrogat>"
_SURROGATE_BYTES = b"\xed\xa0\x80\xed\xbf\xbf\xff\xfe\xc0\x80"
_DEPTH = 4
_INTS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_ODD_TEXTS = st.sampled_from(
    [
        "",
        "\0",
        "a\0b",
        "\x01\x1b[31m\x7f",
        "\u202e\ufeff",
        "\U0001f4a9",
        "%s%n{0}",
        "'; DROP TABLE orders; --",
        "NaN",
        "null",
        "-1",
        " ",
        "\n\r\t",
        "ſ",
        "İ",
        _SURROGATE,
    ]
)
_SECONDS = (-62135596800, -62135596801, -62167219200, 253402300799, 253402300800, 253402214400, -1, 0, 2**63 - 1)
_SECONDS_TOO = (-(2**63), 2**40, -(2**31), 1_700_000_000)
_NANOS = (-1, 0, 1, 999_999_999, 1_000_000_000, 2**31 - 1, -(2**31))
_UNITS = (0, 1, -1, 2**63 - 1, -(2**63), 9_223_372_036_854_775, 92_233_720_368_547_758, 10**15, 10**12, 2**53)
_CURRENCIES = ("USD", "JPY", "KWD", "EUR", "", "usd", "ZZZ", "U\0D", "XXXXXXXX", "ÜSD", _SURROGATE)
_DOUBLES = (float("nan"), float("inf"), float("-inf"), -0.0, 1e308, -1e308, 5e-324, 90.0, 180.0)
_CONTENTS = (b"", b"{}", b"[]", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe\0", b"ISA*" + b"0*" * 500, b"null", b"1e999")


@dataclass(frozen=True, slots=True)
class Known:
    """What exists in the running system, by the name of the field that names it."""

    values: Mapping[str, Sequence[Any]]

    def of(self, name: str) -> Sequence[Any]:
        return self.values.get(name) or self.values.get(name.removesuffix("s")) or ()

    def any(self) -> list[Any]:
        return sorted({one for values in self.values.values() for one in values if isinstance(one, str)})


@st.composite
def payloads(draw: Draw, method: MethodDescriptor, known: Known) -> bytes:
    """Draw the bytes of a request."""
    kind = draw(st.integers(0, 19))
    if kind == 0:
        return draw(st.binary(max_size=200))
    # Half of the requests are as they should be; the others are spoilt here and there.
    spoilt = draw(st.sampled_from((0, 0, 0, 2, 5, 40)))
    message = _Forge(draw, known, spoilt).message(method.input_type)
    if "page_token" in method.input_type.fields_by_name:
        message.page_token = draw(_page_tokens(message))  # type: ignore[attr-defined]
    data = message.SerializeToString().replace(_SURROGATE.encode(), _SURROGATE_BYTES)
    if kind in (1, 2) and data:
        data = _scratched(draw, data)
    if kind in (3, 4):  # fields that nobody knows, of every wire type
        data += draw(st.sampled_from((b"\xf8\x7f\x01", b"\xfa\x7f\x04evil", b"\xfb\x7f\xfc\x7f", b"\xfd\x7f" + b"\0" * 4)))
    return data


def _scratched(draw: Draw, data: bytes) -> bytes:
    place = draw(st.integers(0, len(data) - 1))
    if draw(st.booleans()):
        return data[:place]
    return data[:place] + draw(st.binary(min_size=1, max_size=3)) + data[place + 1 :]


@dataclass(slots=True)
class _Forge:
    draw: Draw
    known: Known
    spoilt: int  # of a hundred values

    def message(self, descriptor: Descriptor, depth: int = 0) -> Message:
        made = GetMessageClass(descriptor)()
        if descriptor.full_name == "google.protobuf.Timestamp":
            return self._timestamp(made)
        if descriptor.full_name == "google.type.Money":
            return self._money(made)
        chosen = {one.name: self._one_of(one.fields) for one in descriptor.oneofs}
        for field in descriptor.fields:
            oneof = field.containing_oneof
            if oneof is not None and chosen[oneof.name] is not field:
                continue
            self._fill(made, field, depth)
        return made

    def _one_of(self, fields: Sequence[FieldDescriptor]) -> FieldDescriptor | None:
        return None if self._spoils() else self.draw(st.sampled_from(list(fields)))

    def _fill(self, made: Any, field: FieldDescriptor, depth: int) -> None:
        rules = _rules(field)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            self._fill_map(getattr(made, field.name), field, rules)
        elif field.is_repeated:
            number = self._number(rules)
            wanted = [self._value(field, _items(rules), depth) for _ in range(min(number, 3))]
            if number > 3 and wanted:
                wanted = (wanted * (number // len(wanted) + 1))[:number]
            getattr(made, field.name).extend(wanted)
        elif field.message_type is not None:
            present = rules.required or field.containing_oneof is not None or self.draw(st.integers(0, 2)) > 0
            if depth < _DEPTH and present != self._spoils():
                getattr(made, field.name).CopyFrom(self.message(field.message_type, depth + 1))
        elif depth == 0 or field.name in self.known.values or rules.ByteSize() or self.draw(st.booleans()):
            setattr(made, field.name, self._value(field, rules, depth))

    def _fill_map(self, into: Any, field: FieldDescriptor, rules: Any) -> None:
        if self._spoils():
            into.update({f"key-{number}": "v" * 50 for number in range(self.draw(st.sampled_from((21, 3000))))})
        for _ in range(self.draw(st.integers(0, 2))):
            key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            into[self._value(key, rules.map.keys, 1)] = self._value(value, rules.map.values, 1)

    def _number(self, rules: Any) -> int:
        if self._spoils():
            limit = min(rules.repeated.max_items or 100, 6000)
            return self.draw(st.sampled_from((0, 20, limit, limit + 1)))
        return self.draw(st.integers(max(rules.repeated.min_items, 0), max(rules.repeated.min_items, 1) + 1))

    def _value(self, field: FieldDescriptor, rules: Any, depth: int) -> Any:
        kind = field.cpp_type
        if kind == FieldDescriptor.CPPTYPE_MESSAGE:
            return self.message(field.message_type, depth + 1)
        if kind == FieldDescriptor.CPPTYPE_STRING:
            return self._bytes() if field.type == FieldDescriptor.TYPE_BYTES else self._text(field.name, rules.string)
        if kind in _INTS:
            return self._integer(field, rules)
        if kind == FieldDescriptor.CPPTYPE_ENUM:
            return self._enum(field, rules.enum)
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return self.draw(st.booleans())
        if self._spoils():
            return self.draw(st.sampled_from(_DOUBLES) | st.floats())
        return self.draw(st.floats(rules.double.gte, rules.double.lte or rules.double.gte + 1))

    def _text(self, name: str, rules: Any) -> str:
        most = rules.max_len or 100
        if self._spoils():
            odd = self.draw(
                _ODD_TEXTS
                | st.sampled_from(self.known.any())
                | st.sampled_from(("x" * most, "字" * most, "x" * (most + 1), "\0" * most, "x" * 70_000))
            )
            return odd  # type: ignore[no-any-return]
        found = self.known.of(name)
        if found and self.draw(st.integers(0, 9)):
            return self.draw(st.sampled_from(found))  # type: ignore[no-any-return]
        if getattr(rules, "in"):
            return self.draw(st.sampled_from(list(getattr(rules, "in"))))  # type: ignore[no-any-return]
        if rules.pattern:
            return self.draw(_matching(rules.pattern))  # type: ignore[no-any-return]
        return self.draw(st.text(min_size=rules.min_len, max_size=min(most, 12)))  # type: ignore[no-any-return]

    def _integer(self, field: FieldDescriptor, rules: Any) -> int:
        least, most = _INTS[field.cpp_type]
        if self._spoils():
            return self.draw(st.sampled_from((least, most, -1, 0, most // 2, least // 2)))  # type: ignore[no-any-return]
        own = getattr(rules, str(rules.WhichOneof("type"))) if rules.WhichOneof("type") else None
        low = max(least, own.gt + 1 if own.HasField("gt") else own.gte) if own else 0
        high = own.lte if own and own.HasField("lte") else most
        few = st.integers(max(low, -3), min(high, max(low, 0) + 3))
        return self.draw(few | few | st.sampled_from((low, high)))  # type: ignore[no-any-return]

    def _enum(self, field: FieldDescriptor, rules: Any) -> int:
        if self._spoils():
            return self.draw(st.sampled_from((0, -1, 99, 2**31 - 1, -(2**31))))  # type: ignore[no-any-return]
        allowed = list(getattr(rules, "in")) or [one.number for one in field.enum_type.values]
        return self.draw(st.sampled_from([one for one in allowed if one not in rules.not_in]))  # type: ignore[no-any-return]

    def _bytes(self) -> bytes:
        found = self.known.of("content")
        if not self._spoils():
            return self.draw(st.sampled_from(found))  # type: ignore[no-any-return]
        whole = self.draw(st.sampled_from(found))
        return self.draw(st.sampled_from(_CONTENTS) | st.just(_scratched(self.draw, whole)))  # type: ignore[no-any-return]

    def _timestamp(self, made: Any) -> Message:
        if self._spoils() or self.draw(st.integers(0, 3)) == 0:
            made.seconds = self.draw(st.sampled_from((*_SECONDS, *_SECONDS_TOO)))
            made.nanos = self.draw(st.sampled_from(_NANOS))
        else:
            made.seconds = self.draw(st.integers(1_600_000_000, 2_000_000_000))
        return made  # type: ignore[no-any-return]

    def _money(self, made: Any) -> Message:
        odd = self._spoils() or self.draw(st.integers(0, 7)) == 0
        made.currency_code = self.draw(st.sampled_from(_CURRENCIES)) if odd else "USD"
        made.units = self.draw(st.sampled_from(_UNITS) if odd else st.integers(0, 60))
        made.nanos = self.draw(st.sampled_from(_NANOS)) if odd else 0
        return made  # type: ignore[no-any-return]

    def _spoils(self) -> bool:
        return self.spoilt > 0 and self.draw(st.integers(1, 100)) > 100 - self.spoilt


def _rules(field: FieldDescriptor) -> Any:
    return field.GetOptions().Extensions[validate_pb2.field]


def _items(rules: Any) -> Any:
    return rules.repeated.items


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True)


def _page_tokens(request: Message) -> st.SearchStrategy[str]:
    """Tokens of nobody's, and tokens that are this request's own and stand for places that cannot be."""
    bombs = (b"[" * 1200, b'{"a":' * 280, b"null", b"1", b"{}", b'["x"', b"[NaN]", b"\xff\xfe", b"9" * 1400, b"[[]]")
    parts = st.sampled_from(
        ("", "a", "\0", "\ud800", "9" * 300, "2026-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00", "9999-12-31")
    ) | st.sampled_from((0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**300))
    forged = st.lists(parts, max_size=4).map(lambda position: encode_token(request, *position))
    encoded = st.sampled_from(bombs).map(lambda bomb: base64.urlsafe_b64encode(bomb).decode())
    return st.one_of(st.just(""), forged, forged, encoded, st.sampled_from(("=", "%%%", "a", "é" * 10, "\0", "A" * 3000)))


def enlarged(descriptor: Descriptor, data: bytes, size: int) -> bytes:
    """Return the request with so many bytes in a field that nobody knows."""
    assert descriptor.fields
    left = max(0, size - len(data) - 10)
    return data + b"\xfa\x7f" + _varint(left) + b"x" * left


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found += struct.pack("B", number & 127 | 128)
        number >>= 7
    return bytes(found + struct.pack("B", number))
