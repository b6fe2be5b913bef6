"""Where the units of an X12 order go: SDQ location numbers, ship-to parties of lines, or the one of the order.

Two parties are one place where their addresses are the same, or their location numbers. A location number of SDQ has
the address of whichever party of the order has the same number; else none.
"""

from dataclasses import replace

from services.chassis.plain_text import storable
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import x12_party
from services.intake.channels.destination import address_holds
from services.intake.channels.edi_destinations import Place
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, UNSUPPORTED, Refusal
from services.intake.channels.x12_lines import OrderLine
from services.intake.channels.x12_party import Party
from services.intake.domain.draft import Address

_MOST_PLACES = 5000


def places(
    found: TransactionSet, header: list[Segment], lines: list[OrderLine], currency_code: str
) -> tuple[list[Place], list[dict[int, int]]]:
    """Return the destinations, and for each line how many units go to which (by its index).

    Raises:
        Refusal: MISSING_FIELD (nowhere to go), UNKNOWN_COUNTRY, UNSUPPORTED (nobody says which line goes where).
    """
    everyone = x12_party.parties(header)
    country = x12_party.default_country(everyone, currency_code)
    known = _Known([party for party in x12_party.loops(header) if party.address.lines])
    own = [_own(found, line) for line in lines]
    main = _main(header, found, everyone, own)
    shares = []
    for line, party in zip(lines, own, strict=True):
        if line.stores:
            shares.append({known.store(line, store): count for store, count in line.stores.items()})
            continue
        goes_to = party or main
        if goes_to is None:
            message = "The order has no N1 segment of ST, BS or BY: where does it go?"
            raise Refusal(MISSING_FIELD, found.position, message)
        shares.append({known.party(goes_to): line.line.quantity})
    if len(known.found) > _MOST_PLACES:
        raise Refusal(UNSUPPORTED, found.position, f"The order goes to more than {_MOST_PLACES} places: split it.")
    through = main if any(line.stores for line in lines) else None
    keys: set[str] = set()
    return [_place(found, party, country, keys, through) for party in known.found], shares


class _Known:
    """Destinations by what names them."""

    def __init__(self, with_address: list[Party]) -> None:
        self.found: list[Party] = []
        self._index: dict[tuple[object, ...], int] = {}
        self._addresses = {party.code: party for party in reversed(with_address) if party.code}

    def party(self, party: Party) -> int:
        names: list[tuple[object, ...]] = [("place", *party.place)]
        if party.qualifier and party.code:
            names.append(("code", party.qualifier, party.code))
        index = next((self._index[name] for name in names if name in self._index), len(self.found))
        if index == len(self.found):
            self.found.append(party)
        for name in names:
            self._index.setdefault(name, index)
        return index

    def store(self, line: OrderLine, store: str) -> int:
        name = ("store", store)
        if name not in self._index:
            segment = next(s for s in line.loop if s.tag == "SDQ")
            n1 = Segment("N1", ("ST", "", segment[2], store), segment.number)
            same = self._addresses.get(store)
            party = replace(same, segment=n1) if same else Party(segment=n1, code=store, address=Address())
            self._index[name] = len(self.found)
            self.found.append(party)
        return self._index[name]


def _own(found: TransactionSet, line: OrderLine) -> Party | None:
    named = [party for party in x12_party.loops(line.loop) if party.segment[1] == x12_party.SHIP_TO]
    other = next((other for other in named[1:] if not other.is_at(named[0])), None)
    if other is not None and not line.stores:
        message = "The line goes to several places, and nobody says how many to each: ask the partner for SDQ."
        raise Refusal(UNSUPPORTED, found.at(other.segment), message)
    return next(iter(named), None)


def _main(
    header: list[Segment], found: TransactionSet, everyone: dict[str, Party], own: list[Party | None]
) -> Party | None:
    """Return where lines go that name no place of their own; the only place that any line names, before the buyer's."""
    named = [party for party in own if party is not None]
    if len(named) == len(own):
        return everyone.get(x12_party.SHIP_TO)
    shared = named[0] if named and all(party.is_at(named[0]) for party in named) else None
    return x12_party.header_ship_to(found, header) or shared or x12_party.else_ship_to(everyone)


def _place(found: TransactionSet, party: Party, country: str, keys: set[str], through: Party | None) -> Place:
    address, reasons = x12_party.located(found, party, country)
    if reasons and through is not None and through.code:
        reasons.append(f"the order as a whole is shipped to {through.code}")
    code = party.code if len(party.code) <= 100 and storable(party.code) else ""
    if party.code and not code:
        raise Refusal(BAD_VALUE, found.at(party.segment), "N104 is no location number.")
    key = code or str(len(keys) + 1)
    while key in keys:
        key = f"{key}-{len(keys) + 1}"
    keys.add(key)
    return Place(
        key=key,
        ship_to=address,
        location_code="" if address.lines else code,
        holds=address_holds(reasons),
    )
