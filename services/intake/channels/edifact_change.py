"""One EDIFACT ORDCHG (or an ORDERS that changes or cancels) as edits.

LIN 1229 says what happens to a line: 1 adds it, 2 deletes it, 3 wants its QTY in all (the new quantity, not the
difference), 4 and 5 leave it. A line is named by its LIN number, which is the one of the order; the order by RFF+ON,
else by BGM. A change of prices only is not read. A change is read whole or not at all, and not from a message that
something may be missing of.
"""

from services.chassis.edifact import Message, Segment
from services.chassis.plain_text import clean, storable
from services.intake.channels import edifact_details, edifact_lines, edifact_order, edifact_party
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, UNSUPPORTED, Refusal
from services.intake.domain.edits import AddLine, CancelOrder, ChangeDraft, Edit, SetAddress, SetDates, SetQuantity

CANCELLATION = "1"
CHANGE = "4"
_READ = {"4", "5", "9", "2", "3", ""}
_ADDED, _DELETED, _CHANGED = "1", "2", ("3", "")
_NOTHING = {"4", "5"}
_WHOLE = ""


def changes(message: Message, channel: str) -> list[ChangeDraft]:
    """Return the change; several, where it changes the orders of several locations.

    Raises:
        Refusal: why it cannot be made as it is, and what to do.
    """
    bgm = edifact_order.begin(message)
    header, loops, _ = edifact_lines.split(message.segments)
    name = order_name(message)
    if bgm.get(3) == CANCELLATION:
        edits: dict[str, list[Edit]] = {_WHOLE: [CancelOrder()]}
    elif bgm.get(3) not in _READ:
        text = f"The change's function is {bgm.get(3)[:5]!r}: only 1 (cancellation), 4 and 5 are read."
        raise Refusal(UNSUPPORTED, message.at(bgm), text)
    else:
        if message.doubts:
            text = f"Something may be missing: {'; '.join(message.doubts)}. Ask for the change again."
            raise Refusal(BAD_VALUE, message.position, text)
        edits = _line_edits(message, loops, edifact_order.currency(message, header))
        edits = edits or {_WHOLE: _header_edits(message, header)}
    if not any(edits.values()):
        text = "The change names nothing that can be changed here: compare the order with the buyer's."
        raise Refusal(UNSUPPORTED, message.at(bgm), text)
    return [
        ChangeDraft(
            channel=channel,
            external_id=f"{name}/{place}"[:200] if place else name,
            change_id=_change_id(message, bgm, header),
            edits=tuple(made),
            reason=edifact_details.note(header, ()),
        )
        for place, made in edits.items()
    ]


def order_name(message: Message) -> str:
    """Return the id of the order that is changed: RFF+ON of the header, else the number in BGM."""
    header, _, _ = edifact_lines.split(message.segments)
    named = next((s.get(1, 2) for s in header if s.tag == "RFF" and s.get(1) == "ON" and s.get(1, 2)), "")
    if message.type != "ORDCHG":
        return edifact_order.number(message)
    return named if named and len(named) <= 200 and storable(named) else edifact_order.number(message)


def _change_id(message: Message, bgm: Segment, header: list[Segment]) -> str:
    """Return what tells this change from another of its order, the same when it is sent again."""
    date = next((s.get(1, 2) for s in header if s.tag == "DTM" and s.get(1) == "137"), "")
    return clean("/".join(word for word in (bgm.get(2), date, message.control) if word), 200)


def _line_edits(message: Message, loops: list[list[Segment]], currency_code: str) -> dict[str, list[Edit]]:
    edits: dict[str, list[Edit]] = {}
    for loop in loops:
        for place, edit in _edits_of(message, loop, currency_code):
            edits.setdefault(place, []).append(edit)
    return edits


def _edits_of(message: Message, loop: list[Segment], currency_code: str) -> list[tuple[str, Edit]]:
    lin = loop[0]
    where, line_id, action = message.at(lin), lin.get(1), lin.get(2)
    if action in _NOTHING:
        return []
    if action not in {_ADDED, _DELETED, *_CHANGED}:
        text = (
            f"The line's action is {action[:10]!r}: such a change is not read. Make it by hand, or ask for 1, 2 or 3."
        )
        raise Refusal(UNSUPPORTED, where, text)
    if not line_id:
        raise Refusal(MISSING_FIELD, where, "LIN has no number, so it names no line of the order.")
    edifact_lines.check_line_id(line_id, where)
    places = edifact_lines.locations(message, loop)
    if action == _DELETED:
        return [(place, SetQuantity(line_id=line_id, quantity=0)) for place in places or {_WHOLE: 0}]
    if action == _ADDED:
        added = edifact_lines.order_line(message, loop, line_id, currency_code)
        if added.charges or added.locations:
            text = "The line that is added has charges or several destinations: ask for an order (ORDERS) of it."
            raise Refusal(UNSUPPORTED, where, text)
        return [(_WHOLE, AddLine(line=added.line))]
    if places:
        return [(place, SetQuantity(line_id=line_id, quantity=count)) for place, count in places.items()]
    quantity = edifact_lines.ordered_units(message, loop)
    if quantity is not None:
        return [(_WHOLE, SetQuantity(line_id=line_id, quantity=quantity))]
    earliest, due = edifact_details.dates(loop)
    if earliest or due:
        return [(_WHOLE, SetDates(earliest_time=earliest, due_time=due))]
    text = "The line changes neither quantity nor dates: agree on a price with the buyer, then change it by hand."
    raise Refusal(UNSUPPORTED, where, text)


def _header_edits(message: Message, header: list[Segment]) -> list[Edit]:
    """Return what the change says about the whole order, where it changes no line."""
    made: list[Edit] = []
    earliest, due = edifact_details.dates(header)
    if earliest or due:
        made.append(SetDates(earliest_time=earliest, due_time=due))
    roles = edifact_party.by_role(edifact_party.parties(header))
    party = next((roles[role] for role in edifact_party.DESTINATIONS if role in roles), None)
    if party is not None and party.address.lines:
        assumed = edifact_party.assumed_country(message, roles, edifact_order.currency(message, header))
        address, reasons = edifact_party.located(message, party, assumed)
        if reasons:
            text = f"The new address cannot be used as it is: {'; '.join(reasons)}."
            raise Refusal(BAD_VALUE, message.at(party.segment), text)
        made.append(SetAddress(ship_to=address))
    return made
