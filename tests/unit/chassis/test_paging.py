"""A page token is good for the request that it was given to, and nothing else is a token."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.common.v1.outbox_service_pb2 import ListOutboxEventsRequest, OutboxEvent
from services.chassis.paging import decode_token, encode_token, page_size
from services.kernel.errors import InvalidArgument

positions = st.lists(st.text(max_size=40) | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=3)


@given(positions)
def test_a_token_brings_back_its_position_whatever_the_page_size(position):
    token = encode_token(ListOutboxEventsRequest(page_size=5), *position)
    assert decode_token(ListOutboxEventsRequest(page_size=7, page_token=token)) == position


def test_a_token_of_other_filters_is_refused():
    token = encode_token(ListOutboxEventsRequest(state=OutboxEvent.STATE_DEAD), 7)
    with pytest.raises(InvalidArgument, match="other filters") as refused:
        decode_token(ListOutboxEventsRequest(state=OutboxEvent.STATE_PENDING, page_token=token))
    assert refused.value.reason == "INVALID_PAGE_TOKEN"


def disguised(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.text(min_size=1, max_size=200) | json_values.map(disguised))
def test_whatever_is_no_token_is_an_invalid_argument(token):
    with pytest.raises(InvalidArgument) as refused:
        decode_token(ListOutboxEventsRequest(page_token=token))
    assert refused.value.reason == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize("bad", [True, None, 1.5, [1], {"a": 1}])
def test_a_position_is_made_of_texts_and_whole_numbers_only(bad):
    request = ListOutboxEventsRequest()
    digest = json.loads(base64.urlsafe_b64decode(encode_token(request) + "=="))[0]
    request.page_token = disguised([digest, bad])
    with pytest.raises(InvalidArgument):
        decode_token(request)


def test_a_token_that_is_nested_too_deeply_is_an_invalid_argument():
    token = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
    with pytest.raises(InvalidArgument):
        decode_token(ListOutboxEventsRequest(page_token=token))


def test_a_page_has_fifty_rows_unless_asked_and_never_more_than_the_most():
    assert (page_size(0), page_size(7), page_size(10_000)) == (50, 7, 500)
