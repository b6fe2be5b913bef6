"""A file that is read from its beginning to its end in pieces: what is looked at is in memory, the rest is not."""

from typing import BinaryIO

_CHUNK = 1 << 16


class Window:
    """The bytes of a stream from `offset` on, as far as they were read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.data = bytearray()
        self.offset = 0

    def more(self) -> bool:
        """Read on; False at the end."""
        chunk = self._stream.read(_CHUNK)
        self.data += chunk
        return bool(chunk)

    def ahead(self, size: int) -> bytes:
        """Return so many of the next bytes, fewer only at the end."""
        while len(self.data) < size and self.more():
            pass
        return bytes(self.data[:size])

    def drop(self, size: int) -> None:
        """Go on behind so many bytes."""
        del self.data[:size]
        self.offset += size

    def drop_space(self) -> None:
        """Go on to the next byte that is no white space."""
        while self.ahead(1):
            kept = self.data.lstrip(b" \t\r\n\x00\x1a")
            self.drop(len(self.data) - len(kept))
            if self.data:
                return
