"""The signatures of webhooks, against values that were computed by hand and not by the code under test."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from services.intake.domain.channel import HttpDoor, SignatureScheme
from services.intake.doors.envelope import envelope_of
from services.intake.doors.signatures import delivery_id, kept_headers, refusal

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODY = '{"id": 1, "name": "Zoë"}'.encode()
SECRET = "shpss_example"
DIGEST = hmac.new(SECRET.encode(), BODY, hashlib.sha256).digest()
SHOPIFY = HttpDoor(scheme=SignatureScheme.SHOPIFY)
STANDARD = HttpDoor(scheme=SignatureScheme.STANDARD_WEBHOOKS)
HEX = HttpDoor(scheme=SignatureScheme.HMAC_SHA256_HEX, signature_header="x-hub-signature-256")
TIMED = HttpDoor(
    scheme=SignatureScheme.HMAC_SHA256_BASE64, signature_header="x-signature", timestamp_header="x-sent-at"
)
WHSEC = "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode()


def reason(door, headers, *secrets, body=BODY, now=NOW):
    found = refusal(door, headers, body, secrets or (SECRET,), now)
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("door", "header", "value"),
    [
        (SHOPIFY, "x-shopify-hmac-sha256", base64.b64encode(DIGEST).decode()),
        (
            HttpDoor(scheme=SignatureScheme.WOOCOMMERCE),
            "x-wc-webhook-signature",
            base64.b64encode(DIGEST).decode(),
        ),
        (HEX, "x-hub-signature-256", "sha256=" + DIGEST.hex()),
        (HEX, "x-hub-signature-256", DIGEST.hex().upper()),
        (HttpDoor(scheme=SignatureScheme.BEARER), "authorization", f"Bearer {SECRET}"),
    ],
)
def test_only_the_right_signature_of_this_body_lets_it_in(door, header, value):
    assert reason(door, {header: value}) == ""
    assert reason(door, {header: value}, "new", SECRET) == "", "while a secret is changed, both are good"
    assert reason(door, {header: value}, "another") == "SIGNATURE_WRONG"
    if door.scheme != SignatureScheme.BEARER:
        assert reason(door, {header: value}, body=BODY + b" ") == "SIGNATURE_WRONG"
    assert reason(door, {}) == "SIGNATURE_MISSING"
    for nonsense in ("", "é", "=", "sha256=", "Basic abc", "v1,", "0" * 5000):
        assert reason(door, {header: nonsense}) in ("SIGNATURE_MISSING", "SIGNATURE_WRONG")


def test_no_secret_at_all_lets_nothing_in():
    assert refusal(SHOPIFY, {"x-shopify-hmac-sha256": base64.b64encode(DIGEST).decode()}, BODY, (), NOW) is not None


def test_a_standard_webhook_is_signed_with_its_id_and_time_and_is_good_for_five_minutes():
    signature = Webhook(WHSEC).sign("msg_1", NOW, BODY.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": f"v1a,bad {signature} v1,AAAA",
    }
    assert reason(STANDARD, headers, WHSEC) == ""
    assert reason(STANDARD, {**headers, "webhook-id": "msg_2"}, WHSEC) == "SIGNATURE_WRONG"
    assert reason(STANDARD, headers, WHSEC, now=NOW + timedelta(minutes=5)) == ""
    for later in (timedelta(minutes=5, seconds=1), -timedelta(minutes=6)):
        assert reason(STANDARD, headers, WHSEC, now=NOW + later) == "TIMESTAMP_OLD"
    for odd in ("", "-1", "now", "1e9", "9" * 40, "\u0663"):
        assert reason(STANDARD, {**headers, "webhook-timestamp": odd}, WHSEC) in ("TIMESTAMP_MISSING", "TIMESTAMP_OLD")


def test_a_time_that_is_signed_cannot_be_replaced():
    sent = str(int(NOW.timestamp()))
    digest = hmac.new(SECRET.encode(), f"{sent}.".encode() + BODY, hashlib.sha256).digest()
    headers = {"x-signature": base64.b64encode(digest).decode(), "x-sent-at": sent}
    assert reason(TIMED, headers) == ""
    assert reason(TIMED, headers, now=NOW + timedelta(hours=1)) == "TIMESTAMP_OLD"
    fresh = {**headers, "x-sent-at": str(int(sent) + 3600)}
    assert reason(TIMED, fresh, now=NOW + timedelta(hours=1)) == "SIGNATURE_WRONG"


def test_headers_that_say_what_a_document_is_are_kept_and_those_that_prove_it_are_not():
    headers = {
        "content-type": "application/json",
        "x-shopify-topic": "orders/create",
        "x-shopify-webhook-id": "w-1",
        "x-shopify-hmac-sha256": "secret",
        "x-shopify-access-token": "secret",
        "authorization": "Bearer secret",
        "cookie": "secret",
        "x-event-signature": "secret",
        "x-api-key": "secret",
        "ce-type": "order.updated",
        "x-forwarded-for": "10.0.0.1",
        "host": "example",
    }
    kept = kept_headers(SHOPIFY, headers)
    assert set(kept) == {"content-type", "x-shopify-topic", "x-shopify-webhook-id", "ce-type"}
    assert delivery_id(SHOPIFY, headers) == "w-1"
    assert "x-hub-signature-256" not in kept_headers(HEX, {"x-hub-signature-256": DIGEST.hex()})


ISA = "ISA*00*          *00*          *ZZ*ACME           *ZZ*US             *260302*1200*U*00401*000000905*0*P*>~"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (ISA + "GS*PO*ACME*US*20260302*1200*1*X*004010~", ("997", "ACME", "000000905")),
        (ISA + "GS*FA*ACME*US*20260302*1200*1*X*004010~", None),
        ("UNA:+.? 'UNB+UNOC:3+401:14+402:14+260302:1200+77'UNH+1+ORDERS:D:96A:UN'", ("CONTRL", "401", "77")),
        ("UNB+UNOC:3+401+402+260302:1200+77'UNH+1+CONTRL:D:3:UN'", None),
        ("UNB+UNOC:3", None),
        ("ISA*", None),
        ('{"id": 1}', None),
        ("", None),
    ],
)
def test_an_acknowledgement_is_owed_for_an_interchange_and_never_for_an_acknowledgement(content, found):
    envelope = envelope_of(content.encode())
    assert (envelope and (envelope.kind, envelope.partner, envelope.control_number)) == found
