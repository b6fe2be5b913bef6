"""An order as screening rules see it."""

from oms.intake.v1 import screening_facts_pb2 as pb
from services.intake.domain.draft import Draft, DraftLine
from services.intake.domain.region import region_of
from services.intake.domain.screening import Facts
from services.kernel.money import Money, exponent

NO_RISK = pb.RiskFacts()
NO_HISTORY = pb.HistoryFacts()


def facts(draft: Draft, *, risk: pb.RiskFacts = NO_RISK, history: pb.HistoryFacts = NO_HISTORY) -> Facts:
    """Return the facts of an order whose SKUs are mapped and whose address is normalised."""
    return {
        "order": _order(draft),
        "customer": _customer(draft),
        "destination": _destination(draft),
        "risk": risk,
        "history": history,
    }


def _order(draft: Draft) -> pb.OrderFacts:
    details, currency = draft.details, draft.currency_code
    tax = sum(line.tax.minor for line in draft.lines) + draft.shipping_tax.minor
    goods = sum(line.unit_price.minor * line.quantity - line.discount.minor for line in draft.lines)
    return pb.OrderFacts(
        channel=draft.channel,
        brand=details.brand,
        program=details.program,
        region=region_of(draft.ship_to.country_code),
        currency_code=currency,
        total=_amount(draft.total),
        goods=_amount(Money(goods, currency)),
        shipping=_amount(draft.shipping),
        discount=_amount(Money(sum(line.discount.minor for line in draft.lines), currency)),
        tax=_amount(Money(tax, currency)),
        units=sum(line.quantity for line in draft.lines),
        lines=[_line(line) for line in draft.lines],
        priority=draft.priority,
        service_level=draft.service_level.value,
        ship_complete=draft.ship_complete,
        pickup=bool(details.pickup_location),
        payment_state=draft.payment.state.value,
        payment_terms=details.payment_terms,
        tenders=[tender.kind.value for tender in details.tenders],
        tags=details.tags,
        locale=details.locale,
    )


def _line(line: DraftLine) -> pb.LineFacts:
    return pb.LineFacts(
        sku=line.sku,
        channel_sku=line.details.channel_sku,
        title=line.title,
        units=line.quantity,
        unit_price=_amount(line.unit_price),
        discount=_amount(line.discount),
        total=_amount(line.total),
        customised=bool(line.details.properties),
    )


def _customer(draft: Draft) -> pb.CustomerFacts:
    email = (draft.email or draft.ship_to.email).strip().lower()
    return pb.CustomerFacts(
        reference=draft.customer_reference,
        email=email,
        email_domain=email.rpartition("@")[2],
        phone=draft.phone or draft.ship_to.phone,
        tier=draft.details.customer_tier,
    )


def _destination(draft: Draft) -> pb.DestinationFacts:
    place = draft.ship_to
    billing = draft.bill_to.country_code if draft.bill_to else ""
    return pb.DestinationFacts(
        country_code=place.country_code,
        administrative_area=place.administrative_area,
        postal_code=place.postal_code,
        city=place.city,
        name=place.name,
        company=place.company,
        lines=place.lines,
        billing_country_code=billing or place.country_code,
        location_code=draft.details.location_code,
    )


def _amount(money: Money) -> float:
    # Correctly rounded, as the number that people write in a rule is: 0.1 is 0.1.
    return float(money.minor / 10 ** exponent(money.currency_code))
