"""Whether a shipping method means that the customer comes to fetch it, and where."""

import re

_PICKUP = re.compile(
    r"\b(local|store|in[ -]store|curbside|free)[ _-]*pick[ _-]?up\b|^pick[ _-]?up\b|click (and|&) collect"
    r"|\bself[ -]?collect|abholung|retrait en magasin|recogida en tienda",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"^\W*((local|store|in[ -]store|curbside|free)[ _-]*)?pick[ _-]?up(\s+(at|from|in)\b)?\W*"
    r"|^click (and|&) collect\W*",
    re.IGNORECASE,
)


def means_pickup(*words: str) -> bool:
    """Tell whether one of the words is a name of picking up."""
    return any(_PICKUP.search(word) for word in words)


def pickup_place(*words: str) -> str:
    """Return the place that the words name, the first that is more than "pickup"; else the first of the words."""
    named = (_GENERIC.sub("", word).strip(" \t()") for word in words)
    return next((name for name in named if name), next((word for word in words if word), "pickup"))[:200]
