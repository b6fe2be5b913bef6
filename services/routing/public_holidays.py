"""Public holidays, from the `holidays` library, which knows the law of some hundred countries."""

import difflib
from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache

import holidays

from services.kernel.errors import InvalidArgument

# What people write, and what ISO 3166 says.
_OTHER_NAMES = {"UK": "GB", "EL": "GR"}


class UnknownHolidays(InvalidArgument):
    """Nobody knows the public holidays there; `suggestion` says what to write instead, where that is clear."""

    reason = "UNKNOWN_HOLIDAYS"

    def __init__(self, field: str, message: str, suggestion: str) -> None:
        super().__init__(message, field=field, suggestion=suggestion)
        self.field = field
        self.suggestion = suggestion


def public_holidays(country: str, subdivision: str, years: Iterable[int]) -> dict[date, str]:
    """Return the public holidays of a country, or a part of it ("" for all of it), with their English names.

    A holiday that is moved from a weekend is the day on which it is kept.

    Raises:
        UnknownHolidays: there is no such country or part.
    """
    check(country, subdivision)
    days: dict[date, str] = {}
    for year in years:
        days |= _of_year(country, subdivision, year)
    return days


def check(country: str, subdivision: str) -> None:
    """Let a country and its part pass whose holidays are known.

    Raises:
        UnknownHolidays: there is no such country or part.
    """
    parts = _countries().get(country)
    if parts is None:
        meant = _OTHER_NAMES.get(country, "")
        message = f"nobody knows the public holidays of country {country!r}; leave it out and list days_off"
        raise UnknownHolidays("holiday_country_code", message, meant)
    if subdivision and subdivision not in parts:
        near = difflib.get_close_matches(subdivision, parts, 1, 0.5)
        if near:
            meant = near[0]
        else:
            meant = f"one of {', '.join(parts)}" if parts else "nothing: the holidays are the same in all parts"
        message = f"{country} has no part {subdivision!r} with public holidays of its own"
        raise UnknownHolidays("holiday_subdivision", message, meant)


@cache
def _countries() -> dict[str, list[str]]:
    known = holidays.list_supported_countries()
    return {code: list(parts) for code, parts in known.items() if len(code) == 2 and code not in _OTHER_NAMES}


@lru_cache(maxsize=4096)
def _of_year(country: str, subdivision: str, year: int) -> dict[date, str]:
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US")
    return dict(sorted(found.items()))
