"""What services may know of the processes: task queues, workflow ids, and the names of signals and updates."""

# Every process and every activity that calls a service of our own runs on this queue.
TASK_QUEUE = "oms"
# The processes of channels have a queue of their own: a slow platform never keeps an order's process waiting.
CHANNELS_TASK_QUEUE = "oms-channels"

ORDER = "Order"
FULFILLMENT = "Fulfillment"
RETURN = "Return"
OUTAGE = "Outage"
CHANNEL = "Channel"

# Signals: past facts. Their payloads are the messages of the same name in oms.workflow.v1.
HOLD_PLACED = "hold_placed"
HOLD_RESOLVED = "hold_resolved"
STOCK_ARRIVED = "stock_arrived"
BACKORDER_PROMISED = "backorder_promised"
FULFILLMENT_CHANGED = "fulfillment_changed"
NODE_EVENT_RECORDED = "node_event_recorded"
TRACKING_EVENT_RECORDED = "tracking_event_recorded"
AUTHORIZATION_DECIDED = "authorization_decided"
RECEIPT_RECORDED = "receipt_recorded"
INSPECTION_RECORDED = "inspection_recorded"
OUTAGE_ENDED = "outage_ended"
PUSHES_WAITING = "pushes_waiting"
PARTNER_SWITCHED = "partner_switched"

# Updates: commands that need an answer.
CANCEL_ORDER = "cancel_order"
CHANGE_ORDER = "change_order"


def order_workflow_id(order_id: str) -> str:
    """Return the id of the process that drives this order."""
    return f"order/{order_id}"


def fulfillment_workflow_id(fulfillment_order_id: str) -> str:
    """Return the id of the process that drives this fulfillment order."""
    return f"fulfillment/{fulfillment_order_id}"


def return_workflow_id(return_id: str) -> str:
    """Return the id of the process that drives this return."""
    return f"return/{return_id}"


def outage_workflow_id(outage_id: str) -> str:
    """Return the id of the process that moves work away from what is off."""
    return f"outage/{outage_id}"


def channel_workflow_id(channel: str) -> str:
    """Return the id of the process that tells this channel's platform what became of its orders."""
    return f"channel/{channel}"
