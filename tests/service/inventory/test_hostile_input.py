"""Whatever is sent, the answer is one of the errors that the protos name, never INTERNAL or UNKNOWN."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.inventory.v1 import inventory_service_pb2 as rpc
from services.chassis.errors import from_message
from services.chassis.paging import encode_token
from services.kernel.errors import InvalidArgument, OmsError

LARGEST = 2**63 - 1
METHODS = rpc.DESCRIPTOR.services_by_name["InventoryService"].methods_by_name
RPCS: dict[str, Any] = {name: method.input_type for name, method in METHODS.items()}
# A stream that has said nothing so long has nothing to refuse: it goes on until its caller has enough.
QUIET_SECONDS = 0.3
# Which of the odd positions below are places in the list all the same.
PLACES: dict[str, list[list[object]]] = {
    "ListPositions": [["long ago", "rsv_1"], ["2026-03-02T12:00:00", "x"]],
    "AuditStock": [["long ago", "rsv_1"], ["2026-03-02T12:00:00", "x"]],
    "ListReservations": [],
    "ListBackorders": [],
    "ListLedgerEntries": [[1]],
}
KNOWN = {"InvalidArgument", "NotFound", "FailedPrecondition", "AlreadyExists"}

texts = st.sampled_from(["", "TEE", "a" * 64, "é" * 64, "\x00", "a\x00b", "'; --", "\U0001f455", "x" * 5000])
numbers = st.sampled_from([0, 1, 3, -1, 10**9, 10**9 + 1, LARGEST, -LARGEST - 1])


def messages(descriptor: Any) -> Any:
    """Return a strategy for requests that are shaped rightly and filled badly."""

    @st.composite
    def build(draw: Any) -> Any:
        message = descriptor._concrete_class()
        for field in descriptor.fields:
            if draw(st.integers(0, 9)) == 0:
                continue
            for _ in range(draw(st.integers(1, 2)) if field.is_repeated else 1):
                put(message, field, draw)
        return message

    return build()


def put(message: Any, field: Any, draw: Any) -> None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[part] for part in ("key", "value"))
        getattr(message, field.name)[draw(values(key))] = draw(values(value))
        return
    if field.message_type:
        target = getattr(message, field.name)
        value = draw(messages(field.message_type))
        (target.add() if field.is_repeated else target).CopyFrom(value)
        return
    value = draw(values(field))
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def values(field: Any) -> Any:
    if field.type == field.TYPE_STRING:
        return texts
    if field.type == field.TYPE_BOOL:
        return st.booleans()
    if field.type == field.TYPE_ENUM:
        return st.integers(0, 13)
    narrow = field.type == field.TYPE_INT32
    return numbers.map(lambda n: max(-(2**31), min(2**31 - 1, n)) if narrow else n)


@pytest.mark.long  # every RPC of every service is attacked in tests/property/test_every_rpc.py
async def test_no_request_breaks_the_service(shop):
    broken: list[tuple[str, str, Message]] = []
    for method, descriptor in RPCS.items():
        for request in drawn(descriptor, 40):
            try:
                await answered(shop, method, request)
            except OmsError as error:
                if type(error).__name__ not in KNOWN:
                    broken.append((method, str(error), request))
    assert broken == []


async def answered(shop: Any, method: str, request: Any) -> None:
    """Call, and of a stream hear the first answer; what it tells of single requests is an answer as any other."""
    call = getattr(shop.stub, method)
    if not METHODS[method].server_streaming:
        await call(request)
        return
    answers = call(once(request)) if METHODS[method].client_streaming else call(request)
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            first = await anext(aiter(answers), None)
    except TimeoutError:
        return
    finally:
        answers.cancel()
    for outcome in getattr(first, "outcomes", ()):
        if outcome.HasField("error"):
            raise from_message(outcome.error)


async def once(request: Any) -> AsyncIterator[Any]:
    yield request


def drawn(descriptor: Any, number: int) -> list[Any]:
    """Return as many requests, the same ones in every run."""
    found: list[Any] = []

    @settings(max_examples=number, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(messages(descriptor))
    def draw(message: Any) -> None:
        found.append(message)

    draw()
    return found


@pytest.mark.parametrize("method", PLACES)
async def test_a_page_token_for_no_place_in_the_list_is_refused(shop, method):
    for position in (
        [],
        [1],
        ["TEE"],
        ["2026", 1],
        ["long ago", "rsv_1"],
        ["2026-03-02T12:00:00", "x"],
        [9, "x", "y", "z"],
    ):
        if position not in PLACES[method]:
            request = RPCS[method]._concrete_class()
            request.page_token = encode_token(request, *position)
            with pytest.raises(InvalidArgument) as caught:
                await getattr(shop.stub, method)(request)
            assert caught.value.reason == "INVALID_PAGE_TOKEN"
