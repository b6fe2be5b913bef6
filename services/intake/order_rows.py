"""Rows of the tables of orders ⇄ the domain's orders."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.intake.domain.approvals import Approval
from services.intake.domain.draft import Address, DeadlineAction, HoldType, PaymentState, ServiceLevel
from services.intake.domain.holds import Hold, HoldState
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.rooms import ROOM_NAMES, Units
from services.intake.domain.status import OrderStatus
from services.intake.wire_details import details_of, details_row, line_details_of


def order_row(order: Order) -> dict[str, Any]:
    """Return the row of `orders` for a new order; what the database computes is left out."""
    return {
        "order_id": order.order_id,
        "channel": order.channel,
        "external_id": order.external_id,
        "order_number": order.order_number,
        "document_id": order.document_id or None,
        "region": order.region,
        "priority": order.priority,
        "currency_code": order.currency_code,
        "customer_reference": order.customer_reference,
        "ship_to": asdict(order.ship_to),
        "bill_to": asdict(order.bill_to) if order.bill_to else None,
        "shipping_minor": order.shipping,
        "shipping_tax_minor": order.shipping_tax,
        "total_minor": order.total,
        "service_level": order.service_level,
        "ship_complete": order.ship_complete,
        "note": order.note,
        "email": order.email,
        "phone": order.phone,
        "details": details_row(order.details),
        "order_time": order.order_time,
        "create_time": order.create_time,
        "update_time": order.update_time,
    }


def line_row(order_id: str, line: OrderLine) -> dict[str, Any]:
    """Return the row of `order_lines`."""
    return {
        "line_id": line.line_id,
        "order_id": order_id,
        "position": line.position,
        "external_line_id": line.external_line_id,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price_minor": line.unit_price,
        "discount_minor": line.discount,
        "tax_minor": line.tax,
        "prices_include_tax": line.prices_include_tax,
        "total_minor": line.total,
        "captured": line.captured,
        "due_minor": line.due,
        "details": details_row(line.details),
        **asdict(line.units),
    }


def order_of(row: Mapping[Any, Any]) -> Order:
    """Return the order of a row of `orders` with `lines`, `holds` and `payment` as JSON beside it."""
    money = row["payment"][0]
    return Order(
        order_id=row["order_id"],
        channel=row["channel"],
        external_id=row["external_id"],
        order_number=row["order_number"],
        status=OrderStatus(row["status"]),
        resting=row["resting"],
        region=row["region"],
        priority=row["priority"],
        currency_code=row["currency_code"],
        customer_reference=row["customer_reference"],
        ship_to=_address(row["ship_to"]),
        bill_to=_address(row["bill_to"]) if row["bill_to"] else None,
        lines=tuple(_line(line, row["currency_code"]) for line in row["lines"] or ()),
        holds=tuple(hold_of(hold) for hold in row["holds"] or ()),
        shipping=row["shipping_minor"],
        shipping_tax=row["shipping_tax_minor"],
        total=row["total_minor"],
        payment=Payment(
            state=PaymentState(money["state"]),
            reference=money["reference"],
            authorized=money["authorized_minor"],
            captured=money["captured_minor"],
            voided=money["voided_minor"],
            shared=money["shared_minor"],
            refunded=money["refunded_minor"],
            expire_time=_moment(money["expire_time"]) if money["expire_time"] else None,
        ),
        service_level=ServiceLevel(row["service_level"]),
        ship_complete=row["ship_complete"],
        promise_time=row["promise_time"],
        order_time=row["order_time"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        document_id=row["document_id"] or "",
        note=row["note"],
        units=_units(row),
        sequence=row["sequence"],
        email=row["email"],
        phone=row["phone"],
        details=details_of(row["details"], row["currency_code"]),
        tags=tuple(row["tags"]),
        version=row["version"],
    )


def hold_of(row: Mapping[Any, Any]) -> Hold:
    """Return the hold of a row of `holds`, or of its JSON."""
    return Hold(
        hold_id=row["hold_id"],
        order_id=row["order_id"],
        line_id=row["line_id"] or "",
        handle=row["handle"],
        type=HoldType(row["type"]),
        state=HoldState(row["state"]),
        owner_queue=row["owner_queue"],
        deadline_time=_moment(row["deadline_time"]),
        deadline_action=DeadlineAction(row["deadline_action"]),
        overdue=row["overdue"],
        note=row["note"],
        create_time=_moment(row["create_time"]),
        resolve_time=_moment(row["resolve_time"]) if row["resolve_time"] else None,
        resolved_by=row["resolved_by"],
        after=tuple(row["after"] or ()),
        approvals=tuple(row["approvals"] or ()),
        approved=tuple(
            Approval(queue=queue, actor=actor, time=_moment(time)) for queue, actor, time in row["approved"] or ()
        ),
    )


def hold_row(hold: Hold) -> dict[str, Any]:
    """Return the row of `holds`."""
    return {
        "hold_id": hold.hold_id,
        "order_id": hold.order_id,
        "line_id": hold.line_id or None,
        "handle": hold.handle,
        "type": hold.type,
        "state": hold.state,
        "owner_queue": hold.owner_queue,
        "deadline_time": hold.deadline_time,
        "deadline_action": hold.deadline_action,
        "overdue": hold.overdue,
        "note": hold.note,
        "create_time": hold.create_time,
        "resolve_time": hold.resolve_time,
        "resolved_by": hold.resolved_by,
        "after": list(hold.after) or None,
        "approvals": list(hold.approvals) or None,
        "approved": approved_row(hold),
    }


def approved_row(hold: Hold) -> list[list[str]] | None:
    """Return who has agreed, as it is kept."""
    return [[one.queue, one.actor, one.time.isoformat()] for one in hold.approved] or None


def _line(row: Mapping[str, Any], currency: str) -> OrderLine:
    return OrderLine(
        line_id=row["line_id"],
        position=row["position"],
        external_line_id=row["external_line_id"],
        sku=row["sku"],
        title=row["title"],
        quantity=row["quantity"],
        unit_price=row["unit_price_minor"],
        discount=row["discount_minor"],
        tax=row["tax_minor"],
        prices_include_tax=row["prices_include_tax"],
        total=row["total_minor"],
        captured=row["captured"],
        units=_units(row),
        details=line_details_of(row["details"], currency),
        due=row["due_minor"],
    )


def _units(row: Mapping[Any, Any]) -> Units:
    return Units(**{name: row[name] for name in ROOM_NAMES})


def _address(row: Mapping[str, Any]) -> Address:
    return Address(**{**row, "lines": tuple(row["lines"])})


def _moment(value: datetime | str) -> datetime:
    """Return the moment; JSON has it as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
