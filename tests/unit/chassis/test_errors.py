"""What a client makes of an answer, whoever gave it."""

import grpc
import pytest

from services.chassis.errors import from_rpc_error
from services.kernel.errors import OmsError, Unavailable


def heard(code, *trailing):
    return from_rpc_error(grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailing), "words"))


def test_a_call_that_the_other_side_cancelled_may_be_sent_again():
    assert type(heard(grpc.StatusCode.CANCELLED)) is Unavailable


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_every_code_is_an_error_of_ours(code):
    error = heard(code)
    assert isinstance(error, OmsError)
    assert (error.reason, error.message) == (code.name, "words")


def test_details_that_cannot_be_read_do_not_hide_the_error():
    error = heard(grpc.StatusCode.UNAVAILABLE, ("grpc-status-details-bin", b"\xff\xff"))
    assert type(error) is Unavailable
