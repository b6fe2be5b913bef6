"""Values out of cells: numbers with either decimal separator, moments, yes and no. What is ambiguous is refused."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from services.chassis.plain_text import clean, storable
from services.intake.channels import amounts
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, Refusal
from services.intake.channels.table_rows import Row

_SIGNS = re.compile(r"[\s\u00a0\u202f']|[$€£¥]")
_POINT_GROUPS = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?")
_COMMA_GROUPS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_ZONE = re.compile(r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})$", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", re.DOTALL)
_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "oui", "si", "sí"})
_NO = frozenset({"no", "n", "false", "0", "nein", "non"})
_LARGEST_QUANTITY = 1_000_000


def quoted(text: str) -> str:
    """Return the beginning of what a cell says, for a message."""
    return repr(clean(text, 40))


def identifier(row: Row, name: str, limit: int) -> str:
    """Return text that is kept exactly as it is, empty where there is none."""
    text = row[name]
    if len(text) > limit or not storable(text):
        message = f"{name} must be at most {limit} characters, none of them a control character."
        raise Refusal(BAD_VALUE, row.at(name), message)
    return text


def decimal(row: Row, name: str, *, comma: bool) -> Decimal | None:
    """Return a number, None where the cell is empty; `comma` where the file writes decimals with a comma."""
    text = row[name]
    if not text:
        return None
    plain = _point(_SIGNS.sub("", text), comma=comma)
    found = None if plain is None else amounts.parse(plain)
    if found is None:
        said = (
            "is a formula: save the file with its values" if text.startswith("=") else f"is no number: {quoted(text)}"
        )
        raise Refusal(BAD_VALUE, row.at(name), f"{name} {said}.")
    return found


def _point(text: str, *, comma: bool) -> str | None:
    """Return the number with a decimal point and without thousands; None where nobody can tell which is which."""
    if comma:
        if _POINT_GROUPS.fullmatch(text):
            # In such a file "1.234" is a thousand in most countries; without a comma nobody can be sure.
            return text.replace(".", "").replace(",", ".") if "," in text or text.count(".") > 1 else None
        return text.replace(",", ".") if text.count(",") + text.count(".") <= 1 else None
    if _COMMA_GROUPS.fullmatch(text):
        return text.replace(",", "")
    return text.replace(",", ".") if text.count(",") + text.count(".") <= 1 else None


def amount(row: Row, name: str, *, comma: bool) -> Decimal | None:
    """Return an amount that is not negative, None where the cell is empty."""
    found = decimal(row, name, comma=comma)
    if found is not None and found < 0:
        raise Refusal(BAD_VALUE, row.at(name), f"{name} must not be negative.")
    return found


def quantity(row: Row, *, comma: bool) -> int:
    """Return the units of a line."""
    found = decimal(row, "quantity", comma=comma)
    if found is None:
        raise Refusal(MISSING_FIELD, row.at("quantity"), "The row says no quantity.")
    if found != int(found) or not 1 <= found <= _LARGEST_QUANTITY:
        raise Refusal(
            BAD_VALUE, row.at("quantity"), f"quantity must be a whole number from 1: {quoted(row['quantity'])}."
        )
    return int(found)


def truth(row: Row, name: str) -> bool | None:
    """Return yes or no, None where the cell is empty."""
    word = row[name].casefold()
    if not word:
        return None
    if word not in _YES and word not in _NO:
        raise Refusal(BAD_VALUE, row.at(name), f"{name} must be yes or no, not {quoted(word)}.")
    return word in _YES


def moment(row: Row, name: str) -> datetime | None:
    """Return a moment, in UTC where it names no zone; None where the cell is empty."""
    text = row[name]
    if not text:
        return None
    zone = _ZONE.search(text) if ":" in text else None
    body, offset = (text[: zone.start()], zone[1].upper()) if zone else (text, "")
    if dotted := _DAY_FIRST.fullmatch(body):
        body = f"{dotted[3]}-{int(dotted[2]):02d}-{int(dotted[1]):02d}{dotted[4]}"
    offset = "+00:00" if offset in {"Z", "UTC", "GMT", ""} else offset
    try:
        found = datetime.fromisoformat(body.strip())
        found = datetime.fromisoformat(f"{found.replace(tzinfo=None).isoformat()}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        found = datetime.min.replace(tzinfo=UTC)
    if not 1970 <= found.year <= 9998:
        raise Refusal(BAD_VALUE, row.at(name), f"{name} must be written like 2026-01-05T09:30:00Z, not {quoted(text)}.")
    return found
