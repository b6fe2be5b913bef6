"""Text as it may be stored: without the characters that PostgreSQL or protobuf would not take."""

import re

# NUL and the other control characters (tab and line feed are kept), and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def decode(content: bytes) -> str:
    """Return the text: UTF-16 where a byte order mark says so, else UTF-8, else Latin-1, which reads anything."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace").removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig").lstrip("\ufeff")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def clean(text: str, limit: int) -> str:
    """Return prose without what cannot be stored, cut to `limit` characters."""
    return _UNSTORABLE.sub(" ", text).strip()[:limit].rstrip()


def storable(text: str) -> bool:
    """Tell whether an id can be kept exactly as it is."""
    return _UNSTORABLE.search(text) is None
