"""One X12 860, the buyer's change of an order, as edits.

POC02 says what happens to a line: AI adds it, DI deletes it; CA, CH, QD, QI, RQ and RZ want POC03 units of it in all
(CH, QD and QI too: the new quantity, not the difference); CB, CT, RB, RS and RQ say new dates; NC changes nothing.
A line is named by POC01, which is the PO101 of the order. With SDQ the change is of the orders of these stores.
BCH01 01 cancels the order. 05 (replacement) is read line by line too: a line it leaves out stays as it is.
A change is read whole or not at all, so that nothing of it is lost silently.
"""

from itertools import takewhile

from services.chassis.plain_text import clean, storable
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import x12_details, x12_lines, x12_party
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, UNSUPPORTED, Refusal
from services.intake.channels.x12_order import currency, external_id, is_cut_off
from services.intake.domain.edits import AddLine, CancelOrder, ChangeDraft, Edit, SetAddress, SetDates, SetQuantity

_CANCELLATION = "01"
_CHANGES = {"00", "02", "03", "04", "05"}
_QUANTITY = {"CA", "CH", "QD", "QI", "RQ", "RZ"}
_DATES = {"CB", "CT", "RB", "RS"}
_PRICES = {"PC": "a price", "PQ": "a price and a quantity", "PR": "a price, a quantity and dates", "CG": "a total"}
_NOTHING = {"NC", "OA"}
_WHOLE = ""


def changes(found: TransactionSet, channel: str) -> list[ChangeDraft]:
    """Return the change; several, where it changes the orders of several stores.

    Raises:
        Refusal: why it cannot be made as it is, and what to do.
    """
    begin = _begin(found)
    header = list(takewhile(lambda segment: segment.tag != "POC", found.segments))
    if begin[1] == _CANCELLATION:
        edits: dict[str, list[Edit]] = {_WHOLE: [CancelOrder()]}
    else:
        if is_cut_off(found):
            raise Refusal(BAD_VALUE, found.position, "The change ends without CTT and without SE: ask for it again.")
        edits = _line_edits(found, currency(found, header))
        if not edits:
            edits = {_WHOLE: _header_edits(found, header)}
    if not any(edits.values()):
        message = "The change names nothing that can be changed here: compare the order with the buyer's."
        raise Refusal(UNSUPPORTED, found.at(begin), message)
    name = external_id(found)
    return [
        ChangeDraft(
            channel=channel,
            external_id=f"{name}/{store}"[:200] if store else name,
            change_id=_change_id(found, begin),
            edits=tuple(made),
            reason=x12_details.note(header, ()),
        )
        for store, made in edits.items()
    ]


def _begin(found: TransactionSet) -> Segment:
    begin = next((segment for segment in found.segments if segment.tag == "BCH"), None)
    if begin is None:
        raise Refusal(MISSING_FIELD, found.position, "The change has no BCH segment, so it names no order.")
    where = found.at(begin)
    if begin[1] not in _CHANGES | {_CANCELLATION}:
        raise Refusal(UNSUPPORTED, where, f"BCH01 is {begin[1][:10]!r}: only 00 to 05 are read.")
    if not begin[3]:
        raise Refusal(MISSING_FIELD, where, "BCH03, the number of the order, is empty.")
    if not external_id(found):
        raise Refusal(BAD_VALUE, where, "BCH03 is no order number: it is too long, or has control characters.")
    return begin


def _change_id(found: TransactionSet, begin: Segment) -> str:
    """Return what tells this change from another of its order, the same when it is sent again."""
    words = (begin[5], begin[11] or begin[10], found.control)
    return clean("/".join(word for word in words if word), 200)


def _line_edits(found: TransactionSet, currency_code: str) -> dict[str, list[Edit]]:
    edits: dict[str, list[Edit]] = {}
    for loop in x12_lines.line_loops(found.segments, "POC"):
        for store, edit in _edits_of(found, loop, currency_code):
            made = edits.setdefault(store, [])
            if edit not in made:
                made.append(edit)
    return edits


def _edits_of(found: TransactionSet, loop: list[Segment], currency_code: str) -> list[tuple[str, Edit]]:
    poc = loop[0]
    where, code, line_id = found.at(poc), poc[2], poc[1]
    if code in _NOTHING:
        return []
    if code in _PRICES:
        message = f"POC02 is {code}, a change of {_PRICES[code]}: agree on it with the buyer, then change it by hand."
        raise Refusal(UNSUPPORTED, where, message)
    if code in _DATES:
        return [(_WHOLE, _new_dates(loop, where))]
    if code not in _QUANTITY | {"AI", "DI"}:
        message = f"POC02 is {code[:10]!r}: such a change is not read. Make it by hand, or ask for AI, DI, QD or QI."
        raise Refusal(UNSUPPORTED, where, message)
    if not line_id:
        raise Refusal(MISSING_FIELD, where, "POC01, the number of the line in the order, is empty.")
    x12_lines.check_line_id(line_id, where)
    if code == "AI":
        return _added(found, loop, currency_code)
    stores = x12_lines.stores(found, loop)
    if code == "DI":
        return [(store, SetQuantity(line_id=line_id, quantity=0)) for store in stores or {_WHOLE: 0}]
    if stores:
        return [(store, SetQuantity(line_id=line_id, quantity=count)) for store, count in stores.items()]
    quantity = x12_lines.units(poc[3], "POC03", where, least=0)
    made: list[tuple[str, Edit]] = [(_WHOLE, SetQuantity(line_id=line_id, quantity=quantity))]
    if code == "RQ" and any(segment.tag == "DTM" for segment in loop):
        made.append((_WHOLE, _new_dates(loop, where)))
    return made


def _added(found: TransactionSet, loop: list[Segment], currency_code: str) -> list[tuple[str, Edit]]:
    """Return the new line: a POC segment is a PO1 with two elements more, and the line is read as one."""
    poc = loop[0]
    po1 = Segment("PO1", (poc[1], poc[3], poc[5], poc[6], poc[7], *poc.elements[7:]), poc.number)
    added = x12_lines.order_line(found, [po1, *loop[1:]], poc[1], currency_code, tag="POC")
    if added.charges:
        raise Refusal(UNSUPPORTED, found.at(poc), "The line that is added has charges: add it by hand.")
    if not added.stores:
        return [(_WHOLE, AddLine(line=added.line))]
    message = "A line that is added for several stores is not read: ask the partner for an 850 of it."
    raise Refusal(UNSUPPORTED, found.at(poc), message)


def _new_dates(segments: list[Segment], where: str) -> SetDates:
    earliest, due = x12_details.dates(segments)
    if earliest is None and due is None:
        raise Refusal(UNSUPPORTED, where, "The change of dates names no date to deliver by or not before.")
    return SetDates(earliest_time=earliest, due_time=due)


def _header_edits(found: TransactionSet, header: list[Segment]) -> list[Edit]:
    """Return what the change says about the whole order, where it changes no line."""
    made: list[Edit] = []
    earliest, due = x12_details.dates(header)
    if earliest or due:
        made.append(SetDates(earliest_time=earliest, due_time=due))
    party = x12_party.header_ship_to(found, header)
    if party is not None and party.address.lines and storable(party.code):
        country = x12_party.default_country(x12_party.parties(header), currency(found, header))
        address, reasons = x12_party.located(found, party, country)
        if reasons:
            message = f"The new ship-to address cannot be used as it is: {'; '.join(reasons)}."
            raise Refusal(BAD_VALUE, found.at(party.segment), message)
        made.append(SetAddress(ship_to=address))
    return made
