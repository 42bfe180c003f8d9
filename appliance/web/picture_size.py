"""How wide and high a picture is, read from its first bytes; nothing is decoded.

Source: PNG (W3C), section 11.2.2; GIF89a, section 18; JPEG, ITU-T T.81, B.2.2; BMP, as Microsoft
describes BITMAPINFOHEADER; WebP, RFC 9649, sections 2.5 to 2.7.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

Size = tuple[int, int]

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # Markers that say how large it is.
BITS_14 = 0x3FFF


def size_of(start: bytes) -> Size | None:
    """Width and height in pixels; None where these bytes do not say."""
    for mark, read in READERS:
        if start.startswith(mark):
            try:
                return read(start)
            except (struct.error, IndexError):
                return None  # It breaks off before it says.
    return None


def _png(start: bytes) -> Size:
    width, height = struct.unpack_from(">II", start, 16)
    return width, height


def _gif(start: bytes) -> Size:
    width, height = struct.unpack_from("<HH", start, 6)
    return width, height


def _bmp(start: bytes) -> Size:
    width, height = struct.unpack_from("<ii", start, 18)
    return width, abs(height)  # A negative height says that the rows come from the top.


def _jpeg(start: bytes) -> Size | None:
    at = 2
    while start[at] == 0xFF:  # noqa: PLR2004 - every marker begins with it.
        marker = start[at + 1]
        (length,) = struct.unpack_from(">H", start, at + 2)
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", start, at + 5)
            return width, height
        at += 2 + length
    return None


def _webp(start: bytes) -> Size | None:
    form = start[12:16]
    if form == b"VP8X":
        return _three_bytes(start, 24) + 1, _three_bytes(start, 27) + 1
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", start, 21)
        return (bits & BITS_14) + 1, (bits >> 14 & BITS_14) + 1
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", start, 26)
        return width & BITS_14, height & BITS_14
    return None


def _three_bytes(start: bytes, at: int) -> int:
    return start[at] | start[at + 1] << 8 | start[at + 2] << 16


READERS: tuple[tuple[bytes, Callable[[bytes], Size | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"\xff\xd8", _jpeg),
    (b"RIFF", _webp),
)
