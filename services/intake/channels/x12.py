"""X12 850 purchase orders and 860 changes: orders become drafts, changes become edits, everything else is named.

Choices, where trading partners differ:
- The order's id is BEG03; for a release of a blanket order (BEG02 RL) it is BEG03/BEG04, since BEG03 is the blanket's.
- BEG01 00 (original) and 05 (replacement) are read: whether there is something to replace, intake sees by the id.
- Orders of BEG02 BK, BE, BL or KC are not shipped themselves, their releases are; IN and CF only inform; CP changes.
- Several destinations in one order (SDQ, or lines with ship-to parties that differ) become a draft each, with the id
  "<order>/<location number>" and the order's id as their group. A location number that comes without an address is in
  `location_code`, and the order is held until somebody, or the channel's address book, has its address.
- An order that ends without CTT and without SE may have lost lines: it is held for somebody to look.
"""

from collections.abc import Mapping
from dataclasses import replace

from services.chassis.plain_text import clean
from services.chassis.x12 import NotX12, TransactionSet, transaction_sets
from services.intake.channels import x12_change, x12_order
from services.intake.channels.adapter import NO_HEADERS
from services.intake.channels.refusal import BAD_VALUE, NOT_AN_ORDER, NOT_X12, UNSUPPORTED, Refusal
from services.intake.channels.x12_order import external_id
from services.intake.domain.draft import Draft, Problem
from services.intake.domain.edits import ChangeDraft
from services.intake.domain.reading import Reading

_NAMES = {
    "180": "a return authorisation",
    "810": "an invoice",
    "820": "a payment order",
    "830": "a planning schedule",
    "832": "a price catalogue",
    "846": "an inventory advice",
    "855": "an order acknowledgement",
    "856": "a ship notice",
    "864": "a text message",
    "865": "an order change acknowledgement",
    "870": "an order status report",
    "940": "a warehouse shipping order",
    "943": "a stock transfer notice",
    "944": "a stock transfer receipt",
    "945": "a warehouse shipping advice",
    "947": "a warehouse adjustment advice",
    "997": "a functional acknowledgement",
    "999": "an implementation acknowledgement",
}


def read(content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:  # noqa: ARG001 - bytes say it all
    """Return the orders of an X12 document, and what is wrong with the rest."""
    drafts: list[Draft] = []
    changes: list[ChangeDraft] = []
    problems: list[Problem] = []
    for found in transaction_sets(content):
        if isinstance(found, NotX12):
            problems.append(Refusal(NOT_X12, found.position, found.message).problem())
            continue
        try:
            if found.code == "850":
                drafts += x12_order.drafts(found, channel)
            elif found.code == "860":
                changes += x12_change.changes(found, channel)
            else:
                raise _other(found)
        except Refusal as refusal:
            named = external_id(found) if found.code in {"850", "860"} else ""
            problems.append(replace(refusal.problem(named), message=clean(refusal.message, 1000)))
    return Reading(drafts=tuple(drafts), changes=tuple(changes), problems=tuple(problems))


def _other(found: TransactionSet) -> Refusal:
    if found.code == "875":
        message = "A grocery purchase order (875) is not read: ask the partner for an 850."
        return Refusal(UNSUPPORTED, found.position, message)
    if found.code not in _NAMES:
        return Refusal(
            BAD_VALUE if not found.code else NOT_AN_ORDER, found.position, f"{found.code!r} is no order (850)."
        )
    message = f"It is {_NAMES[found.code]} ({found.code}), not an order."
    return Refusal(NOT_AN_ORDER, found.position, message)
