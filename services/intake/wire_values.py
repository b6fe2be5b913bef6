"""The smallest parts of messages ⇄ domain values: amounts, moments, addresses, words."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage

from oms.common.v1.address_pb2 import Address as AddressMessage
from services.intake.domain.draft import Address
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money, exponent

Word = TypeVar("Word", bound=StrEnum)

_NANOS = 1_000_000_000
# What PostgreSQL, protobuf and people's calendars all know.
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def money_from(message: MoneyMessage, currency_code: str, field: str) -> Money:
    """Return the amount exactly; a missing one is 0.

    Raises:
        InvalidArgument: CURRENCY_MISMATCH, INEXACT_AMOUNT (more decimals than the currency has).
    """
    if message.currency_code not in ("", currency_code):
        raise InvalidArgument(
            f"{field} is in {message.currency_code}, the order in {currency_code}",
            reason="CURRENCY_MISMATCH",
            field=field,
            currency_code=message.currency_code,
        )
    places = exponent(currency_code)
    minor, rest = divmod(message.units * _NANOS + message.nanos, 10 ** (9 - places))
    if rest or abs(message.nanos) >= _NANOS or message.units * message.nanos < 0:
        raise InvalidArgument(
            f"{field} is not an amount of {currency_code}, which has {places} decimal places",
            reason="INEXACT_AMOUNT",
            field=field,
        )
    return Money(minor, currency_code)


def money_message(minor: int, currency_code: str) -> MoneyMessage:
    """Return the amount as a message."""
    sign = -1 if minor < 0 else 1
    units, rest = divmod(abs(minor), 10 ** exponent(currency_code))
    nanos = rest * 10 ** (9 - exponent(currency_code))
    return MoneyMessage(currency_code=currency_code, units=sign * units, nanos=sign * nanos)


def moment_from(message: Any, field: str) -> datetime | None:
    """Return the moment in `field` of the message, None where it is not set.

    Raises:
        InvalidArgument: INVALID_TIME, where no calendar has it.
    """
    if not message.HasField(field):
        return None
    stamp: Timestamp = getattr(message, field)
    try:
        moment = stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _no_time(field) from error
    if moment < _EARLIEST:
        raise _no_time(field)
    return moment


def stamp(moment: datetime | None) -> Timestamp | None:
    """Return the moment as a message, None for None."""
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment.astimezone(UTC))
    return message


def address_from(message: AddressMessage) -> Address:
    return Address(
        name=message.name,
        company=message.company,
        lines=tuple(message.lines),
        city=message.city,
        administrative_area=message.administrative_area,
        postal_code=message.postal_code,
        country_code=message.country_code,
        phone=message.phone,
        email=message.email,
    )


def address_message(address: Address) -> AddressMessage:
    return AddressMessage(
        name=address.name,
        company=address.company,
        lines=address.lines,
        city=address.city,
        administrative_area=address.administrative_area,
        postal_code=address.postal_code,
        country_code=address.country_code,
        phone=address.phone,
        email=address.email,
    )


def word_from(enum: Any, number: int, words: type[Word], default: Word) -> Word:
    """Return the domain's word for a protobuf enum's number; the default where it is not set."""
    if number == 0:
        return default
    name: str = enum.Name(number)
    return words[name.removeprefix(_prefix(enum))]


def number_of(enum: Any, word: StrEnum) -> Any:
    """Return the protobuf enum's number for the domain's word."""
    return enum.Value(_prefix(enum) + word.name)


def _prefix(enum: Any) -> str:
    zero: str = enum.Name(0)
    return zero.removesuffix("UNSPECIFIED")


def _no_time(field: str) -> InvalidArgument:
    return InvalidArgument(f"{field} is not a time between 1900 and 9999", reason="INVALID_TIME", field=field)
