"""The parties of an EDIFACT order: NAD segments with their contacts, as addresses."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from services.chassis.edifact import Message, Segment
from services.intake.channels.countries import country_code
from services.intake.channels.destination import fitted, lacking
from services.intake.channels.edi_destinations import COUNTRY_OF_CURRENCY
from services.intake.channels.refusal import UNKNOWN_COUNTRY, Refusal
from services.intake.domain.draft import Address

# Who gets the goods, the surest first: delivery party, ship-to, ultimate consignee, consignee.
DESTINATIONS = ("DP", "ST", "UC", "CN")
BUYERS = ("BY", "OB", "IV")
_TELEPHONES, _EMAIL = ("TE", "AL"), "EM"
# Whose number it is that GS1 gave out, by the first three digits (from, to, country): only ever an assumption.
_GS1 = """
000 139 US 300 379 FR 380 380 BG 383 383 SI 385 385 HR 387 387 BA 389 389 ME 400 440 DE 450 459 JP 460 469 RU 471 471 TW
474 474 EE 475 475 LV 477 477 LT 482 482 UA 489 489 HK 490 499 JP 500 509 GB 520 521 GR 529 529 CY 530 530 AL 531 531 MK
535 535 MT 539 539 IE 540 549 BE 560 560 PT 569 569 IS 570 579 DK 590 590 PL 594 594 RO 599 599 HU 600 601 ZA 640 649 FI
690 699 CN 700 709 NO 729 729 IL 730 739 SE 750 750 MX 754 755 CA 760 769 CH 778 779 AR 789 790 BR 800 839 IT 840 849 ES
858 858 SK 859 859 CZ 860 860 RS 868 869 TR 870 879 NL 880 880 KR 885 885 TH 888 888 SG 890 890 IN 900 919 AT 930 939 AU
940 949 NZ
"""
_RANGES = _GS1.split()
_PREFIXES = [(int(_RANGES[i]), int(_RANGES[i + 1]), _RANGES[i + 2]) for i in range(0, len(_RANGES), 3)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One NAD with what follows it."""

    segment: Segment
    role: str
    code: str
    stated_country: str = ""
    address: Address = field(default_factory=Address)

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """What makes two parties the same destination, each by itself."""
        a = self.address
        told = tuple(part.casefold() for part in (*a.lines, a.city, a.postal_code) if part)
        code = (("code", self.code),) if self.code else ()
        return (*code, ("place", *told)) if told else code or (("name", a.name.casefold()),)


def parties(segments: Iterable[Segment]) -> list[Party]:
    """Return every party among the segments."""
    found: list[Party] = []
    for segment in segments:
        if segment.tag == "NAD":
            found.append(_party(segment))
        elif found and segment.tag == "CTA":
            address = found[-1].address
            found[-1] = replace(found[-1], address=replace(address, name=address.name or segment.get(2, 2)))
        elif found and segment.tag == "COM":
            found[-1] = _reached(found[-1], segment)
    return found


def by_role(found: Iterable[Party]) -> dict[str, Party]:
    """Return the parties by their role, the first of each."""
    roles: dict[str, Party] = {}
    for party in found:
        roles.setdefault(party.role, party)
    return roles


def assumed_country(message: Message, roles: dict[str, Party], currency_code: str) -> str:
    """Return the country that is assumed where none is given.

    The one of the buyer's address, else of another party's; of the country that gave out a party's number; of the
    currency; else Germany.
    """
    ordered = [roles[role] for role in (*BUYERS, *DESTINATIONS, "SU", "SE") if role in roles]
    stated = next((party.address.country_code for party in ordered if party.address.country_code), "")
    codes = [*(party.code for party in ordered), message.sender, message.receiver]
    numbered = next((country for code in codes if (country := country_of_number(code))), "")
    return stated or numbered or COUNTRY_OF_CURRENCY.get(currency_code, "DE")


def country_of_number(code: str) -> str:
    """Return the country whose organisation gave out a global location number, empty for what is none."""
    if len(code) != 13 or not code.isascii() or not code.isdigit():
        return ""
    prefix = int(code[:3])
    return next((country for low, high, country in _PREFIXES if low <= prefix <= high), "")


def located(message: Message, party: Party, assumed: str) -> tuple[Address, list[str]]:
    """Return the party's address, and why it cannot be used as it is.

    Raises:
        Refusal: UNKNOWN_COUNTRY.
    """
    if party.stated_country and not party.address.country_code:
        text = f"NAD names {party.stated_country[:20]!r}, no country that ISO 3166 knows."
        raise Refusal(UNKNOWN_COUNTRY, message.at(party.segment), text)
    address, reasons = fitted(party.address)
    if not address.country_code:
        country = country_of_number(party.code) or assumed
        address = replace(address, country_code=country)
        reasons.append(f"its country is not given, and {country} is assumed")
    if not address.lines and party.code:
        reasons.append(f"only location number {party.code} is given: resolve it")
    return address, reasons + lacking(address)


def _party(segment: Segment) -> Party:
    free = [text for text in segment.components(3) if text]
    names = [text for text in segment.components(4)[:5] if text]
    streets = [text for text in segment.components(5) if text]
    if free and not names:
        names, free = free[:1], free[1:]
    address = Address(
        name=names[0] if names else "",
        company=" ".join(names[1:]),
        lines=tuple(streets or free),
        city=segment.get(6),
        administrative_area=segment.get(7, 4) or segment.get(7),
        postal_code=segment.get(8),
        country_code=country_code(segment.get(9)) if segment.get(9) else "",
    )
    return Party(
        segment=segment, role=segment.get(1), code=segment.get(2), stated_country=segment.get(9), address=address
    )


def _reached(party: Party, segment: Segment) -> Party:
    address = party.address
    for number, kind, *_ in (components for components in segment.elements if len(components) >= 2):
        if kind in _TELEPHONES and not address.phone:
            address = replace(address, phone=number)
        if kind == _EMAIL and not address.email:
            address = replace(address, email=number)
    return replace(party, address=address)
