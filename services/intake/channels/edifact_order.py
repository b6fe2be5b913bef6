"""One EDIFACT ORDERS message as drafts: one, or one for each of its destinations."""

from collections.abc import Sequence
from dataclasses import replace

from services.chassis.edifact import Message, Segment
from services.chassis.plain_text import clean, storable
from services.intake.channels import edi_adjustments, edifact_details, edifact_lines, edifact_money, edifact_party
from services.intake.channels.destination import fitted, is_blank
from services.intake.channels.edi_destinations import COUNTRY_OF_CURRENCY, computed_total, parted
from services.intake.channels.edifact_lines import OrderLine
from services.intake.channels.edifact_places import is_split, places
from services.intake.channels.order_list import MOST_LINES
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, UNSUPPORTED, Refusal
from services.intake.domain.draft import (
    Address,
    Draft,
    DraftLine,
    HoldSpec,
    HoldType,
    PaymentDraft,
    PaymentState,
    ServiceLevel,
)
from services.kernel.money import Money, allocate

_NOT_SHIPPED = {
    "221": "a blanket order, whose call-offs are shipped",
    "9": "a price catalogue",
    "220E": "a contract",
    "315": "a contract",
    "325": "a proforma invoice",
    "310": "an offer",
    "211": "a request for an offer",
}
_RUSH = "224"
_READ = {"9", "5", "7", ""}
_TOTALS = ("77", "39", "9", "128", "86", "139")
# Where another currency than the euro is at home; the currencies that the euro replaced are not.
_EURO = {"NL", "DE", "FR", "IT", "BE", "ES", "AT"}
_CURRENCIES = {country: code for code, country in COUNTRY_OF_CURRENCY.items() if country not in _EURO}
_FUNCTIONS = {"46": "provisional", "31": "a copy", "6": "a confirmation", "13": "a request", "16": "proposed"}


def number(message: Message) -> str:
    """Return the number in BGM, empty where there is none that can be an id."""
    begin = next((segment for segment in message.segments if segment.tag == "BGM"), None)
    text = begin.get(2) if begin else ""
    return text if len(text) <= 200 and storable(text) else ""


def begin(message: Message) -> Segment:
    """Return the segment that begins the order.

    Raises:
        Refusal: where there is none, or it has no number.
    """
    segment = next((segment for segment in message.segments if segment.tag == "BGM"), None)
    if segment is None or not segment.get(2):
        where = message.at(segment) if segment else message.position
        raise Refusal(MISSING_FIELD, where, "The order has no number: BGM is missing, or has none.")
    if not number(message):
        raise Refusal(BAD_VALUE, message.at(segment), "BGM has no order number: it is too long, or no text.")
    return segment


def drafts(message: Message, channel: str) -> list[Draft]:
    """Return the order, a draft for each place it goes to.

    Raises:
        Refusal: why it cannot be one.
    """
    bgm = begin(message)
    function = bgm.get(3)
    if function not in _READ:
        text = f"The order's function is {function[:5]!r} ({_FUNCTIONS.get(function, 'not an original')}): ask for a 9."
        raise Refusal(UNSUPPORTED, message.at(bgm), text)
    if bgm.get(1) in _NOT_SHIPPED:
        text = f"BGM is {bgm.get(1)}, {_NOT_SHIPPED[bgm.get(1)]}: it is not shipped itself."
        raise Refusal(UNSUPPORTED, message.at(bgm), text)
    header, loops, summary = edifact_lines.split(message.segments)
    currency_code = currency(message, header)
    lines = edifact_lines.order_lines(message, loops, currency_code)
    destinations, shares = places(message, header, lines, currency_code)
    whole = _whole(message, channel, (header, summary), lines, currency_code)
    whole = replace(whole, ship_to=destinations[0].ship_to)
    if len(destinations) == 1 and not is_split(lines):
        place = destinations[0]
        details = replace(whole.details, location_code=place.location_code)
        result = [replace(whole, holds=(*place.holds, *whole.holds), details=details)]
    else:
        result = parted(whole, destinations, shares)
    for draft in result:
        if len(draft.lines) > MOST_LINES:
            text = f"The order has {len(draft.lines)} lines: {MOST_LINES} is the most."
            raise Refusal(BAD_VALUE, message.position, text)
        if len(draft.external_id) > 200:
            raise Refusal(BAD_VALUE, message.at(bgm), "The order's and the location's number together are too long.")
    return result


def currency(message: Message, header: Sequence[Segment]) -> str:
    """Return the currency (CUX 2), else the one of the country that the parties are in, else euro."""
    segment = next((segment for segment in header if segment.tag == "CUX"), None)
    if segment is not None:
        code = segment.get(1, 2).upper()
        if len(code) != 3 or not code.isascii() or not code.isalpha():
            raise Refusal(BAD_VALUE, message.at(segment), f"CUX must name an ISO 4217 currency, not {code[:20]!r}.")
        return code
    roles = edifact_party.by_role(edifact_party.parties(header))
    country = edifact_party.assumed_country(message, roles, "EUR")
    return _CURRENCIES.get(country, "EUR")


def _whole(
    message: Message,
    channel: str,
    around: tuple[list[Segment], list[Segment]],
    lines: list[OrderLine],
    currency_code: str,
) -> Draft:
    header, summary = around
    bgm = begin(message)
    roles = edifact_party.by_role(edifact_party.parties(header))
    buyer = next((roles[role] for role in edifact_party.BUYERS if role in roles), None)
    groups, rest = edifact_money.without_allowances(header)
    goods = sum(line.line.unit_price.minor * line.line.quantity - line.line.discount.minor for line in lines)
    units = sum(line.line.quantity for line in lines)
    changed = edifact_money.adjustments(message, groups, goods, units, currency_code)
    changed = (*changed, *(each for line in lines for each in line.charges))
    charges = edi_adjustments.charges(changed, currency_code)
    if len(charges) > 500:
        raise Refusal(BAD_VALUE, message.position, "The order has more than 500 charges and allowances of its own.")
    details = edifact_details.details(header, (line.loop for line in lines))
    draft = Draft(
        channel=channel,
        external_id=number(message),
        order_number=number(message),
        order_time=edifact_details.order_time(header),
        currency_code=currency_code,
        customer_reference=clean(buyer.code or buyer.address.name, 200) if buyer else "",
        ship_to=Address(),
        bill_to=_bill_to(roles),
        lines=_taxed(message, [*rest, *summary], [line.line for line in lines], currency_code),
        shipping=Money(sum(each.minor for each in changed if each.is_freight), currency_code),
        shipping_tax=Money(0, currency_code),
        total=Money(0, currency_code),
        payment=PaymentDraft(state=PaymentState.ON_TERMS),
        service_level=ServiceLevel.EXPEDITED if bgm.get(1) == _RUSH else ServiceLevel.STANDARD,
        holds=_holds(message, lines, summary),
        note=edifact_details.note(header, ((line.line.external_line_id, line.loop) for line in lines)),
        details=replace(details, charges=charges),
    )
    total = edifact_money.stated(message, [*summary, *rest], _TOTALS, currency_code)
    if total is None:
        total = computed_total(draft)
        if not goods:
            total += edifact_money.stated(message, [*summary, *rest], ("79",), currency_code) or 0
    return replace(draft, total=Money(max(total, 0), currency_code))


def _bill_to(roles: dict[str, edifact_party.Party]) -> Address | None:
    party = roles.get("IV")
    if party is None or is_blank(party.address):
        return None
    return fitted(party.address)[0]


def _taxed(
    message: Message, around: list[Segment], lines: list[DraftLine], currency_code: str
) -> tuple[DraftLine, ...]:
    """Return the lines with their shares of the taxes on the whole order, unless any line tells its own."""
    weights = [line.total.minor for line in lines]
    if not any(weights) or any(line.details.taxes for line in lines):
        return tuple(lines)
    taxes = edifact_money.taxes(message, around, sum(weights), currency_code)
    shares = [allocate(tax.amount.minor, weights) for tax in taxes]
    result = []
    for index, line in enumerate(lines):
        parts = tuple(
            replace(tax, amount=Money(share[index], currency_code)) for tax, share in zip(taxes, shares, strict=True)
        )
        tax = Money(sum(part.amount.minor for part in parts), currency_code)
        result.append(replace(line, tax=tax, details=replace(line.details, taxes=parts)))
    return tuple(result)


def _holds(message: Message, lines: list[OrderLine], summary: list[Segment]) -> tuple[HoldSpec, ...]:
    doubts = list(message.doubts)
    counted = next((s.get(1, 2).lstrip("0") for s in summary if s.tag == "CNT" and s.get(1) == "2"), None)
    if counted is not None and edifact_money.number(counted or "0") != len(lines):
        doubts.append(f"CNT counts {counted[:10] or 0} lines, there are {len(lines)}")
    holds = []
    if doubts:
        note = f"Something may be missing: {'; '.join(doubts)}. Compare the order with the buyer's."
        holds.append(HoldSpec(handle="truncated", type=HoldType.OTHER, note=clean(note, 1000)))
    unlike = [line.line.external_line_id for line in lines if line.disagrees]
    if unlike:
        note = f"The locations add up to another quantity than is ordered in lines {', '.join(unlike[:20])}: ask."
        holds.append(HoldSpec(handle="quantities", type=HoldType.OTHER, note=clean(note, 1000)))
    return tuple(holds)
