"""What inventory refuses about the past.

InvalidArgument
└── TimeInFuture   nobody knows what there will be
"""

from datetime import datetime

from services.kernel.errors import InvalidArgument


class TimeInFuture(InvalidArgument):
    reason = "TIME_IN_FUTURE"

    def __init__(self, moment: datetime) -> None:
        super().__init__(f"the ledger does not know yet what there is at {moment.isoformat()}")
