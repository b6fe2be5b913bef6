"""Links with which a customer sees one order: signed, so that nobody makes one, and good for a time."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote

from services.kernel.errors import FailedPrecondition, PermissionDenied

_DIGEST = hashlib.sha256
_PURPOSE = b"oms/status-link/1"


class StatusLinks:
    """Makes and reads links; without a key there are none."""

    def __init__(self, key: str, page_url: str) -> None:
        # A key of its own, whatever else the same secret is used for.
        self._key = hmac.digest(key.encode(), _PURPOSE, _DIGEST) if key else b""
        self._page_url = page_url

    def token(self, order_id: str, expire_time: datetime) -> str:
        """Return what lets its bearer see the order until then.

        Raises:
            FailedPrecondition: LINKS_OFF.
        """
        if not self._key:
            raise FailedPrecondition("set OMS_STATUS_LINK_KEY to sign links with", reason="LINKS_OFF")
        said = f"{order_id}.{int(expire_time.timestamp())}".encode()
        return base64.urlsafe_b64encode(self._signature(said) + said).decode().rstrip("=")

    def url(self, token: str) -> str:
        """Return where the customer goes; empty where there is no such page."""
        return f"{self._page_url}?token={quote(token)}" if self._page_url and token else ""

    def url_of(self, order_id: str, expire_time: datetime) -> str:
        """Return a new link to the order; empty where there are none."""
        return self.url(self.token(order_id, expire_time)) if self._key and self._page_url else ""

    def order_id(self, token: str, now: datetime) -> str:
        """Return the order that the token is about.

        Raises:
            PermissionDenied: LINK_INVALID.
        """
        size = _DIGEST().digest_size
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            order_id, _, expires = raw[size:].decode("ascii").rpartition(".")
            expire_time = datetime.fromtimestamp(int(expires), UTC)
        except (ValueError, OverflowError, OSError, binascii.Error) as error:
            raise _invalid() from error
        if not self._key or not hmac.compare_digest(self._signature(raw[size:]), raw[:size]) or now >= expire_time:
            raise _invalid()
        return order_id

    def _signature(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, _DIGEST)


def _invalid() -> PermissionDenied:
    return PermissionDenied("this link is not good, or not any more: ask for a new one", reason="LINK_INVALID")
