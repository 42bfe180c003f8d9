"""Whether an ML-DSA-44 signature is good, in plain Python. It can only check; nothing here signs.

Source: FIPS 204, algorithms 3, 8, 16 to 18, 21, 28 to 30, 32, 40 to 42.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

Q = 8380417
N = 256
ROWS = COLUMNS = 4
DROPPED_BITS = 13
CHALLENGE_ONES = 39
MASK_BOUND = 1 << 17
ROUNDING = (Q - 1) // 88
NORM_BOUND = MASK_BOUND - 78
MOST_HINTS = 80
CHALLENGE_BYTES = 32
KEY_BYTES = 1312
SIGNATURE_BYTES = 2420
RESPONSE_BITS = 18
RESPONSE_BYTES = N * RESPONSE_BITS // 8
HIGH_BITS = 10
HIGH_BYTES = N * HIGH_BITS // 8
HINTS_START = CHALLENGE_BYTES + COLUMNS * RESPONSE_BYTES
ROUNDED_VALUES = (Q - 1) // (2 * ROUNDING)

Polynomial = list[int]


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of this key signed exactly this message, with no context.

    Shapes: public_key is 1312 bytes, signature 2420; others are refused.
    """
    if len(public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    challenge_hash = signature[:CHALLENGE_BYTES]
    response = [_response(signature, column) for column in range(COLUMNS)]
    hints = _hints(signature[HINTS_START:])
    if hints is None or any(abs(each) >= NORM_BOUND for row in response for each in row):
        return False
    key_hash = hashlib.shake_256(public_key).digest(64)
    message_hash = hashlib.shake_256(key_hash + b"\x00\x00" + message).digest(64)
    commitment = _commitment(public_key, challenge_hash, response, hints)
    found = hashlib.shake_256(message_hash + commitment).digest(CHALLENGE_BYTES)
    return found == challenge_hash


def _commitment(
    public_key: bytes, challenge_hash: bytes, response: list[Polynomial], hints: list[set[int]]
) -> bytes:
    """What the signer committed to, if the signature is good."""
    challenge = _transform(_challenge(challenge_hash))
    transformed = [_transform(each) for each in response]
    encoded = b""
    for row in range(ROWS):
        total = [0] * N
        for column in range(COLUMNS):
            factors = _matrix_entry(public_key[:32], row, column)
            other = transformed[column]
            total = [(total[n] + factors[n] * other[n]) % Q for n in range(N)]
        high = _transform([each << DROPPED_BITS for each in _high_part(public_key, row)])
        difference = [(total[n] - challenge[n] * high[n]) % Q for n in range(N)]
        rounded = [
            _rounded(value, hinted=n in hints[row])
            for n, value in enumerate(_transform_back(difference))
        ]
        encoded += _packed(rounded, bits=6)
    return encoded


def _rounded(value: int, *, hinted: bool) -> int:
    """The high part of a value, moved by one where the signer says so."""
    low = value % (2 * ROUNDING)
    if low > ROUNDING:
        low -= 2 * ROUNDING
    if value - low == Q - 1:
        high, low = 0, low - 1
    else:
        high = (value - low) // (2 * ROUNDING)
    if not hinted:
        return high
    return (high + (1 if low > 0 else -1)) % ROUNDED_VALUES


def _unpacked(data: bytes, bits: int) -> Iterator[int]:
    number, mask = int.from_bytes(data, "little"), (1 << bits) - 1
    for at in range(0, len(data) * 8, bits):
        yield number >> at & mask


def _packed(values: list[int], bits: int) -> bytes:
    number = sum(value << n * bits for n, value in enumerate(values))
    return number.to_bytes(len(values) * bits // 8, "little")


def _response(signature: bytes, column: int) -> Polynomial:
    start = CHALLENGE_BYTES + column * RESPONSE_BYTES
    data = signature[start : start + RESPONSE_BYTES]
    return [MASK_BOUND - value for value in _unpacked(data, RESPONSE_BITS)]


def _high_part(public_key: bytes, row: int) -> Polynomial:
    start = 32 + row * HIGH_BYTES
    return list(_unpacked(public_key[start : start + HIGH_BYTES], HIGH_BITS))


def _hints(data: bytes) -> list[set[int]] | None:
    """Which coefficients of each row are moved; None where that is not spelled as it must be."""
    places, ends = data[:MOST_HINTS], data[MOST_HINTS:]
    hints, start = [], 0
    for end in ends:
        if not start <= end <= MOST_HINTS:
            return None
        row = places[start:end]
        if any(left >= right for left, right in pairwise(row)):
            return None
        hints.append(set(row))
        start = end
    return None if any(places[start:]) else hints


def _matrix_entry(seed: bytes, row: int, column: int) -> Polynomial:
    stream = hashlib.shake_128(seed + bytes([column, row])).digest(3 * 512)
    values = (
        int.from_bytes(stream[at : at + 3], "little") & 0x7FFFFF for at in range(0, len(stream), 3)
    )
    # 512 draws, each good with a chance of 0.999: too few of them never happens.
    return [value for value in values if value < Q][:N]


def _challenge(challenge_hash: bytes) -> Polynomial:
    stream = hashlib.shake_256(challenge_hash).digest(8 + 8 * N)
    signs, places = int.from_bytes(stream[:8], "little"), iter(stream[8:])
    polynomial = [0] * N
    for last in range(N - CHALLENGE_ONES, N):
        place = next(each for each in places if each <= last)
        polynomial[last] = polynomial[place]
        polynomial[place] = -1 if signs & 1 else 1
        signs >>= 1
    return polynomial


def _transform(polynomial: Polynomial) -> Polynomial:
    values, index, length = [each % Q for each in polynomial], 0, N // 2
    while length:
        for start in range(0, N, 2 * length):
            index += 1
            factor = _ROOTS[index]
            for n in range(start, start + length):
                turned = factor * values[n + length] % Q
                values[n + length] = (values[n] - turned) % Q
                values[n] = (values[n] + turned) % Q
        length //= 2
    return values


def _transform_back(polynomial: Polynomial) -> Polynomial:
    values, index, length = list(polynomial), N, 1
    while length < N:
        for start in range(0, N, 2 * length):
            index -= 1
            factor = Q - _ROOTS[index]
            for n in range(start, start + length):
                left, right = values[n], values[n + length]
                values[n] = (left + right) % Q
                values[n + length] = factor * (left - right) % Q
        length *= 2
    scale = pow(N, -1, Q)
    return [value * scale % Q for value in values]


_ROOTS = [pow(1753, int(f"{n:08b}"[::-1], 2), Q) for n in range(N)]
