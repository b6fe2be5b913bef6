"""The parties of an X12 order: N1 loops as addresses, and which of them the goods go to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels.countries import country_code, country_of_state
from services.intake.channels.destination import fitted, lacking
from services.intake.channels.edi_destinations import COUNTRY_OF_CURRENCY
from services.intake.channels.refusal import UNKNOWN_COUNTRY, UNSUPPORTED, Refusal
from services.intake.domain.draft import Address

SHIP_TO = "ST"
# Where there is none: bill-and-ship-to, buyer, the first that is there.
_ELSE = ("BS", "BY")
_TELEPHONE, _EMAIL = "TE", "EM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One N1 loop."""

    segment: Segment
    code: str
    stated_country: str = ""
    address: Address = field(default_factory=Address)

    @property
    def place(self) -> tuple[str, ...]:
        """What makes two ship-to parties the same destination."""
        a = self.address
        told = (*a.lines, a.city, a.administrative_area, a.postal_code)
        return tuple(part.casefold() for part in (told if any(told) else (self.code or a.name,)))

    @property
    def qualifier(self) -> str:
        """What kind of number its code is (N103)."""
        return self.segment[3]

    def is_at(self, other: "Party") -> bool:
        """Tell whether it is the same destination as another."""
        named = (self.segment[3], self.code)
        return self.place == other.place or (all(named) and named == (other.segment[3], other.code))


def parties(segments: Iterable[Segment]) -> dict[str, Party]:
    """Return the parties by their role (N101), the first of each role."""
    found: dict[str, Party] = {}
    for party in loops(segments):
        found.setdefault(party.segment[1], party)
    return found


def header_ship_to(found: TransactionSet, header: Iterable[Segment]) -> Party | None:
    """Return the party that the whole order goes to, None where the header names none.

    Raises:
        Refusal: UNSUPPORTED, where it names several places.
    """
    everyone = loops(header)
    named = [party for party in everyone if party.segment[1] == SHIP_TO]
    other = next((other for other in named[1:] if not other.is_at(named[0])), None)
    if other is not None:
        message = "The order as a whole goes to several places: ask the partner to say which line goes where."
        raise Refusal(UNSUPPORTED, found.at(other.segment), message)
    return next(iter(named), None)


def else_ship_to(header: dict[str, Party]) -> Party | None:
    """Return where goods go that have no ship-to party."""
    return next((header[role] for role in _ELSE if role in header), None)


def default_country(header: dict[str, Party], currency_code: str) -> str:
    """Return the country that is assumed where none is given: the buyer's, else the currency's, else the US."""
    given = (header[role].address.country_code for role in ("BY", "BT", "ST") if role in header)
    return next((country for country in given if country), "") or COUNTRY_OF_CURRENCY.get(currency_code, "US")


def located(found: TransactionSet, party: Party, country: str) -> tuple[Address, list[str]]:
    """Return the party's address, and why it cannot be used as it is.

    Raises:
        Refusal: UNKNOWN_COUNTRY.
    """
    if party.stated_country and not party.address.country_code:
        message = f"N404 is {party.stated_country[:20]!r}, no country that ISO 3166 knows."
        raise Refusal(UNKNOWN_COUNTRY, found.at(party.segment), message)
    address, reasons = fitted(party.address)
    if not address.country_code:
        address = replace(address, country_code=country)
        reasons.append(f"its country is not given, and {country} is assumed")
    if not address.lines and party.code:
        reasons.append(f"only location number {party.code} is given (qualifier {party.qualifier}): resolve it")
    return address, reasons + lacking(address)


def loops(segments: Iterable[Segment]) -> list[Party]:
    """Return every party among the segments."""
    parties: list[Party] = []
    open_loop = False
    for segment in segments:
        if segment.tag == "N1":
            parties.append(Party(segment=segment, code=segment[4], address=Address(name=segment[2])))
            open_loop = True
        elif segment.tag in {"PO1", "N9", "SPI", "CTT"}:
            open_loop = False
        elif open_loop:
            parties[-1] = _with(parties[-1], segment)
    return [
        replace(party, address=fitted(party.address)[0]) if party.segment[1] == "BT" else party for party in parties
    ]


def _with(party: Party, segment: Segment) -> Party:
    address = party.address
    if segment.tag == "N2":
        return replace(party, address=replace(address, company=address.company or segment[1]))
    if segment.tag == "N3":
        more = tuple(line for line in segment.elements[:2] if line)
        return replace(party, address=replace(address, lines=address.lines + more))
    if segment.tag == "N4":
        country = country_code(segment[4]) if segment[4] else country_of_state(segment[2])
        address = replace(
            address, city=segment[1], administrative_area=segment[2], postal_code=segment[3], country_code=country
        )
        return replace(party, address=address, stated_country=segment[4])
    if segment.tag == "PER":
        numbers = dict(zip(segment.elements[2::2], segment.elements[3::2], strict=False))
        address = replace(
            address,
            name=address.name or segment[2],
            phone=address.phone or numbers.get(_TELEPHONE, ""),
            email=address.email or numbers.get(_EMAIL, ""),
        )
        return replace(party, address=address)
    return party
