"""Screening: messages ⇄ what is kept and what was found; an order as the draft that it was."""

from oms.intake.v1.screening_pb2 import ChannelLocation, ChannelSku, ScreenedHold, ScreeningRuleVersion
from services.intake.domain.draft import Address, Draft, DraftLine, PaymentDraft
from services.intake.domain.order import Order
from services.intake.domain.screening import Finding
from services.intake.mapping import Goods
from services.intake.store_screening import Version
from services.intake.wire_draft import hold_spec_message
from services.intake.wire_values import address_message, stamp
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money


def version_message(version: Version) -> ScreeningRuleVersion:
    """Return the version as a message."""
    return ScreeningRuleVersion(
        rule_set=version.rule_set,
        version=version.version,
        state=ScreeningRuleVersion.State.Value(f"STATE_{version.state}"),
        create_actor=version.create_actor,
        create_time=stamp(version.create_time),
        activate_actor=version.activate_actor,
        activate_time=stamp(version.activate_time),
        retire_actor=version.retire_actor,
        retire_time=stamp(version.retire_time),
    )


def screened_hold_message(finding: Finding) -> ScreenedHold:
    """Return a hold that would be placed."""
    return ScreenedHold(hold=hold_spec_message(finding.hold), rule=finding.rule)


def goods_from(message: ChannelSku) -> tuple[str, Goods, bool]:
    """Return the channel's name, what it means, and whether it is used."""
    return message.channel_sku, Goods(sku=message.sku, units_each=message.units_each or 1), not message.inactive


def goods_message(name: str, goods: Goods, active: bool) -> ChannelSku:  # noqa: FBT001 - a row, as it comes
    """Return what a channel calls goods as a message."""
    return ChannelSku(channel_sku=name, sku=goods.sku, units_each=goods.units_each, inactive=not active)


def place_message(code: str, address: Address) -> ChannelLocation:
    """Return a place that a channel names as a message."""
    return ChannelLocation(location_code=code, address=address_message(address))


def check_unique(names: list[str], reason: str, field: str) -> None:
    """Refuse a name that is there twice.

    Raises:
        InvalidArgument: the reason.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidArgument(f"{field} {name} is there twice", reason=reason, **{field: name})
        seen.add(name)


def draft_of(order: Order) -> Draft:
    """Return the draft that would be accepted as this order, without its holds."""
    currency = order.currency_code
    return Draft(
        channel=order.channel,
        external_id=order.external_id,
        order_number=order.order_number,
        order_time=order.order_time,
        currency_code=currency,
        customer_reference=order.customer_reference,
        ship_to=order.ship_to,
        bill_to=order.bill_to,
        lines=tuple(
            DraftLine(
                external_line_id=line.external_line_id,
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                unit_price=Money(line.unit_price, currency),
                discount=Money(line.discount, currency),
                tax=Money(line.tax, currency),
                prices_include_tax=line.prices_include_tax,
                details=line.details,
            )
            for line in order.lines
        ),
        shipping=Money(order.shipping, currency),
        shipping_tax=Money(order.shipping_tax, currency),
        total=Money(order.total, currency),
        payment=PaymentDraft(state=order.payment.state, reference=order.payment.reference),
        service_level=order.service_level,
        priority=order.priority,
        ship_complete=order.ship_complete,
        note=order.note,
        email=order.email,
        phone=order.phone,
        details=order.details,
    )
