"""What an operator can search by in the Temporal Web UI. For looking, not for truth: lists come from Postgres."""

from datetime import datetime

STATUS = "OmsStatus"
CHANNEL = "OmsChannel"
REGION = "OmsRegion"
HOLD = "OmsHold"
NODE = "OmsNode"
PROMISE_TIME = "OmsPromiseTime"
PRIORITY = "OmsPriority"

# Every name and its type; the local stack and `oms temporal setup` register them, the relay sends them.
TYPES: dict[str, type] = {
    STATUS: str,
    CHANNEL: str,
    REGION: str,
    HOLD: str,
    NODE: str,
    PROMISE_TIME: datetime,
    PRIORITY: int,
}

# The same in the server's words.
SERVER_TYPES: dict[str, str] = {
    name: {str: "Keyword", int: "Int", datetime: "Datetime"}[python] for name, python in TYPES.items()
}
