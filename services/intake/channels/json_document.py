"""A JSON document as its reader walks it: every value knows its path, so that every complaint says where.

Numbers are exact: integers of any size (channels use ids above 2^53) and decimals, never floats. A value of the wrong
type is a `Refusal` with its path; one that is absent, null, "" or the text "NULL" of some exports is `missing`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Self

from services.chassis.plain_text import clean, decode, storable
from services.intake.channels import amounts
from services.intake.channels.refusal import BAD_VALUE, MISSING_FIELD, NOT_JSON, Refusal

_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands."""

    value: object
    path: str

    def __getitem__(self, name: str) -> Self:
        """Return a field; a missing node where there is none."""
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return type(self)(value, f"{self.path}.{name}")

    def __contains__(self, name: str) -> bool:
        return isinstance(self.value, dict) and name in self.value

    @property
    def missing(self) -> bool:
        """Nothing was said."""
        return self.value is None or (isinstance(self.value, str) and self.value.strip() in {"", "NULL"})

    def first(self, *names: str) -> Self:
        """Return the first of these fields that says something, the first one where none does."""
        return next((self[name] for name in names if not self[name].missing), self[names[0]])

    def required(self) -> Self:
        """Return the node itself where it says something."""
        if self.missing:
            raise Refusal(MISSING_FIELD, self.path, f"{self.path} is missing: the channel must send it.")
        return self

    def items(self) -> Iterator[Self]:
        """Yield the elements of a list; none where it is missing."""
        if self.missing:
            return
        if not isinstance(self.value, list):
            raise self.bad("a list")
        for index, value in enumerate(self.value):
            yield type(self)(value, f"{self.path}[{index}]")

    def text(self, limit: int = 2000) -> str:
        """Return prose, cut to the limit; a number is written out, anything else is no text and is left out."""
        if self.missing or isinstance(self.value, bool) or not isinstance(self.value, str | int | Decimal):
            return ""
        return clean(str(self.value), limit)

    def identifier(self, limit: int) -> str:
        """Return an id exactly as it is, never cut; empty where it is missing."""
        if self.missing:
            return ""
        text = self.value.strip() if isinstance(self.value, str) else self._whole()
        if text is None or not storable(text):
            raise self.bad("an id")
        if len(text) > limit:
            raise Refusal(BAD_VALUE, self.path, f"{self.path} has {len(text)} characters: an id may have {limit}.")
        return text

    def decimal(self) -> Decimal | None:
        """Return a number, also one in a string; None where it is missing."""
        if self.missing:
            return None
        number: Decimal | None = None
        if isinstance(self.value, str):
            number = amounts.parse(self.value)
        elif isinstance(self.value, int | Decimal) and not isinstance(self.value, bool):
            number = amounts.in_range(Decimal(self.value))
        if number is None:
            raise self.bad("a number of a size that an order may have")
        return number

    def minor(self, currency_code: str) -> int:
        """Return an amount of at least nothing in minor units; 0 where it is missing."""
        number = self.decimal() or Decimal(0)
        if number < 0:
            raise self.bad("an amount of zero or more")
        return amounts.minor(number, currency_code)

    def quantity(self, least: int) -> int:
        """Return whole units from `least` to a million."""
        number = self.required().decimal()
        if number is None or number != number.to_integral_value() or not least <= number <= 1_000_000:
            raise self.bad(f"a whole number of units between {least} and 1000000")
        return int(number)

    def flag(self, *, default: bool) -> bool:
        """Return a truth, also one written as a number or in words."""
        if self.missing:
            return default
        word = str(self.value).strip().lower()
        if word not in _TRUE | _FALSE:
            raise self.bad("true or false")
        return word in _TRUE

    def time(self) -> datetime | None:
        """Return a moment, in UTC where no zone is written; None where nobody can read it, which harms no order."""
        try:
            moment = datetime.fromisoformat(self.text(40))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def bad(self, wanted: str) -> Refusal:
        """Return the complaint that this is not what was wanted."""
        shown = "an object" if isinstance(self.value, dict) else "a list"
        if not isinstance(self.value, dict | list):
            shown = clean(repr(self.value), 60)
        return Refusal(BAD_VALUE, self.path, f"{self.path} must be {wanted}, not {shown}.")

    def _whole(self) -> str | None:
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        if isinstance(self.value, Decimal) and (number := amounts.in_range(self.value)) is not None:
            return str(int(number)) if number == number.to_integral_value() else None
        return None


def parse(content: bytes) -> Node:
    """Return the document's root.

    Raises:
        Refusal: NOT_JSON, with the line and the column where reading stopped.
    """
    text = decode(content)
    try:
        value = json.loads(text, strict=False, parse_float=_number, parse_int=_integer, parse_constant=_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Refusal(NOT_JSON, where, f"Not JSON at {where}: {error.msg}. Send the document again, whole.") from None
    except RecursionError:
        raise Refusal(NOT_JSON, "line 1 column 1", "The document is nested too deep to be an order.") from None
    return Node(value, "$")


def _integer(digits: str) -> int | Decimal:
    # Python refuses to convert thousands of digits; so many are never an id, and a Decimal says so later.
    return int(digits) if len(digits) <= 100 else _number(digits)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("NaN")
