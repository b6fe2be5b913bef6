"""Protobuf to domain and back, for the availability feed."""

from collections.abc import Iterator

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.inventory.domain.feed import Question
from services.inventory.feed import Figure, Step

_MOST = 1_000


def question(request: rpc.WatchAvailabilityRequest) -> Question:
    return Question(channel=request.channel, skus=frozenset(request.skus))


def message(asked: Question, step: Step) -> rpc.WatchAvailabilityResponse:
    """Return a step as one message."""
    return _message(step.figures, step.cursor.write(asked), caught_up=step.complete)


def messages(asked: Question, before: str, step: Step) -> Iterator[rpc.WatchAvailabilityResponse]:
    """Yield a step as messages that are not too long.

    Only the last one has the cursor of the step. The others have the one `before` it: whoever stops in between is told
    all of it again.
    """
    figures = step.figures
    while len(figures) > _MOST:
        yield _message(figures[:_MOST], before, caught_up=False)
        figures = figures[_MOST:]
    yield _message(figures, step.cursor.write(asked), caught_up=step.complete)


def _message(figures: list[Figure], cursor: str, *, caught_up: bool) -> rpc.WatchAvailabilityResponse:
    found = rpc.WatchAvailabilityResponse(cursor=cursor, caught_up=caught_up)
    for one in figures:
        found.availabilities.add(sku=one.sku, node_id=one.node_id, available_quantity=one.units)
    return found
