"""Words that a network is written in: capabilities, and countries."""

import re
from collections.abc import Iterable, Iterator

from oms.routing.v1.network_pb2 import Problem
from services.routing.problem import nearest, problem

# Words with a meaning of their own. Others are as good: they match where goods ask for them.
CAPABILITIES = ("pickup", "ship-from-store", "returns", "hazmat", "gift-wrap", "cold")
# So near to one of them that it was meant: "pick-up", "gift-warp", "ship-from-stores".
_TYPO = 0.8
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_OTHER_COUNTRIES = {"UK": "GB", "EL": "GR", "EN": "GB"}


def capability_problems(capabilities: Iterable[str]) -> Iterator[Problem]:
    """Yield capabilities that look like one that we know and are none."""
    for number, word in enumerate(capabilities):
        meant = nearest(word, CAPABILITIES, _TYPO)
        if meant and word != meant:
            yield problem(f"capabilities[{number}]", f"{word!r} looks like {meant!r}", meant)


def country_problems(place: str, code: str) -> Iterator[Problem]:
    """Yield what is no ISO 3166-1 alpha-2 code of a country."""
    if code in _OTHER_COUNTRIES:
        yield problem(place, f"{code} is not what ISO 3166 calls the country", _OTHER_COUNTRIES[code])
    elif not _COUNTRY.fullmatch(code):
        yield problem(place, f"{code!r} is no ISO 3166-1 alpha-2 code, such as DE", code.strip().upper()[:2])
