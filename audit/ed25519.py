"""Whether an Ed25519 signature is good, in plain Python. It can only check; nothing here signs.

Verification handles no secret, so that it need not take care of time. It accepts what the
cofactorless equation of RFC 8032 accepts, and insists on canonical encodings, so that no signature
has two spellings.

Source: RFC 8032, sections 5.1 and 6.
"""

from __future__ import annotations

import hashlib

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)
KEY_BYTES = 32
SIGNATURE_BYTES = 64

# A point in extended coordinates: x = X/Z, y = Y/Z, x * y = T/Z.
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of this key signed exactly this message.

    Shapes: public_key is 32 bytes, signature 64; others are refused.
    """
    if len(public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    key, commitment = _decode(public_key), _decode(signature[:KEY_BYTES])
    response = int.from_bytes(signature[KEY_BYTES:], "little")
    if key is None or commitment is None or response >= ORDER:
        return False
    if _is_small(key):
        return False
    digest = hashlib.sha512(signature[:KEY_BYTES] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    # response * B - challenge * A must be the commitment.
    found = _two_products(response, BASE, challenge, _negative(key))
    return _same(found, commitment)


def _decode(data: bytes) -> Point | None:
    """The point of 32 bytes; None where they are no canonical encoding of one."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= PRIME:
        return None
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % PRIME)


def _x_of(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    return x if x & 1 == sign else PRIME - x


def _add(left: Point, right: Point) -> Point:
    a = (left[1] - left[0]) * (right[1] - right[0]) % PRIME
    b = (left[1] + left[0]) * (right[1] + right[0]) % PRIME
    c = 2 * left[3] * right[3] * CURVE_D % PRIME
    d = 2 * left[2] * right[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def _negative(point: Point) -> Point:
    return PRIME - point[0], point[1], point[2], PRIME - point[3]


def _two_products(first: int, left: Point, second: int, right: Point) -> Point:
    """First * left + second * right, bit by bit from the top."""
    both = _add(left, right)
    table = {1: left, 2: right, 3: both}
    result = NEUTRAL
    for bit in range(max(first.bit_length(), second.bit_length()) - 1, -1, -1):
        result = _add(result, result)
        wanted = (first >> bit & 1) | (second >> bit & 1) << 1
        if wanted:
            result = _add(result, table[wanted])
    return result


def _same(left: Point, right: Point) -> bool:
    return not (
        (left[0] * right[2] - right[0] * left[2]) % PRIME
        or (left[1] * right[2] - right[1] * left[2]) % PRIME
    )


def _is_small(point: Point) -> bool:
    """Whether it is one of the eight points with which anything can be said to be signed."""
    for _ in range(3):
        point = _add(point, point)
    return _same(point, NEUTRAL)


_BASE_Y = 4 * pow(5, PRIME - 2, PRIME) % PRIME
BASE = _decode(_BASE_Y.to_bytes(KEY_BYTES, "little")) or NEUTRAL
