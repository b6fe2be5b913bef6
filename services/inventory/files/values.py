"""Ids, numbers and dates as files write them. All or nothing: what is not certain is refused with a hint.

Quantities are whole numbers without a sign, at most `kernel.quantity.MAXIMUM`; "1200.0" and "1200.00" are whole,
"1,200", "1.200", "1.2E3" and "-3" are refused.
"""

import re
from datetime import UTC, date, datetime

from services.chassis.plain_text import clean
from services.inventory.files.figures import Reason, Unreadable
from services.kernel.quantity import MAXIMUM

LONGEST_SKU, LONGEST_NODE, LONGEST_LOT, LONGEST_REFERENCE = 100, 64, 100, 200

_WHOLE = re.compile(r"(\d{1,15})(?:\.0{0,2})?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:[.,'’\s]\d{3})+(?:[.,]\d*)?")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.ASCII | re.IGNORECASE)


def shown(text: str) -> str:
    """Return a value as a message may quote it."""
    return repr(clean(text, 30))


def identifier(text: str, name: str, longest: int) -> str:
    """Return an id; empty where it is empty.

    Raises:
        Unreadable: it cannot be kept exactly as it is.
    """
    if len(text) > longest:
        raise Unreadable(Reason.BAD_VALUE, f"{name} has {len(text)} characters: {longest} is the most.")
    if not text.isprintable():
        raise Unreadable(Reason.BAD_VALUE, f"{name} {shown(text)} has characters that cannot be seen: remove them.")
    if _SHORTENED.fullmatch(text):
        message = f"{name} {shown(text)} is a number that a spreadsheet has shortened: format its column as text."
        raise Unreadable(Reason.BAD_VALUE, message)
    return text


def whole(text: str, name: str, *, least: int = 0) -> int:
    """Return a quantity.

    Raises:
        Unreadable: it is empty, no whole number, or out of range.
    """
    if not text:
        raise Unreadable(Reason.MISSING_FIELD, f"{name} is empty: write 0 where there is nothing.")
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise Unreadable(Reason.BAD_VALUE, f"{name} must be a whole number, not {shown(text)}{_hint(text)}.")
    number = int(found[1])
    if not least <= number <= MAXIMUM:
        raise Unreadable(Reason.BAD_VALUE, f"{name} must be between {least} and {MAXIMUM}, not {number}.")
    return number


def _hint(text: str) -> str:
    if text.startswith(("-", "−", "(")):
        return ": there is never less than nothing, send 0 and look for what was taken without being booked"
    if text.startswith("+"):
        return ": it looks like a change, and only what is there is read"
    if _GROUPED.fullmatch(text):
        return ": write it without thousands separators"
    if _SHORTENED.fullmatch(text):
        return ": a spreadsheet has shortened it, format its column as a number"
    return ""


def moment(text: str, name: str) -> datetime:
    """Return a date and time in UTC; without an offset it is UTC, without a time the beginning of the day.

    Raises:
        Unreadable: it is no ISO 8601 date.
    """
    try:
        found = datetime.fromisoformat(text if text.isascii() else "")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{name} must be a date such as 2026-01-31 or 2026-01-31T14:00:00Z, not {shown(text)}."
        raise Unreadable(Reason.BAD_VALUE, message) from None


def day(text: str, name: str) -> date:
    """Return a date, of whatever time of that day.

    Raises:
        Unreadable: it is no ISO 8601 date.
    """
    moment(text, name)
    return datetime.fromisoformat(text).date()
