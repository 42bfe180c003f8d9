"""What a raw file is served as: plain text, bytes, or a picture that can do no harm.

A browser must never run what somebody pushed, so nothing here is HTML or script; an SVG, which
could hold script, is a picture under a policy that forbids it everything (web/headers.py).
Source: WHATWG MIME Sniffing Standard, section 6.1 (image type patterns).
"""

from __future__ import annotations

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
SVG = "image/svg+xml"
START_BYTES = 512  # As far as pictures are recognised and bytes are told from text.

PATTERNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"\0\0\1\0", "image/x-icon"),
)
RIFF_KIND = slice(8, 12)
BRAND = slice(4, 12)
ENDINGS = (b".png", b".jpg", b".jpeg", b".gif", b".bmp", b".ico", b".webp", b".avif", b".svg")


def is_picture(path: bytes) -> bool:
    """Whether a file's name says that it is a picture a browser can show."""
    return path.lower().endswith(ENDINGS)


def of_large(path: bytes, start: bytes) -> str:
    """The type of a large file: a picture, or bytes."""
    kind = of(path, start, is_binary=b"\0" in start)
    return BYTES if kind == TEXT else kind


def of(path: bytes, start: bytes, *, is_binary: bool) -> str:
    """The type of a file, from its first bytes; its name decides only about SVG."""
    if path.lower().endswith(b".svg") and not is_binary:
        return SVG
    picture = next((kind for mark, kind in PATTERNS if start.startswith(mark)), None)
    if picture is None and start[:4] == b"RIFF" and start[RIFF_KIND] == b"WEBP":
        picture = "image/webp"
    if picture is None and start[BRAND] in {b"ftypavif", b"ftypavis"}:
        picture = "image/avif"
    if picture is not None and is_picture(path):
        return picture
    return BYTES if is_binary else TEXT
