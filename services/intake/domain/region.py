"""Which region's rules apply to a destination."""

# Lists of codes are checked against other lists by eye: one line each.
_UK = frozenset("GB GG JE IM".split())  # noqa: SIM905
_EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905


def region_of(country_code: str) -> str:
    """Return US, UK (with Guernsey, Jersey and Man), EU (the 27 members) or ROW for an ISO 3166-1 country."""
    if country_code == "US":
        return "US"
    if country_code in _UK:
        return "UK"
    return "EU" if country_code in _EU else "ROW"
