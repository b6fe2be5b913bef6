"""Plain documents ⇄ messages, as people write them: money is "1.80 USD", a kind of thing is DC and not TYPE_DC.

What a message expects is read from its descriptor, so that a new field needs nothing here. Both ways of writing are
read; the short one is written.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from oms.routing.v1.network_pb2 import Problem
from services.kernel.money import exponent
from services.routing.problem import nearest, problem

Read = TypeVar("Read", bound=Message)

_MONEY = "google.type.Money"
_AMOUNT = re.compile(r"(\d{1,15})(?:\.(\d{1,9}))?\s*([A-Z]{3})", re.ASCII)
_WHOLE = {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64}
# What the service says of itself.
_OUTPUT_ONLY = ("update_time", "etag")


def read(document: object, message: Read, place: str = "") -> tuple[Read, list[Problem]]:
    """Fill the message from a document of mappings, lists and plain values; with problems it is not to be used."""
    problems: list[Problem] = []
    plain = _mapping(_kind(message), document, place, problems)
    if not problems:
        try:
            ParseDict(plain, message)
        except ParseError as error:
            problems.append(problem(place, str(error)))
    return message, problems


def write(message: Message) -> dict[str, Any]:
    """Return the message as a document, without what is not set and what the service adds."""
    return _short(_kind(message), MessageToDict(message, preserving_proto_field_name=True))


def _kind(message: Message) -> Descriptor:
    return cast("Descriptor", message.DESCRIPTOR)


def is_repeated(field: FieldDescriptor) -> bool:
    """Tell whether a field is a list."""
    return bool(field.is_repeated)


def _mapping(kind: Descriptor, document: object, place: str, problems: list[Problem]) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        problems.append(problem(place, f"must be a mapping with {', '.join(_names(kind))}"))
        return {}
    plain: dict[str, Any] = {}
    for name, value in document.items():
        where = f"{place}.{name}" if place else str(name)
        field = kind.fields_by_name.get(str(name))
        if field is None:
            problems.append(problem(where, f"there is no field {name!r}", nearest(str(name), _names(kind))))
        elif value is None:
            continue  # "field:" with nothing after it
        elif not is_repeated(field):
            plain[field.name] = _value(field, value, where, problems)
        elif isinstance(value, list):
            plain[field.name] = [_value(field, one, f"{where}[{at}]", problems) for at, one in enumerate(value)]
        else:
            problems.append(problem(where, "must be a list", f"[{value}]"))
    return plain


def _value(field: FieldDescriptor, value: object, place: str, problems: list[Problem]) -> object:
    if field.message_type is not None:
        if field.message_type.full_name == _MONEY and not isinstance(value, Mapping):
            return _money(value, place, problems)
        return _mapping(field.message_type, value, place, problems)
    if field.enum_type is not None:
        return _choice(field.enum_type, value, place, problems)
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_BOOL if isinstance(value, bool):
            return value
        case FieldDescriptor.CPPTYPE_STRING if isinstance(value, str):
            return value
        # A postal code or an id that looks like a number: it reads back as it was written.
        case FieldDescriptor.CPPTYPE_STRING if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        case kind if kind in _WHOLE and isinstance(value, int) and not isinstance(value, bool):
            return value
        case FieldDescriptor.CPPTYPE_DOUBLE if isinstance(value, int | float) and not isinstance(value, bool):
            return value
    problems.append(problem(place, f"{value!r} is not {_EXPECTED.get(field.cpp_type, 'a whole number')}"))
    return None


_EXPECTED = {
    FieldDescriptor.CPPTYPE_BOOL: "true or false",
    FieldDescriptor.CPPTYPE_STRING: "a text: put it in quotes",
    FieldDescriptor.CPPTYPE_DOUBLE: "a number",
}


def _money(value: object, place: str, problems: list[Problem]) -> dict[str, Any]:
    match = _AMOUNT.fullmatch(str(value).strip())
    if match is None:
        problems.append(problem(place, f"{value!r} is no amount of money", f"{_digits(value) or '1.80'} USD"))
        return {}
    return {"currency_code": match[3], "units": int(match[1]), "nanos": int((match[2] or "").ljust(9, "0"))}


def _digits(value: object) -> str:
    found = re.search(r"\d+(\.\d+)?", str(value))
    return found[0] if found else ""


def _choice(kind: EnumDescriptor, value: object, place: str, problems: list[Problem]) -> str:
    prefix, word = _prefix(kind), str(value)
    for name in (word, prefix + word):
        if name in kind.values_by_name:
            return name
    known = [name.removeprefix(prefix) for name in kind.values_by_name][1:]
    meant = nearest(word.upper(), known) or f"one of {', '.join(known)}"
    problems.append(problem(place, f"{value!r} is not known", meant))
    return kind.values[0].name


def _short(kind: Descriptor, document: dict[str, Any]) -> dict[str, Any]:
    short: dict[str, Any] = {}
    for name, value in document.items():
        field = kind.fields_by_name[name]
        if name not in _OUTPUT_ONLY:
            short[name] = [_shortened(field, one) for one in value] if is_repeated(field) else _shortened(field, value)
    return short


def _shortened(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is not None and field.message_type.full_name == _MONEY:
        currency = value.get("currency_code", "")
        amount = int(value.get("units", 0)) + Decimal(value.get("nanos", 0)).scaleb(-9)
        places = max(exponent(currency), -int(amount.normalize().as_tuple().exponent))
        return f"{amount:.{places}f} {currency}"
    if field.message_type is not None:
        return _short(field.message_type, value)
    if field.enum_type is not None:
        return str(value).removeprefix(_prefix(field.enum_type))
    return int(value) if field.cpp_type in _WHOLE else value


def _prefix(kind: EnumDescriptor) -> str:
    return str(kind.values[0].name).removesuffix("UNSPECIFIED")


def _names(kind: Descriptor) -> list[str]:
    return [name for name in kind.fields_by_name if name not in _OUTPUT_ONLY]
