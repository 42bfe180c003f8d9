"""Files that are nearly the same: signatures, and how alike two of them are.

A file is the set of its shingles, each of five words or signs in a row. A signature of 128 numbers
stands for the set; the share of numbers that two have in common estimates the share of shingles
(Jaccard), with a standard error of at most 0.044. Signatures that may belong to similar files have
a band in common.

Source: Broder, On the resemblance and containment of documents (1997); Leskovec, Rajaraman, Ullman,
Mining of Massive Datasets, section 3.4 for bands.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from importlib.metadata import version
from operator import eq

from appliance.domain.duplicates import LeftOut

try:
    from rensa import RMinHash
except ImportError:  # There is no wheel of it for every machine.
    from datasketch import MinHash

    LIBRARY = "datasketch"
else:
    LIBRARY = "rensa"

ENGINE = f"{LIBRARY} {version(LIBRARY)}"
"""Signatures of one can be compared with no others."""
PERMUTATIONS = 128
SEED = 42
SHINGLE_WORDS = 5
BANDS, ROWS = 20, 6
"""Of pairs that are 0.8 alike 99.8 % have a band in common, at 0.7 92 %, at 0.3 1.4 %."""
FEWEST_WORDS = 50
"""Of less than that, licence headers and empty classes would be all that is found."""
LARGEST_BYTES = 1024 * 1024
LOOKED_AT_BYTES = 8000
"""Git looks as far for a NUL, too."""
WORD = re.compile(rb"\w+|[^\s\w]")


def unfit(content: bytes) -> LeftOut | None:
    """Why this content is not compared; None where it is."""
    if len(content) > LARGEST_BYTES:
        return LeftOut.TOO_LARGE
    if b"\0" in content[:LOOKED_AT_BYTES]:
        return LeftOut.BINARY
    if sum(1 for _ in zip(range(FEWEST_WORDS), WORD.finditer(content), strict=False)) < (
        FEWEST_WORDS
    ):
        return LeftOut.TOO_SHORT
    return None


def shingles(content: bytes) -> set[bytes]:
    """All runs of five words or signs; white space does not matter."""
    words: list[bytes] = WORD.findall(content)
    rows = (words[start:] for start in range(SHINGLE_WORDS))
    return {b" ".join(some) for some in zip(*rows, strict=False)}


def signature(content: bytes) -> bytes:
    """The signature of a content.

    Shapes: 128 numbers of 4 bytes, the least significant first.
    """
    return _packed(minima(list(shingles(content))))


def bands(of: bytes) -> tuple[int, ...]:
    """What a signature is looked up by.

    Shapes: 20 numbers of 64 bits with a sign, as databases keep them.
    """
    width = 4 * ROWS
    return tuple(
        int.from_bytes(
            blake2b(
                of[number * width : (number + 1) * width],
                digest_size=8,
                salt=number.to_bytes(2, "little"),
            ).digest(),
            "little",
            signed=True,
        )
        for number in range(BANDS)
    )


def similarity(one: bytes, other: bytes) -> float:
    """The estimated share of shingles that two files have in common, from 0 to 1."""
    same: int = sum(map(eq, array("I", one), array("I", other)))
    return same / PERMUTATIONS


def families(pairs: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Groups of what is connected by pairs, each with its members in order."""
    above: dict[int, int] = {}

    def top(one: int) -> int:
        above.setdefault(one, one)
        while above[one] != one:
            above[one] = one = above[above[one]]
        return one

    for one, other in pairs:
        first, second = sorted((top(one), top(other)))
        above[second] = first
    found: dict[int, list[int]] = {}
    for one in sorted(above):
        found.setdefault(top(one), []).append(one)
    yield from found.values()


def minima(items: list[bytes]) -> list[int]:
    """The numbers of a signature, from shingles without repetition."""
    if LIBRARY == "rensa":
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
        sketch.update(items)
        return list(sketch.digest())
    other = MinHash(num_perm=PERMUTATIONS, seed=SEED)
    other.update_batch(items)
    return [int(each) & 0xFFFFFFFF for each in other.digest()]


def _packed(numbers: list[int]) -> bytes:
    packed = array("I", numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()
