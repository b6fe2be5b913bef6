"""Secrets by name: from the environment or from files, read when they are needed, never stored or shown."""

import os
from pathlib import Path


class Secrets:
    """Where secrets are found: OMS_SECRET_<NAME>, or a file of that name in the folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, name: str) -> tuple[str, ...]:
        """Return the secret of this name and the one before it (<NAME>_OLD), as far as they are there."""
        found = (self._read(name), self._read(f"{name}_OLD")) if name else ()
        return tuple(secret for secret in found if secret)

    def _read(self, name: str) -> str:
        told = os.environ.get(f"OMS_SECRET_{name}", "")
        if told or self._folder is None:
            return told
        try:
            return (self._folder / name).read_text().strip()
        except (OSError, ValueError):
            return ""
