"""What a change that was decided makes of the order: pure, and exact to the last minor unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.changes import ADDED, LineChange, OrderChange, added_line_id
from services.intake.domain.edits import AddLine, SetAddress, SetDates, SetQuantity, SetServiceLevel, Split
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.region import region_of
from services.intake.domain.repricing import cut, fixed, tax_of_more
from services.intake.domain.rooms import Units, total
from services.intake.domain.status import RESTING, derive
from services.kernel import ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The order afterwards, the lines that are new in it, and the orders that were split off."""

    order: Order
    added: tuple[OrderLine, ...]
    orders: Mapping[int, Order]


def apply(
    order: Order, change: OrderChange, done: Sequence[int], lines: Sequence[LineChange], now: datetime
) -> Applied:
    """Return what the order is when the edits of these numbers are done as `lines` say.

    Rooms are left alone, except those of units that come or leave: these are OPEN.
    """
    before = order
    orders: dict[int, Order] = {}
    for number in done:
        its_lines = [line for line in lines if line.edit == number and line.done]
        match change.edits[number]:
            case SetAddress(ship_to=ship_to):
                order = replace(order, ship_to=ship_to, region=region_of(ship_to.country_code))
            case SetServiceLevel(service_level=level):
                order = replace(order, service_level=level)
            case SetDates(earliest_time=earliest, due_time=due):
                order = replace(order, details=replace(order.details, earliest_time=earliest, due_time=due))
            case (SetQuantity() | AddLine()) as edit:
                for line in its_lines:
                    if line.added_line_id:
                        order = _with(order, _added(order, edit, line, change.version))
            case Split():
                order, orders[number] = _split(order, {one.line_id: one.done for one in its_lines}, change, number, now)
            case _:
                pass
    known = {line.line_id for line in before.lines}
    return Applied(order=order, added=tuple(one for one in order.lines if one.line_id not in known), orders=orders)


def _with(order: Order, line: OrderLine) -> Order:
    order = fixed(order)
    return replace(order, lines=(*order.lines, line), total=order.total + line.total)


def _added(order: Order, edit: SetQuantity | AddLine, told: LineChange, version: int) -> OrderLine:
    position = max(line.position for line in order.lines) + 1
    if isinstance(edit, SetQuantity):
        source = order.line(edit.line_id)
        tax = tax_of_more(source, told.done)
        amount = source.unit_price * told.done + (0 if source.prices_include_tax else tax)
        return replace(
            source,
            line_id=told.added_line_id,
            position=position,
            external_line_id=f"{source.external_line_id}{ADDED}{version}-{told.edit}",
            quantity=told.done,
            discount=0,
            tax=tax,
            total=amount,
            due=amount,
            captured=0,
            units=Units(open=told.done),
            # Its parts of tax and discount are the other units'.
            details=replace(source.details, taxes=(), discounts=()),
        )
    draft = edit.line
    return OrderLine(
        line_id=told.added_line_id,
        position=position,
        external_line_id=draft.external_line_id or f"{position}{ADDED}{version}-{told.edit}",
        sku=draft.sku,
        title=draft.title,
        quantity=draft.quantity,
        unit_price=draft.unit_price.minor,
        discount=draft.discount.minor,
        tax=draft.tax.minor,
        prices_include_tax=draft.prices_include_tax,
        total=draft.total.minor,
        due=draft.total.minor,
        captured=0,
        units=Units(open=draft.quantity),
        details=draft.details,
    )


def _split(
    order: Order, quantities: Mapping[str, int], change: OrderChange, number: int, now: datetime
) -> tuple[Order, Order]:
    order = fixed(order)
    stay: list[OrderLine] = []
    go: list[OrderLine] = []
    for line in order.lines:
        units = quantities.get(line.line_id, 0)
        if not units:
            stay.append(line)
            continue
        part, rest = cut(line, units)
        stay.append(replace(rest, units=replace(line.units, open=line.units.open - units)))
        line_id = added_line_id(change.change_id, number, line.line_id)
        # Parts of tax and discount explain whole lines: they stay where most of the line's history is.
        details = replace(line.details, taxes=(), discounts=()) if rest.quantity else line.details
        go.append(replace(part, line_id=line_id, units=Units(open=units), captured=0, details=details))
    amount = sum(line.due or 0 for line in go)
    kept, given = _divided(order.payment, amount, order.total)
    rest_of = replace(order, lines=tuple(stay), total=order.total - amount, payment=kept)
    return rest_of, _new_order(order, go, payment=given, change=change, number=number, now=now)


def _divided(payment: Payment, amount: int, whole: int) -> tuple[Payment, Payment]:
    """Divide what is authorized and captured, which is the whole or nothing; see `changes_money.split_refusal`."""
    authorized, captured = (amount if minor == whole else 0 for minor in (payment.authorized, payment.captured))
    kept = replace(
        payment,
        authorized=payment.authorized - authorized,
        captured=payment.captured - captured,
        shared=payment.shared + authorized,
    )
    given = replace(
        payment, authorized=authorized, captured=captured, shared=payment.shared + payment.authorized - authorized
    )
    return kept, given


def _new_order(
    order: Order, lines: Sequence[OrderLine], *, payment: Payment, change: OrderChange, number: int, now: datetime
) -> Order:
    order_id = ids.derived(ids.ORDER, change.change_id, str(number))
    line_of = {added_line_id(change.change_id, number, line.line_id): line.line_id for line in order.lines}
    here = {line_of[line.line_id]: line.line_id for line in lines} | {"": ""}
    holds = tuple(
        replace(
            hold,
            hold_id=ids.derived(ids.HOLD, order_id, hold.hold_id),
            order_id=order_id,
            line_id=here[hold.line_id],
            create_time=now,
        )
        for hold in order.open_holds
        if hold.line_id in here
    )
    units = total(line.units for line in lines)
    status = derive(units, len(holds))
    suffix = f"/split-{change.version}" + (f"-{number}" if number else "")
    details = replace(
        order.details,
        group_id=order.details.group_id or order.external_id,
        charges=(),
        shipping_taxes=(),
        discounts=(),
        tenders=(),
    )
    return replace(
        order,
        order_id=order_id,
        external_id=order.external_id + suffix,
        order_number=order.order_number + suffix,
        status=status,
        resting=status in RESTING,
        lines=tuple(replace(line, position=position) for position, line in enumerate(lines, start=1)),
        holds=holds,
        shipping=0,
        shipping_tax=0,
        total=sum(line.due or 0 for line in lines),
        payment=payment,
        promise_time=None,
        create_time=now,
        update_time=now,
        units=units,
        sequence=0,
        details=details,
    )
