"""What a checked CEL expression is made of, read from its serialized tree (cel.expr.CheckedExpr).

The tree is read as plain protobuf fields: the library keeps its messages to itself. Field numbers are those of
https://github.com/google/cel-spec/tree/master/proto/cel/expr (syntax.proto, checked.proto).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

# number, wire type (0 a number, 1 eight bytes, 2 bytes), value
Field = tuple[int, int, "int | bytes"]

_CHECKED_TYPES, _CHECKED_EXPR = 3, 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _COMPREHENSION = 2, 3, 4, 5, 6, 7, 9
_KINDS = {1: "dyn", 3: "primitive", 6: "list", 7: "map", 9: "message"}
_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}
_ZERO_INT, _ZERO_DOUBLE = (3, 0, 0), (5, 1, bytes(8))

MAX_DEPTH = 2


@dataclass(slots=True)
class Tree:
    """An expression: the names that it uses, how deep its loops are nested, and what in it is not allowed."""

    names: set[str] = field(default_factory=set)
    depth: int = 0
    faults: list[str] = field(default_factory=list)
    # A loop makes a list, which is copied with every turn.
    builds: bool = False
    # With every division of doubles made by our own function, which refuses to divide by zero.
    serialized: bytes = b""


def read(serialized: bytes, *, division: str, short: tuple[str, ...]) -> Tree:
    """Read what `Expression.serialize()` gave.

    `division` is our function that divides doubles; `short` names the lists that are short, whatever they are of.
    """
    tree = Tree()
    envelope = _fields(serialized)  # a google.protobuf.Any
    checked = _fields(next(_bytes(envelope, 2)))
    types = {}
    for entry in _bytes(checked, _CHECKED_TYPES):
        pair = _fields(entry)
        types[_number(pair, 1)] = _kind(_fields(next(_bytes(pair, 2), b"")))
    reader = _Reader(tree, types, division, short)
    rewritten: list[Field] = [
        (number, wire, reader.expression(_as_bytes(value), ()) if number == _CHECKED_EXPR else value)
        for number, wire, value in checked
    ]
    tree.serialized = _written([(n, w, _written(rewritten) if n == 2 else v) for n, w, v in envelope])
    return tree


@dataclass(frozen=True, slots=True)
class _Reader:
    tree: Tree
    types: dict[int, str]
    division: str
    short: tuple[str, ...]

    def expression(self, text: bytes, loops: tuple[str, ...]) -> bytes:
        """Read an expression inside loops, given by the names of their results; return it as it is to be run."""
        written: list[Field] = []
        for number, wire, value in _fields(text):
            part = value
            if number == _IDENT:
                self.tree.names.add(next(_bytes(_fields(_as_bytes(value)), 1)).decode())
            elif number in (_SELECT, _LIST):
                part = self._within(_as_bytes(value), (1,), loops)
            elif number == _CALL:
                part = self._call(_as_bytes(value), self._type(text), loops)
            elif number == _COMPREHENSION:
                part = self._loop(_as_bytes(value), loops)
            elif number not in (_ID, _CONST):
                self.tree.faults.append("maps and messages cannot be written in rules")
            written.append((number, wire, part))
        return _written(written)

    def _within(self, text: bytes, numbers: tuple[int, ...], loops: tuple[str, ...]) -> bytes:
        return _written(
            [(n, w, self.expression(_as_bytes(v), loops) if n in numbers else v) for n, w, v in _fields(text)]
        )

    def _loop(self, text: bytes, loops: tuple[str, ...]) -> bytes:
        inner = (*loops, next(_bytes(_fields(text), 3), b"").decode())
        if len(inner) > max(self.tree.depth, MAX_DEPTH):
            self.tree.faults.append(f"loops are nested {len(inner)} deep; {MAX_DEPTH} are allowed")
        self.tree.depth = max(self.tree.depth, len(inner))
        # What is looped over, and what the result begins with, are worked out once.
        return self._within(self._within(text, (2, 4), loops), (5, 6, 7), inner)

    def _call(self, text: bytes, result: str, loops: tuple[str, ...]) -> bytes:
        parts = _fields(text)
        function = next(_bytes(parts, 2)).decode()
        arguments = [*_bytes(parts, 1), *_bytes(parts, 3)]
        if function == "dyn":
            self.tree.faults.append("dyn() hides types, which are checked here")
        if function in ("_/_", "_%_") and _is_zero(arguments[1]):
            self.tree.faults.append("it divides by zero")
        if loops:
            self._check_in_loop(function, arguments, loops)
        written = _fields(self._within(text, (1, 3), loops))
        if function == "_/_" and result == "double" and not _is_constant(arguments[1]):
            written = [(n, w, self.division.encode() if n == 2 else v) for n, w, v in written]
        return _written(written)

    def _check_in_loop(self, function: str, arguments: list[bytes], loops: tuple[str, ...]) -> None:
        """Refuse what takes longer than a moment: a loop does it thousands of times."""
        if function == "matches":
            self.tree.faults.append("matches() inside a loop takes too long; use startsWith, endsWith or contains")
        types = {self._type(argument) for argument in arguments}
        if function == "_+_" and types & {"string", "bytes", "list", "dyn"}:
            if any(_name(argument) in loops for argument in arguments):
                self.tree.builds = True
            else:
                self.tree.faults.append("texts and lists cannot be joined inside a loop")
        elif function in ("_==_", "_!=_") and types & {"list", "map", "dyn"}:
            self.tree.faults.append("lists cannot be compared inside a loop")
        elif function == "@in" and not _is_short(arguments[1], self.short):
            known = " or ".join(["a list that is written out", *self.short[:1]]).replace(" or ", ", or ")
            self.tree.faults.append(f"inside a loop, `in` takes {known}")

    def _type(self, text: bytes) -> str:
        return self.types.get(_number(_fields(text), _ID), "dyn")


def _is_zero(text: bytes) -> bool:
    constant = next(_bytes(_fields(text), _CONST), None)
    # A zero may be written without its field, or as eight bytes of nothing.
    return constant is not None and all(one in (_ZERO_INT, _ZERO_DOUBLE) for one in _fields(constant))


def _is_constant(text: bytes) -> bool:
    return any(number == _CONST for number, _, _ in _fields(text))


def _is_short(text: bytes, short: tuple[str, ...]) -> bool:
    parts = _fields(text)
    selected = next(_bytes(parts, _SELECT), None)
    name = _name(text) if selected is None else next(_bytes(_fields(selected), 2)).decode()
    return any(number == _LIST for number, _, _ in parts) or name.endswith(short)


def _name(text: bytes) -> str:
    ident = next(_bytes(_fields(text), _IDENT), b"")
    return next(_bytes(_fields(ident), 1), b"").decode()


def _kind(type_fields: list[Field]) -> str:
    for number, _, value in type_fields:
        if number == 3:
            return _PRIMITIVES.get(int(value), "dyn") if isinstance(value, int) else "dyn"
        return _KINDS.get(number, "other")
    return "dyn"


def _fields(text: bytes) -> list[Field]:
    found: list[Field] = []
    at = 0
    while at < len(text):
        key, at = _varint(text, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(text, at)
            found.append((number, wire, value))
            continue
        length, at = (8, at) if wire == 1 else _varint(text, at)
        found.append((number, wire, text[at : at + length]))
        at += length
    return found


def _varint(text: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = text[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _written(parts: list[Field]) -> bytes:
    text = bytearray()
    for number, wire, value in parts:
        _write_varint(text, number << 3 | wire)
        if isinstance(value, int):
            _write_varint(text, value)
            continue
        if wire == 2:
            _write_varint(text, len(value))
        text += value
    return bytes(text)


def _write_varint(text: bytearray, value: int) -> None:
    while value > 127:
        text.append(value & 127 | 128)
        value >>= 7
    text.append(value)


def _bytes(parts: list[Field], number: int) -> Iterator[bytes]:
    return (value for one, _, value in parts if one == number and isinstance(value, bytes))


def _as_bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _number(parts: list[Field], number: int) -> int:
    return next((value for one, _, value in parts if one == number and isinstance(value, int)), 0)
