"""Page tokens, read back into the place where the next page starts; nonsense is the caller's error."""

from datetime import datetime

from google.protobuf.message import Message

from oms.fulfillment.v1 import fulfillment_service_pb2 as rpc
from services.chassis.paging import decode_token
from services.fulfillment import store
from services.fulfillment.domain.work import FulfillmentOrder
from services.kernel.errors import InvalidArgument


def newest_first(request: Message) -> tuple[datetime, str] | None:
    """Return the moment and id of the last one seen."""
    match decode_token(request):
        case None:
            return None
        case [str(moment), str(identity)]:
            return _moment(moment), identity
    raise _nonsense()


def place(request: rpc.ListFulfillmentOrdersRequest, last: FulfillmentOrder) -> str:
    """Return the moment by which a fulfillment order has its place in the list that is asked for."""
    if request.earliest_promise_first:
        return (last.promise_time or store.NO_PROMISE).isoformat()
    return last.create_time.isoformat()


def tracking(request: Message) -> tuple[datetime, int, str] | None:
    """Return the moment, rank and id of the last tracking event seen."""
    match decode_token(request):
        case None:
            return None
        case [str(moment), int(rank), str(event_id)] if 0 <= rank < 2**15:
            return _moment(moment), rank, event_id
    raise _nonsense()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _nonsense() from error
    if moment.tzinfo is None:
        raise _nonsense()
    return moment


def _nonsense() -> InvalidArgument:
    return InvalidArgument("the page token belongs to no page of this list", reason="INVALID_PAGE_TOKEN")
