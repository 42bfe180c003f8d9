"""SSH's way of writing values as bytes (RFC 4251, section 5)."""

from __future__ import annotations

LENGTH_BYTES = 4
LONG_BYTES = 8


def written(value: bytes) -> bytes:
    """A string: its length in four bytes, then itself."""
    return len(value).to_bytes(LENGTH_BYTES, "big") + value


class Reader:
    """Reads the values of one blob from left to right. A ValueError says that it is damaged."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._at = 0

    def string(self) -> bytes:
        """A length in four bytes, then so many bytes."""
        return self.take(self.number())

    def number(self) -> int:
        """A number in four bytes (uint32)."""
        return int.from_bytes(self.take(LENGTH_BYTES), "big")

    def long_number(self) -> int:
        """A number in eight bytes (uint64)."""
        return int.from_bytes(self.take(LONG_BYTES), "big")

    @property
    def at(self) -> int:
        """How many bytes have been read."""
        return self._at

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._blob)

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

    def take(self, length: int) -> bytes:
        """So many bytes as they are."""
        taken = self._blob[self._at : self._at + length]
        if len(taken) != length:
            raise ValueError("bytes are missing")
        self._at += length
        return taken
