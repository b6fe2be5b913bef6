"""How fast, from the words that shops give their shipping methods."""

import re

from services.intake.domain.draft import ServiceLevel

_NEXT_DAY = re.compile(r"next[ _-]?(business[ _-]?|working[ _-]?)?day|overnight|tomorrow")
_EXPEDITED = re.compile(r"express|expedited|priority|(2|two|second)[ _-]?day|\brush\b|\bfast")


def service_level(*words: str) -> ServiceLevel:
    """Return the fastest service that any of the words promises; STANDARD where none does."""
    text = " | ".join(words).lower()
    if _NEXT_DAY.search(text):
        return ServiceLevel.NEXT_DAY
    return ServiceLevel.EXPEDITED if _EXPEDITED.search(text) else ServiceLevel.STANDARD
