"""SSH's way of writing values as bytes (RFC 4251, section 5)."""

from __future__ import annotations

LENGTH_BYTES = 4


class Reader:
    """Reads the values of one blob from left to right. A ValueError says that it is damaged."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._at = 0

    def string(self) -> bytes:
        """A length in four bytes, then so many bytes."""
        length = int.from_bytes(self._take(LENGTH_BYTES), "big")
        return self._take(length)

    def text(self) -> str:
        """A string of ASCII characters."""
        return self.string().decode("ascii")

    def positive_number(self) -> int:
        """A number above zero in the only spelling that is allowed (mpint)."""
        digits = self.string()
        number = int.from_bytes(digits, "big", signed=True)
        if number <= 0 or len(digits) != number.bit_length() // 8 + 1:
            raise ValueError("not a positive number in its shortest form")
        return number

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._blob):
            raise ValueError("bytes are left over")

    def _take(self, length: int) -> bytes:
        taken = self._blob[self._at : self._at + length]
        if len(taken) != length:
            raise ValueError("bytes are missing")
        self._at += length
        return taken
