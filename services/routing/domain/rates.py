"""Exchange rates, to compare the costs of nodes in different currencies. Nobody is charged by them.

US dollars for one unit, approximate mid-market rates of early January 2025, three significant digits. A fixed table
keeps plans repeatable: the same inputs give the same decision. Better rates come with a new rule version.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from services.kernel.money import Money, exponent

_TABLE = """
USD 1        EUR 1.03     GBP 1.24     CHF 1.10     SEK 0.0898   NOK 0.0877   DKK 0.138    ISK 0.00717
PLN 0.241    CZK 0.0409   HUF 0.00249  RON 0.207    BGN 0.526    UAH 0.0238   TRY 0.0283   ILS 0.275
CAD 0.694    MXN 0.0485   BRL 0.162    ARS 0.00097  CLP 0.001    COP 0.000227 AUD 0.620    NZD 0.560
JPY 0.00635  CNY 0.137    HKD 0.129    TWD 0.0304   KRW 0.00068  SGD 0.731    MYR 0.224    THB 0.0291
IDR 0.0000616 PHP 0.0173  VND 0.0000393 INR 0.0117  AED 0.272    SAR 0.266    KWD 3.24     ZAR 0.0532
EGP 0.0197
"""
_WORDS = _TABLE.split()
_DOLLARS = {code: Decimal(rate) for code, rate in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
CURRENCIES = ", ".join(sorted(_DOLLARS))


def known(currency_code: str) -> bool:
    """Tell whether this currency can be compared."""
    return currency_code in _DOLLARS


def convert(money: Money, currency_code: str) -> int:
    """Return the amount as minor units of another currency, rounded half to even."""
    if money.currency_code == currency_code or money.minor == 0:
        return money.minor
    dollars = money.amount * _DOLLARS[money.currency_code]
    amount = (dollars / _DOLLARS[currency_code]).scaleb(exponent(currency_code))
    return int(amount.to_integral_value(ROUND_HALF_EVEN))
