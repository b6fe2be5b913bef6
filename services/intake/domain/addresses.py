"""Addresses as their country writes them, and what is wrong with them. Only form is changed, never what is said."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from services.intake.domain.draft import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """What a country asks of an address, for one of its areas: fields are those of `Address`."""

    name: str
    required: frozenset[str]
    has_postal_code: bool
    # All of them must match; the first is the country's, the others the area's.
    postal_codes: tuple[re.Pattern[str], ...]
    example: str
    # Codes of areas by code and by name, both folded; empty where areas have no codes.
    areas: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Which part of an address is wrong, and why."""

    field: str
    message: str


# How a postal code is parted where it was written as one word.
_PARTED = {
    **dict.fromkeys(("GB", "GG", "JE", "IM"), (re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})"), r"\1 \2")),
    "CA": (re.compile(r"([A-Z]\d[A-Z])(\d[A-Z]\d)"), r"\1 \2"),
    "NL": (re.compile(r"(\d{4})([A-Z]{2})"), r"\1 \2"),
    "IE": (re.compile(r"([A-Z]\d[\dW])([A-Z\d]{4})"), r"\1 \2"),
    **dict.fromkeys(("SE", "CZ", "SK", "GR"), (re.compile(r"(\d{3})(\d{2})"), r"\1 \2")),
    "US": (re.compile(r"(\d{5})(\d{4})"), r"\1-\2"),
    "JP": (re.compile(r"(\d{3})(\d{4})"), r"\1-\2"),
    "PL": (re.compile(r"(\d{2})(\d{3})"), r"\1-\2"),
    "PT": (re.compile(r"(\d{4})(\d{3})"), r"\1-\2"),
    "BR": (re.compile(r"(\d{5})(\d{3})"), r"\1-\2"),
}
_SEPARATORS = re.compile(r"[\s\-‐‑–—]+")
_ABROAD = re.compile(r"[A-Z]{1,2}-(?=\d)")
_MOST_LETTERS_OF_A_CODE = 3


def tidied(address: Address) -> Address:
    """Return the address without blanks that say nothing."""
    return replace(
        address,
        name=_spaced(address.name),
        company=_spaced(address.company),
        lines=tuple(line for line in map(_spaced, address.lines) if line),
        city=_spaced(address.city),
        administrative_area=_spaced(address.administrative_area),
        postal_code=_spaced(address.postal_code),
        country_code=address.country_code.strip().upper(),
    )


def written(address: Address, country: Country) -> Address:
    """Return the tidied address with its postal code and its area as the country writes them, where they are clear."""
    area = address.administrative_area
    folded = area.casefold().removeprefix(f"{address.country_code.casefold()}-")
    return replace(
        address,
        administrative_area=country.areas.get(folded, area),
        postal_code=_postal_code(address, country),
    )


def flaws(address: Address, country: Country) -> Iterator[Flaw]:
    """Yield everything that keeps mail from getting there."""
    if not address.lines and "lines" in country.required:
        yield Flaw("lines", "there is no street")
    if not address.city and "city" in country.required:
        yield Flaw("city", "there is no city")
    yield from _postal_flaws(address, country)
    yield from _area_flaws(address, country)


def _postal_flaws(address: Address, country: Country) -> Iterator[Flaw]:
    code = address.postal_code
    if not country.has_postal_code:
        return
    if not code:
        if "postal_code" in country.required:
            yield Flaw("postal_code", f"there is none, such as {country.example}")
    elif country.postal_codes and not country.postal_codes[0].match(code):
        yield Flaw("postal_code", f"{code} is no postal code of {country.name}, which has such as {country.example}")
    elif any(not pattern.match(code) for pattern in country.postal_codes[1:]):
        yield Flaw("postal_code", f"{code} is not in {address.administrative_area}")


def _area_flaws(address: Address, country: Country) -> Iterator[Flaw]:
    area = address.administrative_area
    if not area:
        # A postal code says in which area it is; so does a city where there are no codes.
        if "administrative_area" in country.required and not (address.postal_code or address.city):
            yield Flaw("administrative_area", "there is none")
    elif country.areas and _looks_like_code(area) and area not in country.areas.values():
        yield Flaw("administrative_area", f"{area} is no part of {country.name}")


def _postal_code(address: Address, country: Country) -> str:
    written = _spaced(unicodedata.normalize("NFKC", address.postal_code)).upper()
    parted = _parted(written, address.country_code)
    for candidate in (parted, _parted(_ABROAD.sub("", written, count=1), address.country_code)):
        if country.postal_codes and country.postal_codes[0].match(candidate):
            return candidate
    # What cannot be read stays as it was said.
    return address.postal_code


def _parted(code: str, country_code: str) -> str:
    pattern, form = _PARTED.get(country_code, (None, ""))
    found = pattern.fullmatch(_SEPARATORS.sub("", code)) if pattern else None
    return found.expand(form) if found else code


def _looks_like_code(area: str) -> bool:
    return len(area) <= _MOST_LETTERS_OF_A_CODE and area.isascii() and area.isupper()


def _spaced(text: str) -> str:
    return " ".join(text.split())
