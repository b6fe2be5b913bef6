"""Whether a document that came over HTTP is from whom it says it is, and which of its headers are kept."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from services.intake.domain.channel import HttpDoor, SignatureScheme

# How old a signed time of sending may be, and how far ahead the sender's clock.
TOLERANCE = timedelta(minutes=5)

_TEXT_LIMIT = 500
_KEPT = re.compile(
    r"content-type|x-shopify-.*|x-wc-webhook-.*|webhook-(id|timestamp)|ce-.*|(x-|adobe-|magento-)?.*(topic|event).*"
    r"|x-.*(delivery|request)-?id"
)
_SECRET = re.compile(r"hmac|signature|auth|secret|token|cookie|digest|(^|[-_.])(api)?key($|[-_.])")
_SIGNED_IN = {
    SignatureScheme.SHOPIFY: "x-shopify-hmac-sha256",
    SignatureScheme.WOOCOMMERCE: "x-wc-webhook-signature",
    SignatureScheme.STANDARD_WEBHOOKS: "webhook-signature",
    SignatureScheme.BEARER: "authorization",
}
_DELIVERED_AS = {
    SignatureScheme.SHOPIFY: "x-shopify-webhook-id",
    SignatureScheme.WOOCOMMERCE: "x-wc-webhook-delivery-id",
    SignatureScheme.STANDARD_WEBHOOKS: "webhook-id",
}


def refusal(
    door: HttpDoor, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> tuple[str, str] | None:
    """Return why the document is not let in (a reason for machines, and words); None where its signature is right.

    Header names are in lower case. Each secret is tried, as there are two while one is being changed.
    """
    where = _SIGNED_IN.get(door.scheme, door.signature_header.lower())
    shown = headers.get(where, "").strip()
    if not shown:
        return "SIGNATURE_MISSING", f"the header {where} is missing: sign the body with the channel's secret"
    sent = _signed_time(door, headers)
    if sent is not None:
        if not sent.isdecimal() or len(sent) > 12:
            return "TIMESTAMP_MISSING", "the time of sending is missing or not in Unix seconds"
        if abs(now.timestamp() - int(sent)) > TOLERANCE.total_seconds():
            return "TIMESTAMP_OLD", "the time of sending is more than five minutes away: sign and send it again"
    signed = _signed(door, headers, body, sent)
    expected = [one for secret in secrets for one in _expected(door.scheme, secret, signed)]
    # Every pair is compared, and each in constant time: how long it takes tells nothing.
    right = [hmac.compare_digest(one, given) for one in expected for given in _given(door.scheme, shown)]
    return None if any(right) else ("SIGNATURE_WRONG", f"{where} does not fit the body: check the channel's secret")


def delivery_id(door: HttpDoor, headers: Mapping[str, str]) -> str:
    """Return what the sender calls this delivery; empty where it has no name."""
    return headers.get(_DELIVERED_AS.get(door.scheme, door.id_header.lower()), "").strip()[:_TEXT_LIMIT]


def kept_headers(door: HttpDoor, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that say what a document is; never one that proves who sent it."""
    secret = {_SIGNED_IN.get(door.scheme, door.signature_header.lower())}
    named = {door.id_header.lower(), door.timestamp_header.lower()} - {""}
    kept = {
        name: value[:_TEXT_LIMIT].replace("\x00", "")
        for name, value in headers.items()
        if name not in secret and (name in named or (_KEPT.fullmatch(name) and not _SECRET.search(name)))
    }
    return dict(sorted(kept.items())[:50])


def _signed_time(door: HttpDoor, headers: Mapping[str, str]) -> str | None:
    """Return the time that is signed with the body; None where the scheme signs none."""
    if door.scheme == SignatureScheme.STANDARD_WEBHOOKS:
        return headers.get("webhook-timestamp", "").strip()
    has_own = door.scheme in (SignatureScheme.HMAC_SHA256_HEX, SignatureScheme.HMAC_SHA256_BASE64)
    return headers.get(door.timestamp_header.lower(), "").strip() if has_own and door.timestamp_header else None


def _signed(door: HttpDoor, headers: Mapping[str, str], body: bytes, sent: str | None) -> bytes:
    if sent is None:
        return body
    before = f"{sent}."
    if door.scheme == SignatureScheme.STANDARD_WEBHOOKS:
        before = f"{headers.get('webhook-id', '').strip()}.{before}"
    return before.encode() + body


def _expected(scheme: SignatureScheme, secret: str, signed: bytes) -> Iterable[bytes]:
    if scheme == SignatureScheme.BEARER:
        return (secret.encode(),)
    key = secret.encode()
    if scheme == SignatureScheme.STANDARD_WEBHOOKS:
        try:
            key = base64.b64decode(secret.removeprefix("whsec_") + "==")
        except ValueError:
            return ()
    return (hmac.new(key, signed, hashlib.sha256).digest(),)


def _given(scheme: SignatureScheme, shown: str) -> Iterable[bytes]:
    match scheme:
        case SignatureScheme.BEARER:
            kind, _, word = shown.partition(" ")
            return (word.strip().encode(),) if kind.lower() == "bearer" else ()
        case SignatureScheme.STANDARD_WEBHOOKS:
            # Several, while the sender changes its secret; other versions are other algorithms.
            return [_base64(one.removeprefix("v1,")) for one in shown.split() if one.startswith("v1,")]
        case SignatureScheme.HMAC_SHA256_HEX:
            try:
                return (bytes.fromhex(shown.removeprefix("sha256=")),)
            except ValueError:
                return ()
        case _:
            return (_base64(shown.removeprefix("sha256=")),)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
