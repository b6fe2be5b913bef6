"""What Amazon's words mean: its markets, service levels, programmes and dates."""

from datetime import UTC, datetime

from services.intake.channels.json_document import Node
from services.intake.domain.draft import ServiceLevel

# Amazon's marketplace ids with their country and currency, as its developer documentation lists them.
_MARKETS = """
ATVPDKIKX0DER US USD A2EUQ1WTGCTBG2 CA CAD A1AM78C64UM0Y8 MX MXN A2Q3Y263D00KWC BR BRL A28R8C7NBKEWEA IE EUR
A1RKKUPIHCS9HS ES EUR A1F83G8C2ARO7P GB GBP A13V1IB3VIYZZH FR EUR AMEN7PMS3EDWL BE EUR A1805IZSGTT6HS NL EUR
A1PA6795UKMFR9 DE EUR APJ6JRA9NG5V4 IT EUR A2NODRKZP88ZB9 SE SEK AE08WJ6YKNBMC ZA ZAR A1C3SOZRARQ6R3 PL PLN
ARBP9OOSHTCHU EG EGP A33AVAJ2PDY3EV TR TRY A17E79C6D8DWNP SA SAR A2VIGQ35RCS4UG AE AED A21TJRUUN4KGV IN INR
A19VAU5U5O7RUS SG SGD A39IBJ37TRP1C6 AU AUD A1VC38T7YXB528 JP JPY
"""
_WORDS = _MARKETS.split()
_BY_ID = dict(zip(_WORDS[::3], zip(_WORDS[1::3], _WORDS[2::3], strict=True), strict=True))

# Where the price on the page is without tax.
_TAX_ON_TOP = frozenset({"US", "CA", ""})
_SERVICE = {
    "nextday": ServiceLevel.NEXT_DAY,
    "sameday": ServiceLevel.NEXT_DAY,
    "secondday": ServiceLevel.EXPEDITED,
    "expedited": ServiceLevel.EXPEDITED,
    "priority": ServiceLevel.EXPEDITED,
}
# Amazon did not exist before: seconds that were read as milliseconds give a January of 1970.
_FIRST = datetime(1994, 7, 5, tzinfo=UTC)


def market_country(marketplace_id: str) -> str:
    """Return the country of a marketplace, empty for one that is not known."""
    return _BY_ID.get(marketplace_id, ("", ""))[0]


def market_currency(marketplace_id: str) -> str:
    """Return the currency of a marketplace, empty for one that is not known."""
    return _BY_ID.get(marketplace_id, ("", ""))[1]


def prices_include_tax(marketplace_id: str) -> bool:
    """Tell whether prices in this market are with their tax."""
    return market_country(marketplace_id) not in _TAX_ON_TOP


def service(word: str) -> ServiceLevel:
    """Return the service that a level of either API promises: "SecondDay" and "SECOND_DAY" are the same."""
    return _SERVICE.get(word.replace("_", "").replace("-", "").lower(), ServiceLevel.STANDARD)


def moment(node: Node) -> datetime | None:
    """Return a moment that Amazon can have meant."""
    found = node.time()
    return found if found is not None and found >= _FIRST else None


def implausible_tag(*nodes: Node) -> str:
    """Return the tag of an order of which one of these moments was before there was an Amazon, else nothing."""
    early = any((found := node.time()) is not None and found < _FIRST for node in nodes)
    return "implausible-dates" if early else ""


def main_programme(programmes: tuple[str, ...]) -> str:
    """Return the programme that decides how fast and how well it must be done."""
    return next((name for name in ("prime", "premium", "amazon-business") if name in programmes), "") or next(
        iter(programmes), ""
    )
