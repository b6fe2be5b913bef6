"""What an adapter is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from services.intake.domain.reading import Reading

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Adapter(Protocol):
    """Reads documents of one format."""

    def __call__(self, content: bytes, channel: str, headers: Mapping[str, str] = NO_HEADERS) -> Reading:
        """Return what is in the document."""
        ...
