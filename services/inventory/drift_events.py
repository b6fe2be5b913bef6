"""What is published about differences."""

from services.chassis.outbox import Publish
from services.inventory import wire_drift
from services.inventory.domain.drift import DriftException

OPENED = "oms.inventory.v1.DriftExceptionOpened"


def opened_event(one: DriftException) -> Publish:
    """Return the CloudEvent of a difference that waits for a decision."""
    pair = f"{one.pair.node_id}/{one.pair.sku}"
    return Publish(key=pair, type=OPENED, subject=pair, data=wire_drift.drift_exception(one))
