"""EDIFACT ORDERS and ORDCHG: orders become drafts, changes become edits, everything else is named.

Choices, where trading partners differ:
- The order's id is the number in BGM, in all directories from D.93A on and in EANCOM.
- Functions 9 (original), 5 (replacement) and 7 (duplicate) are orders: whether there is something to replace, intake
  sees by the id. 1 cancels, 4 changes. Provisional orders (46), copies and requests are UNSUPPORTED.
- Goods go to DP, else ST, UC, CN, else to the buyer. Several destinations become a draft each, with the id
  "<order>/<location number>" and the order's id as their group. A location number that comes without an address is in
  `location_code`, and the order is held until somebody, or the channel's address book, has its address.
- Where no currency is named, it is the one of the country that the parties are in, as far as that can be told.
- A count that is wrong, or a trailer that is missing: the order is read and held for somebody to look.
"""

from collections.abc import Mapping
from dataclasses import replace

from services.chassis.edifact import Message, NotEdifact, messages
from services.chassis.plain_text import clean
from services.intake.channels import edifact_change, edifact_order
from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.refusal import BAD_VALUE, NOT_AN_ORDER, Refusal
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

NOT_EDIFACT = "NOT_EDIFACT"
_NAMES = {
    "APERAK": "an application error and acknowledgement",
    "CONTRL": "a syntax acknowledgement",
    "DELFOR": "a delivery schedule",
    "DELJIT": "a just-in-time delivery",
    "DESADV": "a despatch advice",
    "HANMOV": "a handling instruction",
    "IFTMIN": "a transport instruction",
    "IFTSTA": "a transport status",
    "INSDES": "an instruction to despatch",
    "INVOIC": "an invoice",
    "INVRPT": "an inventory report",
    "ORDRSP": "an order response",
    "OSTENQ": "an order status enquiry",
    "OSTRPT": "an order status report",
    "PARTIN": "party information",
    "PRICAT": "a price catalogue",
    "QUOTES": "a quotation",
    "RECADV": "a receiving advice",
    "REMADV": "a remittance advice",
    "REQOTE": "a request for a quotation",
    "RETANN": "an announcement of returns",
    "SLSFCT": "a sales forecast",
    "SLSRPT": "a sales report",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:  # noqa: ARG001 - bytes say it all
    """Return the orders and changes of an EDIFACT document, and what is wrong with the rest."""
    drafts: list[Draft] = []
    changes: list[ChangeDraft] = []
    problems: list[Problem] = []
    for found in messages(content):
        if isinstance(found, NotEdifact):
            problems.append(Refusal(NOT_EDIFACT, found.position, found.message).problem())
            continue
        try:
            if _is_change(found):
                changes += edifact_change.changes(found, channel)
            elif found.type == "ORDERS":
                drafts += edifact_order.drafts(found, channel)
            else:
                raise _other(found)
        except Refusal as refusal:
            problems.append(replace(refusal.problem(_named(found)), message=clean(refusal.message, 1000)))
    return Reading(drafts=tuple(drafts), changes=tuple(changes), problems=tuple(problems))


def _is_change(found: Message) -> bool:
    if found.type != "ORDERS":
        return found.type == "ORDCHG"
    function = next((segment.get(3) for segment in found.segments if segment.tag == "BGM"), "")
    return function in {edifact_change.CANCELLATION, edifact_change.CHANGE}


def _named(found: Message) -> str:
    if found.type == "ORDCHG":
        return edifact_change.order_name(found)
    return edifact_order.number(found) if found.type == "ORDERS" else ""


def _other(found: Message) -> Refusal:
    kind = found.type[:20]
    if not found.type.isalnum():
        return Refusal(BAD_VALUE, found.position, f"UNH names no message type: {kind!r}.")
    named = f"It is {_NAMES[kind]} ({kind})" if kind in _NAMES else f"It is {kind!r}"
    return Refusal(NOT_AN_ORDER, found.position, f"{named}, not an order (ORDERS).")
