"""One X12 850 as a draft."""

from datetime import UTC, datetime
from itertools import takewhile

from services.chassis.plain_text import clean, storable
from services.chassis.x12 import Segment, TransactionSet
from services.intake.channels import x12_lines
from services.intake.channels.destination import address_holds
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, UNSUPPORTED, Refusal
from services.intake.channels.x12_party import parties, ship_to
from services.intake.domain.draft import Draft, HoldSpec, HoldType, PaymentDraft, PaymentState, ServiceLevel
from services.kernel.money import Money

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
_SERVICE = {
    "ND": ServiceLevel.NEXT_DAY,
    "NX": ServiceLevel.NEXT_DAY,
    "PN": ServiceLevel.NEXT_DAY,
    "ON": ServiceLevel.NEXT_DAY,
    "SE": ServiceLevel.EXPEDITED,
    "SD": ServiceLevel.EXPEDITED,
    "ET": ServiceLevel.EXPEDITED,
    "3D": ServiceLevel.EXPEDITED,
}


def external_id(found: TransactionSet) -> str:
    """Return the buyer's id of the order, empty where it cannot be read."""
    begin = next((segment for segment in found.segments if segment.tag == "BEG"), None)
    if begin is None:
        return ""
    name = f"{begin[3]}/{begin[4]}" if begin[2] == "RL" and begin[4] else begin[3]
    return name if len(name) <= 200 and storable(name) else ""


def draft(found: TransactionSet, channel: str) -> Draft:
    """Return the order.

    Raises:
        Refusal: why it cannot be one.
    """
    begin = _begin(found)
    header = list(takewhile(lambda segment: segment.tag != "PO1", found.segments))
    currency_code = _currency(found, header)
    lines, charges = x12_lines.order_lines(found, currency_code)
    everyone = parties(header)
    address, reasons = ship_to(found, everyone, "CA" if currency_code == "CAD" else "US")
    buyer = everyone.get("BY") or everyone.get("BT")
    allowed, charged = x12_lines.header_amounts(found, header, currency_code)
    computed = sum(line.total.minor for line in lines) + charges + charged - allowed
    bill_to = everyone["BT"].address if "BT" in everyone else None
    return Draft(
        channel=channel,
        external_id=external_id(found),
        order_number=begin[3],
        order_time=_day(begin[5]),
        currency_code=currency_code,
        customer_reference=clean(buyer.code or buyer.address.name, 200) if buyer else "",
        ship_to=address,
        bill_to=bill_to,
        lines=lines,
        shipping=Money(charges + charged, currency_code),
        shipping_tax=Money(0, currency_code),
        total=Money(x12_lines.stated_total(found, currency_code, max(computed, 0)), currency_code),
        payment=PaymentDraft(state=PaymentState.ON_TERMS),
        service_level=_service(begin, header),
        holds=(*address_holds(reasons), *_truncation_holds(found)),
        note=_note(header),
    )


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


def _currency(found: TransactionSet, header: list[Segment]) -> str:
    segment = next((segment for segment in header if segment.tag == "CUR"), None)
    if segment is None:
        return "USD"
    code = segment[2].upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Refusal(BAD_VALUE, found.at(segment), f"CUR02 must be an ISO 4217 currency, not {code[:20]!r}.")
    return code


def _day(text: str) -> datetime | None:
    """Return the beginning of the day that CCYYMMDD or YYMMDD names; None where it names none, which harms no order."""
    if not text.isascii() or not text.isdigit() or len(text) not in {6, 8}:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d" if len(text) == 8 else "%y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _service(begin: Segment, header: list[Segment]) -> ServiceLevel:
    stated = [_SERVICE[segment[12]] for segment in header if segment.tag == "TD5" and segment[12] in _SERVICE]
    if ServiceLevel.NEXT_DAY in stated:
        return ServiceLevel.NEXT_DAY
    return ServiceLevel.EXPEDITED if stated or begin[2] in _RUSH else ServiceLevel.STANDARD


def _note(header: list[Segment]) -> str:
    position = {"MSG": 1, "MTX": 2, "NTE": 2}
    return clean("\n".join(text for s in header if (text := s[position.get(s.tag, 0)])), 2000)


def _truncation_holds(found: TransactionSet) -> tuple[HoldSpec, ...]:
    if found.closed or any(segment.tag == "CTT" for segment in found.segments):
        return ()
    note = "The order ends without CTT and without SE: lines may have been lost. Compare it with the buyer's."
    return (HoldSpec(handle="truncated", type=HoldType.OTHER, note=note),)
