"""Which items of a population are looked at: chosen by the log itself, so that nobody can choose.

The seed is SHA-256 of the root of the tree at the end of the period, the report's id and the
control's, with a zero byte between them; an auditor may bring one of their own. Item i stands at
SHA-256(seed, i as 8 bytes, big-endian): the smallest are taken. So everybody can choose them again.
"""

from __future__ import annotations

import hashlib
import heapq

from appliance.domain.reports import Sample

SEED_BYTES = 32


def seed_of(root_hex: str, report_id: str, control: str) -> bytes:
    """The seed for one control of one report."""
    parts = (bytes.fromhex(root_hex), report_id.encode(), control.encode())
    return hashlib.sha256(b"\0".join(parts)).digest()


def sample(population: int, size: int, seed: bytes) -> Sample:
    """So many items of the population, by index from 0; all of them where there are no more.

    Errors:
        ValueError: the seed has not 32 bytes, or a number is negative.
    """
    if len(seed) != SEED_BYTES:
        raise ValueError("A seed has 32 bytes.")
    if population < 0 or size < 0:
        raise ValueError("A population and a sample have no negative size.")
    if size >= population:
        return Sample(seed.hex(), tuple(range(population)))
    chosen = heapq.nsmallest(size, range(population), key=lambda index: _place(seed, index))
    return Sample(seed.hex(), tuple(sorted(chosen)))


def _place(seed: bytes, index: int) -> bytes:
    return hashlib.sha256(seed + index.to_bytes(8, "big")).digest()
