"""Where the units of an EDIFACT order go: locations of lines (LOC), delivery parties of lines, or the one of the order.

A location has the address of whichever party of the order has the same number; else none.
"""

from dataclasses import replace

from services.chassis.edifact import Message, Segment
from services.chassis.plain_text import storable
from services.intake.channels import edifact_party
from services.intake.channels.destination import address_holds
from services.intake.channels.edi_destinations import Place
from services.intake.channels.edifact_lines import OrderLine
from services.intake.channels.edifact_party import Party
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, UNSUPPORTED, Refusal

_MOST_PLACES = 5000


def places(
    message: Message, header: list[Segment], lines: list[OrderLine], currency_code: str
) -> tuple[list[Place], list[dict[int, int]]]:
    """Return the destinations, and for each line how many units go to which (by its index).

    Raises:
        Refusal: MISSING_FIELD (nowhere to go), UNKNOWN_COUNTRY, BAD_VALUE, UNSUPPORTED.
    """
    everyone = edifact_party.parties(header)
    roles = edifact_party.by_role(everyone)
    addresses = {party.code: party for party in reversed(everyone) if party.code and party.address.lines}
    main = _main(roles)
    index: dict[tuple[str, ...], int] = {}
    found: list[Party] = []
    shares: list[dict[int, int]] = []
    for line in lines:
        share: dict[int, int] = {}
        for party, count in _goes_to(line, main, addresses):
            if party is None:
                text = "The order names nobody to deliver to: there is no NAD of DP, ST, UC, CN or BY."
                raise Refusal(MISSING_FIELD, message.position, text)
            at = next((index[name] for name in party.names if name in index), len(found))
            if at == len(found):
                found.append(party)
            for name in party.names:
                index.setdefault(name, at)
            share[at] = share.get(at, 0) + count
        shares.append(share)
    if len(found) > _MOST_PLACES:
        raise Refusal(UNSUPPORTED, message.position, f"The order goes to more than {_MOST_PLACES} places: split it.")
    assumed = edifact_party.assumed_country(message, roles, currency_code)
    keys: set[str] = set()
    return [_place(message, party, assumed, keys) for party in found], shares


def is_split(lines: list[OrderLine]) -> bool:
    """Tell whether lines name locations, so that the order is one for each even where there is only one."""
    return any(line.locations for line in lines)


def _main(roles: dict[str, Party]) -> Party | None:
    wanted = (*edifact_party.DESTINATIONS, *edifact_party.BUYERS)
    return next((roles[role] for role in wanted if role in roles), None)


def _goes_to(line: OrderLine, main: Party | None, addresses: dict[str, Party]) -> list[tuple[Party | None, int]]:
    quantity = line.line.quantity
    if line.locations:
        loc = next(segment for segment in line.loop if segment.tag == "LOC")
        return [
            (addresses.get(code) or Party(segment=loc, role="LOC", code=code), count)
            for code, count in line.locations.items()
        ]
    own = edifact_party.by_role(edifact_party.parties(line.loop))
    party = next((own[role] for role in edifact_party.DESTINATIONS if role in own), None)
    if party is not None and not party.address.lines and party.code in addresses:
        party = replace(addresses[party.code], segment=party.segment)
    return [(party or main, quantity)]


def _place(message: Message, party: Party, assumed: str, keys: set[str]) -> Place:
    address, reasons = edifact_party.located(message, party, assumed)
    if len(party.code) > 100 or not storable(party.code):
        raise Refusal(BAD_VALUE, message.at(party.segment), "The location number is too long, or none.")
    key = party.code or str(len(keys) + 1)
    while key in keys:
        key = f"{key}-{len(keys) + 1}"
    keys.add(key)
    return Place(
        key=key,
        ship_to=address,
        location_code="" if address.lines else party.code,
        holds=address_holds(reasons),
    )
