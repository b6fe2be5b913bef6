"""The payment sandbox, as a process of its own, over HTTP."""

from collections.abc import Iterator

import pytest

from tests.service.sandbox.payment_process import PaymentSandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Iterator[PaymentSandbox]:
    running = PaymentSandbox(tmp_path_factory.mktemp("payment"))
    yield running
    running.stop()


def test_what_is_authorized_can_be_captured_and_voided_and_not_a_cent_more(sandbox):
    assert sandbox.post("/authorizations", reference="a-1", amount_minor=100)[0] == 200
    assert sandbox.post("/captures", reference="a-1", amount_minor=60)[1]["state"] == "captured"
    assert sandbox.post("/captures", reference="a-1", amount_minor=41)[1]["reason"] == "OVER_AUTHORIZED"
    assert sandbox.post("/voids", reference="a-1", amount_minor=40)[1]["state"] == "voided"
    assert sandbox.post("/voids", reference="a-1", amount_minor=1)[0] == 422
    account = sandbox.account("a-1")
    assert (account["captured_minor"], account["voided_minor"]) == (60, 40)
    assert [entry["state"] for entry in account["entries"]] == ["authorized", "captured", "voided"]


def test_what_the_channel_authorized_is_entered_at_the_first_capture_and_not_again(sandbox):
    assert sandbox.post("/captures", reference="c-1", amount_minor=70, authorized_minor=100)[0] == 200
    assert sandbox.post("/captures", reference="c-1", amount_minor=70, authorized_minor=1000)[0] == 422


def test_a_refund_never_exceeds_what_was_captured(sandbox):
    assert sandbox.post("/refunds", reference="r-1", amount_minor=30, captured_minor=50)[1]["state"] == "refunded"
    assert sandbox.post("/refunds", reference="r-1", amount_minor=21, captured_minor=50) == (
        422,
        {"reason": "OVER_CAPTURED", "message": "20 minor units of r-1 are left, not 21"},
    )
    assert sandbox.post("/refunds", reference="r-1", amount_minor=20)[0] == 200


def test_the_same_key_is_one_refund_and_with_another_body_a_conflict(sandbox):
    first = sandbox.post("/refunds", key="k-1", reference="k-1", amount_minor=30, captured_minor=50)
    assert sandbox.post("/refunds", key="k-1", reference="k-1", amount_minor=30, captured_minor=50) == first
    assert sandbox.post("/refunds", key="k-1", reference="k-1", amount_minor=31, captured_minor=50)[0] == 409
    assert sandbox.post("/voids", key="k-1", reference="k-1", amount_minor=30, captured_minor=50)[0] == 409
    assert sandbox.account("k-1")["refunded_minor"] == 30


def test_references_that_begin_with_decline_are_declined(sandbox):
    status, body = sandbox.post("/captures", reference="decline-1", amount_minor=1, authorized_minor=1)
    assert (status, body["reason"]) == (402, "DECLINED")
    assert sandbox.http.get("/ledger/decline-1").status_code == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"{}", b'{"reference":1}', b"\xff", b"null"])
def test_nonsense_is_refused_and_breaks_nothing(sandbox, body):
    assert sandbox.http.post("/refunds", content=body).status_code == 400
    assert sandbox.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("amount", [0, -1, True, 1.5, "1", None, 2**70])
def test_only_whole_positive_amounts_are_taken(sandbox, amount):
    assert sandbox.post("/refunds", reference="n-1", amount_minor=amount, captured_minor=50)[0] == 400


def test_another_currency_and_an_unknown_reference_are_refused(sandbox):
    sandbox.post("/authorizations", reference="cur-1", amount_minor=100)
    assert (
        sandbox.post("/captures", reference="cur-1", amount_minor=1, currency_code="USD")[1]["reason"]
        == "CURRENCY_MISMATCH"
    )
    assert sandbox.post("/captures", reference="cur-2", amount_minor=1)[1]["reason"] == "UNKNOWN_REFERENCE"
    assert sandbox.post("/authorizations", reference="cur-1", amount_minor=100)[1]["reason"] == "REFERENCE_USED"


def test_a_kill_loses_nothing_that_was_answered(sandbox):
    first = sandbox.post("/refunds", key="kill-1", reference="kill-1", amount_minor=30, captured_minor=50)
    sandbox.kill()
    sandbox.start()
    assert sandbox.post("/refunds", key="kill-1", reference="kill-1", amount_minor=30, captured_minor=50) == first
    assert sandbox.account("kill-1")["refunded_minor"] == 30
    assert "kill-1" in [account["reference"] for account in sandbox.http.get("/ledger").json()["accounts"]]


def test_a_reference_of_many_parts_is_found_in_the_ledger(sandbox):
    sandbox.post("/authorizations", reference="shop/2026/7", amount_minor=5)
    assert sandbox.account("shop/2026/7")["authorized_minor"] == 5


def test_a_reference_that_cannot_be_written_is_refused(sandbox):
    assert (
        sandbox.http.post(
            "/refunds", content=b'{"reference":"\\ud800","amount_minor":1,"currency_code":"EUR"}'
        ).status_code
        == 400
    )
