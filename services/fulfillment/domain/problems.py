"""What can be wrong with a request to fulfillment, or with what a node or a carrier says.

OmsError
├── NotFound
│   ├── UnknownFulfillmentOrder   nobody made it
│   └── UnknownParcel             no label was bought for it here
├── AlreadyExists
│   └── OtherWork                 the id names other work
├── InvalidArgument
│   ├── UnknownLine               the fulfillment order does not have it
│   └── LineRepeated              one line, two articles
└── FailedPrecondition
    ├── NothingWaiting            a label for more units than wait
    ├── MoreUnitsThanWait         an event about more units than wait
    ├── ParcelAlreadyShipped      a parcel leaves once
    └── LabelRefused              the carrier will not take the parcel
"""

from services.kernel.errors import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound


class UnknownFulfillmentOrder(NotFound):
    reason = "UNKNOWN_FULFILLMENT_ORDER"

    def __init__(self, fulfillment_order_id: str) -> None:
        super().__init__(
            f"there is no fulfillment order {fulfillment_order_id}; create it before it is spoken of",
            fulfillment_order_id=fulfillment_order_id,
        )


class UnknownParcel(NotFound):
    reason = "UNKNOWN_PARCEL"

    def __init__(self, parcel: str) -> None:
        super().__init__(
            f"there is no parcel {parcel or 'without a number'} here; buy its label with PurchaseLabel first",
            parcel=parcel,
        )


class OtherWork(AlreadyExists):
    reason = "FULFILLMENT_ORDER_EXISTS"

    def __init__(self, fulfillment_order_id: str) -> None:
        super().__init__(
            f"{fulfillment_order_id} is the id of other work (order, node or lines differ); choose another id",
            fulfillment_order_id=fulfillment_order_id,
        )


class UnknownLine(InvalidArgument):
    reason = "UNKNOWN_LINE"

    def __init__(self, line_id: str) -> None:
        super().__init__(f"the fulfillment order has no line {line_id}", line_id=line_id)


class LineRepeated(InvalidArgument):
    reason = "LINE_REPEATED"

    def __init__(self, line_id: str) -> None:
        super().__init__(f"line {line_id} is named with two SKUs; a line is one article", line_id=line_id)


class NothingWaiting(FailedPrecondition):
    reason = "NOTHING_WAITING"

    def __init__(self, line_id: str, wanted: int, waiting: int) -> None:
        super().__init__(
            f"a label for {wanted} units of line {line_id or '(all)'} was asked for; {waiting} wait to be labelled",
            line_id=line_id,
            wanted=wanted,
            waiting=waiting,
        )


class MoreUnitsThanWait(FailedPrecondition):
    reason = "MORE_UNITS_THAN_WAIT"

    def __init__(self, line_id: str, said: int, waiting: int) -> None:
        super().__init__(
            f"the event is about {said} units of line {line_id or '(all)'}; {waiting} are there to be spoken of",
            line_id=line_id,
            said=said,
            waiting=waiting,
        )


class ParcelAlreadyShipped(FailedPrecondition):
    reason = "PARCEL_ALREADY_SHIPPED"

    def __init__(self, tracking_number: str) -> None:
        super().__init__(f"parcel {tracking_number} has left before", tracking_number=tracking_number)


class LabelRefused(FailedPrecondition):
    reason = "LABEL_REFUSED"

    def __init__(self, message: str) -> None:
        super().__init__(f"the carrier refused the parcel: {message or 'without a reason'}")
