"""Rows of the tables of orders ⇄ the domain's orders."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.intake.domain.draft import Address, DeadlineAction, HoldType, PaymentState, ServiceLevel
from services.intake.domain.holds import Hold, HoldState
from services.intake.domain.order import Order, OrderLine, Payment
from services.intake.domain.rooms import ROOM_NAMES, Units
from services.intake.domain.status import OrderStatus


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
        lines=tuple(_line(line) for line in row["lines"] or ()),
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
    )


def _line(row: Mapping[str, Any]) -> OrderLine:
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
    )


def _units(row: Mapping[Any, Any]) -> Units:
    return Units(**{name: row[name] for name in ROOM_NAMES})


def _address(row: Mapping[str, Any]) -> Address:
    return Address(**{**row, "lines": tuple(row["lines"])})


def _moment(value: datetime | str) -> datetime:
    """Return the moment; JSON has it as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
