"""One X12 850 as drafts: one, or one for each of its destinations."""

from dataclasses import replace
from itertools import takewhile

from services.chassis.plain_text import clean, storable
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import amounts, edi_adjustments, x12_adjustments, x12_details, x12_lines, x12_party
from services.intake.channels.edi_destinations import computed_total, parted
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, UNSUPPORTED, Refusal
from services.intake.channels.x12_lines import OrderLine
from services.intake.channels.x12_places import places
from services.intake.domain.draft import Address, Draft, DraftLine, HoldSpec, HoldType, PaymentDraft, PaymentState
from services.kernel.money import Money, allocate

_ORIGINAL, _REPLACEMENT = "00", "05"
_NOT_SHIPPED = {
    "BK": "a blanket order, whose releases are shipped",
    "BE": "a blanket order, whose releases are shipped",
    "BL": "a blanket order, whose releases are shipped",
    "KC": "a contract",
    "CP": "a change to an order",
    "IN": "an information copy",
    "CF": "a confirmation",
}
_RUSH = {"RO", "EO"}
_SHIP_COMPLETE = "SC"


def external_id(found: TransactionSet) -> str:
    """Return the buyer's id of the order, empty where it cannot be read."""
    begin = next((segment for segment in found.segments if segment.tag in {"BEG", "BCH"}), None)
    if begin is None:
        return ""
    name = f"{begin[3]}/{begin[4]}" if begin[2] == "RL" and begin[4] else begin[3]
    return name if len(name) <= 200 and storable(name) else ""


def drafts(found: TransactionSet, channel: str) -> list[Draft]:
    """Return the order, a draft for each place it goes to.

    Raises:
        Refusal: why it cannot be one.
    """
    begin = _begin(found)
    header = list(takewhile(lambda segment: segment.tag != "PO1", found.segments))
    currency_code = currency(found, header)
    lines = x12_lines.order_lines(found, currency_code)
    destinations, shares = places(found, header, lines, currency_code)
    whole = _whole(found, channel, header, lines, currency_code)
    alone = len(destinations) == 1
    if alone and not any(line.stores for line in lines):
        place = destinations[0]
        details = replace(whole.details, location_code=place.location_code)
        result = [replace(whole, ship_to=place.ship_to, holds=(*place.holds, *whole.holds), details=details)]
    else:
        result = parted(replace(whole, ship_to=destinations[0].ship_to), destinations, shares)
    for draft in result:
        if len(draft.lines) > MOST_LINES:
            message = f"The order has {len(draft.lines)} lines: {MOST_LINES} is the most."
            raise Refusal(BAD_VALUE, found.position, message)
        if len(draft.external_id) > 200:
            raise Refusal(BAD_VALUE, found.at(begin), "BEG03 and the location number together are too long.")
    return result


def currency(found: TransactionSet, header: list[Segment]) -> str:
    """Return the currency of the order: CUR02, US dollars where there is none."""
    segment = next((segment for segment in header if segment.tag == "CUR"), None)
    if segment is None:
        return "USD"
    code = segment[2].upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Refusal(BAD_VALUE, found.at(segment), f"CUR02 must be an ISO 4217 currency, not {code[:20]!r}.")
    return code


def is_cut_off(found: TransactionSet) -> bool:
    """Tell whether lines may have been lost: there is neither CTT nor SE."""
    return not found.closed and not any(segment.tag == "CTT" for segment in found.segments)


def _whole(
    found: TransactionSet, channel: str, header: list[Segment], lines: list[OrderLine], currency_code: str
) -> Draft:
    begin = _begin(found)
    everyone = x12_party.parties(header)
    buyer = everyone.get("BY") or everyone.get("BT")
    goods = sum(line.line.total.minor - line.line.tax.minor for line in lines)
    units = sum(line.line.quantity for line in lines)
    changed = x12_adjustments.adjustments(found, header, goods, units, currency_code)
    changed = (*changed, *(each for line in lines for each in line.charges))
    freight = sum(each.minor for each in changed if each.is_freight)
    charges = edi_adjustments.charges(changed, currency_code)
    if len(charges) > 500:
        raise Refusal(BAD_VALUE, found.position, "The order has more than 500 charges and allowances of its own.")
    draft = Draft(
        channel=channel,
        external_id=external_id(found),
        order_number=begin[3],
        order_time=x12_details.day(begin[5]),
        currency_code=currency_code,
        customer_reference=clean(buyer.code or buyer.address.name, 200) if buyer else "",
        ship_to=Address(),
        bill_to=everyone["BT"].address if "BT" in everyone else None,
        lines=_taxed(found, header, [line.line for line in lines], currency_code),
        shipping=Money(freight, currency_code),
        shipping_tax=Money(0, currency_code),
        total=Money(0, currency_code),
        payment=PaymentDraft(state=PaymentState.ON_TERMS),
        service_level=x12_details.service(header, rush=begin[2] in _RUSH),
        ship_complete=any(segment.tag == "CSH" and segment[1] == _SHIP_COMPLETE for segment in header),
        holds=_holds(found, lines),
        note=x12_details.note(header, ((line.line.external_line_id, line.loop) for line in lines)),
        details=replace(x12_details.details(found, header), charges=charges),
    )
    total = _stated_total(found, currency_code, max(computed_total(draft), 0))
    return replace(draft, total=Money(total, currency_code))


def _begin(found: TransactionSet) -> Segment:
    begin = next((segment for segment in found.segments if segment.tag == "BEG"), None)
    if begin is None:
        raise Refusal(MISSING_FIELD, found.position, "The order has no BEG segment, so it has no number.")
    where = found.at(begin)
    if begin[1] not in {_ORIGINAL, _REPLACEMENT}:
        raise Refusal(UNSUPPORTED, where, f"BEG01 is {begin[1]!r}: only 00 (original) and 05 (replacement) are read.")
    if begin[2] in _NOT_SHIPPED:
        raise Refusal(UNSUPPORTED, where, f"BEG02 is {begin[2]}, {_NOT_SHIPPED[begin[2]]}: it is not shipped itself.")
    if not begin[3]:
        raise Refusal(MISSING_FIELD, where, "BEG03, the number of the order, is empty.")
    if not external_id(found):
        raise Refusal(BAD_VALUE, where, "BEG03 is no order number: it is too long, or has control characters.")
    return begin


def _taxed(
    found: TransactionSet, header: list[Segment], lines: list[DraftLine], currency_code: str
) -> tuple[DraftLine, ...]:
    """Return the lines with their shares of the taxes on the whole order, unless any line tells its own."""
    weights = [line.total.minor for line in lines]
    taxes = x12_adjustments.taxes(found, header, sum(weights), currency_code)
    if not taxes or not any(weights) or any(line.details.taxes for line in lines):
        return tuple(lines)
    shares = [allocate(tax.amount.minor, weights) for tax in taxes]
    result = []
    for index, line in enumerate(lines):
        parts = tuple(
            replace(tax, amount=Money(share[index], currency_code)) for tax, share in zip(taxes, shares, strict=True)
        )
        tax = Money(sum(part.amount.minor for part in parts), currency_code)
        result.append(replace(line, tax=tax, details=replace(line.details, taxes=parts)))
    return tuple(result)


def _stated_total(found: TransactionSet, currency_code: str, computed: int) -> int:
    """Return the total that the buyer states (AMT TT) behind the lines or first of all, else the computed one."""
    after = False
    for segment in found.segments:
        after = after or segment.tag == "CTT"
        if segment.tag == "AMT" and segment[1] == "TT" and (after or segment.number == 1):
            amount = amounts.parse(segment[2])
            return amounts.minor(amount, currency_code) if amount is not None and amount >= 0 else computed
    return computed


def _holds(found: TransactionSet, lines: list[OrderLine]) -> tuple[HoldSpec, ...]:
    holds = []
    if is_cut_off(found):
        note = "The order ends without CTT and without SE: lines may have been lost. Compare it with the buyer's."
        holds.append(HoldSpec(handle="truncated", type=HoldType.OTHER, note=note))
    unlike = [line.line.external_line_id for line in lines if line.disagrees]
    if unlike:
        note = f"SDQ adds up to another quantity than PO102, and is taken, in lines {', '.join(unlike[:20])}: ask."
        holds.append(HoldSpec(handle="quantities", type=HoldType.OTHER, note=clean(note, 1000)))
    return tuple(holds)
