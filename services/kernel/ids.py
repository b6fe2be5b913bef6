"""Identifiers: a prefix that says what it is, and a ULID that sorts by time (https://github.com/ulid/spec)."""

import hashlib
import os
import re

ORDER = "ord"
LINE = "lin"
HOLD = "hld"
DOCUMENT = "doc"
CHANGE = "chg"
RESERVATION = "rsv"
SUPPLY = "sup"
DRIFT_EXCEPTION = "dft"
DECISION = "dec"
PROMISE = "prm"
SIMULATION = "sim"
OUTAGE = "out"
FULFILLMENT_ORDER = "ful"
SHIPMENT = "shp"
RETURN = "ret"
REIMBURSEMENT = "rmb"
EVENT = "evt"
MESSAGE = "msg"
NOTE = "nte"
REQUEST = "req"
IMPORT = "imp"

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
_SHIFTS = range(120, -1, -10)
_PATTERN = re.compile(r"[a-z]{3}_[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new(prefix: str, milliseconds: int) -> str:
    """Return a new id: `prefix`, then 48 bits of time (Unix milliseconds) and 80 random bits."""
    return f"{prefix}_{_encode((milliseconds << 80) | int.from_bytes(os.urandom(10), 'big'))}"


def derived(prefix: str, *words: str) -> str:
    """Return the one id that belongs to these business words, the same on every retry."""
    digest = hashlib.sha256("/".join(words).encode()).digest()
    return f"{prefix}_{_encode(int.from_bytes(digest[:16], 'big'))}"


def is_id(text: str, prefix: str) -> bool:
    """Tell whether `text` is an id of this kind."""
    return text.startswith(prefix + "_") and _PATTERN.fullmatch(text) is not None


def _encode(number: int) -> str:
    # Two characters at a time: an id is made for each reservation, many thousand times a second.
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])
