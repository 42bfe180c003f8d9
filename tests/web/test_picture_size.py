"""Width and height of pictures from their first bytes."""

from __future__ import annotations

import struct

import pytest

from appliance.web.picture_size import size_of

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 12, 7)
BMP = b"BM" + bytes(16) + struct.pack("<ii", 30, -20)
APP = b"\xff\xe0" + struct.pack(">H", 16) + bytes(14)
JPEG = b"\xff\xd8" + APP + b"\xff\xc2" + struct.pack(">HBHH", 17, 8, 90, 160)
WIDE_WEBP = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\xff\x03\x00\x2b\x01\x00"
PLAIN_WEBP = b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 64, 48)
EXACT_WEBP = b"RIFF\0\0\0\0WEBPVP8L" + bytes(5) + struct.pack("<I", 99 | 49 << 14)


@pytest.mark.parametrize(
    ("start", "size"),
    [
        (PNG, (640, 480)),
        (GIF, (12, 7)),
        (BMP, (30, 20)),
        (JPEG, (160, 90)),
        (WIDE_WEBP, (1024, 300)),
        (PLAIN_WEBP, (64, 48)),
        (EXACT_WEBP, (100, 50)),
    ],
    ids=["png", "gif", "bmp", "jpeg", "webp-extended", "webp-lossy", "webp-lossless"],
)
def test_a_picture_says_how_large_it_is(start, size):
    assert size_of(start) == size
    assert all(size_of(start[:length]) in {None, size} for length in range(len(start)))


@pytest.mark.parametrize("start", [b"", b"\xff\xd8\x00", b"RIFF\0\0\0\0WAVE", b"<svg/>", b"text"])
def test_what_is_no_picture_has_no_size(start):
    assert size_of(start) is None
