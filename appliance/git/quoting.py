"""Reads paths as git writes them between quotes when they have odd bytes."""

from __future__ import annotations

ESCAPES = {
    b"a": b"\a",
    b"b": b"\b",
    b"t": b"\t",
    b"n": b"\n",
    b"v": b"\v",
    b"f": b"\f",
    b"r": b"\r",
    b'"': b'"',
    b"\\": b"\\",
}


def unquote(path: bytes) -> bytes:
    """A path as git writes it between quotes when it has odd bytes. Source: git's quote.c."""
    if not (path.startswith(b'"') and path.endswith(b'"') and len(path) > 1):
        return path
    inner, whole, position = path[1:-1], b"", 0
    while position < len(inner):
        if inner[position : position + 1] != b"\\":
            whole += inner[position : position + 1]
            position += 1
            continue
        letter = inner[position + 1 : position + 2]
        if letter in ESCAPES:
            whole += ESCAPES[letter]
            position += 2
        else:
            whole += bytes([int(inner[position + 1 : position + 4], 8)])
            position += 4
    return whole
