"""The interchanges of an X12 document as they are to be answered: who sent them, and which sets are in them."""

from dataclasses import dataclass

from services.chassis.x12 import Envelope, NotX12, envelopes

_ACKNOWLEDGEMENTS = {"FA"}
_NO_TRAILER, _OTHER_NUMBER, _MISCOUNTED = "2", "3", "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSet:
    """One ST … SE; `trailer_codes` say (as AK502) what is wrong with its end."""

    position: str
    code: str
    control: str
    tags: tuple[str, ...]
    trailer_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedGroup:
    """One GS … GE; `stated` is how many sets it says it has."""

    code: str
    sender: str
    receiver: str
    control: str
    version: str
    sets: tuple[ReceivedSet, ...]
    stated: int

    @property
    def is_acknowledgement(self) -> bool:
        """Whether it is one itself, which is not answered."""
        return self.code in _ACKNOWLEDGEMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedInterchange:
    """One ISA … IEA. Sender and receiver are qualifier and id; `asks` is ISA14, an acknowledgement asked for."""

    position: str
    sender: tuple[str, str]
    receiver: tuple[str, str]
    control: str
    version: str
    usage: str
    asks: bool
    groups: tuple[ReceivedGroup, ...]
    separator: str
    component: str
    terminator: str

    @property
    def answered(self) -> tuple[ReceivedGroup, ...]:
        """The groups that a 997 is owed for."""
        return tuple(group for group in self.groups if not group.is_acknowledgement and group.sets)


def interchanges(content: bytes) -> list[ReceivedInterchange]:
    """Return the interchanges in a document; what is none is left out."""
    return [_received(found) for found in envelopes(content) if not isinstance(found, NotX12)]


def _received(found: Envelope) -> ReceivedInterchange:
    isa = (*found.header, *("",) * 16)
    groups: list[ReceivedGroup] = []
    rows: list[list[str]] = []
    count = 0
    gs: list[str] = []
    sets: list[ReceivedSet] = []

    def close_set() -> None:
        nonlocal rows
        if rows:
            sets.append(_set(f"ISA {found.number}, ST {count}", rows))
        rows = []

    def close_group(stated: str) -> None:
        nonlocal sets, gs
        close_set()
        if gs or sets:
            groups.append(_group(gs, tuple(sets), stated))
        sets, gs = [], []

    for row in found.segments():
        tag = row[0]
        if tag == "ST":
            close_set()
            count += 1
            rows = [row]
        elif tag in {"GS", "GE", "IEA"}:
            close_group(row[1] if tag == "GE" and len(row) > 1 else "")
            gs = row if tag == "GS" else []
        elif rows:
            rows.append(row)
            if tag == "SE":
                close_set()
    close_group("")
    return ReceivedInterchange(
        position=f"ISA {found.number}",
        sender=(isa[4], isa[5]),
        receiver=(isa[6], isa[7]),
        control=isa[12],
        version=isa[11],
        usage=isa[14],
        asks=isa[13] == "1",
        groups=tuple(groups),
        separator=found.separator,
        component=found.component,
        terminator=found.terminator,
    )


def _group(gs: list[str], sets: tuple[ReceivedSet, ...], stated: str) -> ReceivedGroup:
    elements = [*gs, *[""] * 9]
    count = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 7 else len(sets)
    return ReceivedGroup(
        code=elements[1],
        sender=elements[2],
        receiver=elements[3],
        control=elements[6],
        version=elements[8],
        sets=sets,
        stated=count,
    )


def _set(position: str, rows: list[list[str]]) -> ReceivedSet:
    st, last = [*rows[0], "", ""], [*rows[-1], "", ""]
    codes = []
    if last[0] != "SE":
        codes.append(_NO_TRAILER)
    else:
        if last[2] != st[2]:
            codes.append(_OTHER_NUMBER)
        if last[1].lstrip("0") != str(len(rows)):
            codes.append(_MISCOUNTED)
    tags = tuple(row[0] for row in rows)
    return ReceivedSet(position=position, code=st[1], control=st[2], tags=tags, trailer_codes=tuple(codes))
