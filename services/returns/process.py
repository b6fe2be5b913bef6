"""What the return's process is told, through the outbox: that it must run, and what happened. No personal data.

Every event of a return is written under its row's lock, so the process hears them in the order in which they happened.
"""

from collections.abc import Mapping, Sequence

from oms.workflow.v1.order_workflow_pb2 import OrderInputLine
from oms.workflow.v1.return_workflow_pb2 import (
    AuthorizationDecided,
    InspectedUnits,
    InspectionRecorded,
    ReceiptRecorded,
    ReturnInput,
)
from services.chassis.outbox import SignalWorkflow, StartWorkflow
from services.returns import wire
from services.returns.domain.authorization import Authorization
from services.returns.domain.order import Order
from services.returns.domain.return_record import Inspection, ReturnRecord
from workflows import contract, search_attributes


def start(record: ReturnRecord, order: Order) -> StartWorkflow:
    """Return the start of the return's process."""
    authorized = record.authorization == Authorization.AUTHORIZED
    workflow_id = contract.return_workflow_id(record.return_id)
    units = sum(line.quantity for line in record.lines)
    return StartWorkflow(
        key=workflow_id,
        workflow=contract.RETURN,
        workflow_id=workflow_id,
        task_queue=contract.TASK_QUEUE,
        input=ReturnInput(
            return_id=record.return_id,
            order_id=record.order_id,
            lines=_lines(record, {line.line_id: line.quantity for line in record.lines}),
            node_id=record.node_id,
            authorized=authorized,
        ),
        search_attributes={
            search_attributes.STATUS: "Awaiting parcel" if authorized else "Awaiting decision",
            search_attributes.CHANNEL: order.channel,
            search_attributes.REGION: order.region,
        },
        summary=f"Return of {units} unit{'s' if units != 1 else ''} of order {order.order_number} ({order.channel})",
    )


def decided(record: ReturnRecord) -> SignalWorkflow:
    """Return the fact that it may come back, may not, or will not."""
    fact = AuthorizationDecided(authorization=wire.authorization_number(record.authorization))
    workflow_id = contract.return_workflow_id(record.return_id)
    return SignalWorkflow(key=workflow_id, workflow_id=workflow_id, signal=contract.AUTHORIZATION_DECIDED, payload=fact)


def receipt_recorded(record: ReturnRecord, event_id: str, came: Mapping[str, int]) -> SignalWorkflow:
    """Return the fact that units came."""
    fact = ReceiptRecorded(event_id=event_id, lines=_lines(record, came))
    workflow_id = contract.return_workflow_id(record.return_id)
    return SignalWorkflow(
        key=workflow_id, workflow_id=workflow_id, signal=contract.RECEIPT_RECORDED, payload=fact, event_id=event_id
    )


def inspection_recorded(record: ReturnRecord, event_id: str, inspections: Sequence[Inspection]) -> SignalWorkflow:
    """Return the fact that units got a disposition."""
    fact = InspectionRecorded(
        event_id=event_id,
        units=[
            InspectedUnits(
                line_id=one.line_id,
                sku=record.line(one.line_id).sku,
                quantity=one.quantity,
                disposition=wire.disposition_number(one.disposition),
            )
            for one in inspections
        ],
    )
    workflow_id = contract.return_workflow_id(record.return_id)
    return SignalWorkflow(
        key=workflow_id, workflow_id=workflow_id, signal=contract.INSPECTION_RECORDED, payload=fact, event_id=event_id
    )


def _lines(record: ReturnRecord, units: Mapping[str, int]) -> list[OrderInputLine]:
    return [
        OrderInputLine(line_id=line_id, sku=record.line(line_id).sku, quantity=quantity)
        for line_id, quantity in units.items()
    ]
