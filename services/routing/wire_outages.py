"""Outages on the wire, and what their process is told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from google.type.money_pb2 import Money

from oms.routing.v1 import outage_pb2
from oms.workflow.v1.outage_workflow_pb2 import OutageEnded, OutageInput
from services.chassis.outbox import SignalWorkflow, StartWorkflow
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money as ExactMoney
from services.routing.domain.outage import Outage
from services.routing.wire_value import from_money, from_time, to_money, to_time
from workflows import contract

# Temporal takes 400 bytes of summary.
_SUMMARY_LIMIT = 200


def from_outage(outage: Outage, works: Iterable[dict[str, Any]] = ()) -> outage_pb2.Outage:
    message = outage_pb2.Outage(
        outage_id=outage.outage_id,
        node_id=outage.subject.node_id,
        carrier_code=outage.subject.carrier_code,
        service_code=outage.subject.service_code,
        reason=outage.reason,
        replans=outage.replans,
        actor=outage.actor,
        start_time=from_time(outage.start_time),
        end_time=from_time(outage.end_time) if outage.end_time else None,
        works=[ParseDict(work, outage_pb2.OutageWork(), ignore_unknown_fields=True) for work in works],
    )
    if total := _sum(work.cost_difference for work in message.works if work.HasField("cost_difference")):
        message.cost_difference.CopyFrom(total)
    return message


def to_document(work: outage_pb2.OutageWork, now: datetime) -> dict[str, Any]:
    """Return the work as it is stored; it was seen to now, where it does not say when.

    Raises:
        UnusableMoney: what it costs is no amount.
    """
    if work.HasField("cost_difference"):
        to_money(work.cost_difference, "USD")
    kept = outage_pb2.OutageWork()
    kept.CopyFrom(work)
    if not kept.HasField("update_time"):
        kept.update_time.CopyFrom(from_time(now))
    try:
        return MessageToDict(kept, preserving_proto_field_name=True)
    except ValueError:
        raise _unusable_time() from None


def moment_of(work: outage_pb2.OutageWork) -> datetime | None:
    """Return by when it was promised."""
    return to_time(work.promise_time) if work.HasField("promise_time") else None


def start_of(outage: Outage) -> StartWorkflow:
    """Return what starts the process that moves open work away."""
    workflow_id = contract.outage_workflow_id(outage.outage_id)
    subject = outage.subject
    return StartWorkflow(
        key=workflow_id,
        workflow=contract.OUTAGE,
        workflow_id=workflow_id,
        task_queue=contract.TASK_QUEUE,
        input=OutageInput(
            outage_id=outage.outage_id,
            node_id=subject.node_id,
            carrier_code=subject.carrier_code,
            service_code=subject.service_code,
            reason=outage.reason,
        ),
        summary=f"{subject} is off: {outage.reason}".encode()[:_SUMMARY_LIMIT].decode(errors="ignore"),
    )


def end_of(outage: Outage) -> SignalWorkflow:
    """Return the fact that the outage is over."""
    workflow_id = contract.outage_workflow_id(outage.outage_id)
    return SignalWorkflow(key=workflow_id, workflow_id=workflow_id, signal=contract.OUTAGE_ENDED, payload=OutageEnded())


def _sum(amounts: Iterable[Money]) -> Money | None:
    """Return the sum, where there is one: amounts in several currencies have none."""
    exact = [to_money(amount, "USD") for amount in amounts]
    currencies = {amount.currency_code for amount in exact}
    if len(currencies) != 1:
        return None
    (currency,) = currencies
    return from_money(ExactMoney(sum(amount.minor for amount in exact), currency))


def _unusable_time() -> InvalidArgument:
    return InvalidArgument("a time lies outside the years 1 to 9999", reason="INVALID_TIME")
