"""What something typed may mean."""

import re
from dataclasses import dataclass

_TAG = "tag:"
_WORD = re.compile(r"[^\W_]+")
_FEWEST_DIGITS = 7
# As many as tell subscribers apart, whatever stands before them: country code, zero, nothing.
_TOLD_APART = 9
_MOST_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """What to look for, each where it is not empty; `words` are the beginnings of words that must all be there."""

    whole: str
    numbers: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    tag: str = ""
    words: tuple[str, ...] = ()


def meanings(query: str) -> Meanings | None:
    """Return what was meant; None where nothing was said."""
    text = " ".join(query.split())
    if not text:
        return None
    if text.lower().startswith(_TAG):
        return Meanings(whole="", tag=text[len(_TAG) :].strip()) if text[len(_TAG) :].strip() else None
    if "@" in text:
        return Meanings(whole=text, email=text.lower())
    digits = re.sub(r"\D", "", text)
    is_phone = len(digits) >= _FEWEST_DIGITS and re.fullmatch(r"[\d\s()+./-]+", text) is not None
    lower = text.lower()
    return Meanings(
        whole=text,
        numbers=tuple(dict.fromkeys((lower, f"#{lower}", lower.removeprefix("#")))),
        phone=digits[-_TOLD_APART:] if is_phone else "",
        words=tuple(_WORD.findall(lower))[:_MOST_WORDS],
    )
