"""Money and moments on the wire."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money as MoneyMessage

from services.kernel.errors import InvalidArgument
from services.kernel.money import Money, exponent

DEFAULT_CURRENCY = "USD"
_NANOS = 1_000_000_000


class UnusableMoney(InvalidArgument):
    reason = "UNUSABLE_MONEY"


def to_money(message: MoneyMessage, default_currency: str) -> Money:
    """Return exact money.

    Raises:
        UnusableMoney: the amount has more places than its currency, or its signs differ.
    """
    currency = message.currency_code or default_currency
    step = _NANOS // 10 ** exponent(currency)
    nanos = message.units * _NANOS + message.nanos
    if nanos % step or abs(message.nanos) >= _NANOS or message.units * message.nanos < 0:
        raise UnusableMoney(f"{message.units} and {message.nanos} nanos are no amount of {currency}", currency=currency)
    return Money(nanos // step, currency)


def from_money(money: Money) -> MoneyMessage:
    units, rest = divmod(abs(money.minor), 10 ** exponent(money.currency_code))
    nanos = rest * (_NANOS // 10 ** exponent(money.currency_code))
    sign = -1 if money.minor < 0 else 1
    return MoneyMessage(currency_code=money.currency_code, units=sign * units, nanos=sign * nanos)


def from_time(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment.astimezone(UTC))
    return timestamp


def to_time(timestamp: Timestamp) -> datetime:
    """Return the moment.

    Raises:
        InvalidArgument: INVALID_TIME, where no calendar has it.
    """
    try:
        return timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument("a time lies outside the years 1 to 9999", reason="INVALID_TIME") from None
