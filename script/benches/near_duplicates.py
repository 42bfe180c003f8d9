"""Signatures of files: ours, made by rensa, beside those of datasketch from the same shingles."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from datasketch import MinHash

from appliance.scanning import near_duplicates as compared

from .rows import Row

MOST_FILES = 2000
TIMES_FASTER = 5.0


def rows(blobs: Sequence[bytes]) -> list[Row]:
    """Files for each second of our processor, with reading words and without."""
    texts = [blob for blob in blobs if compared.unfit(blob) is None][:MOST_FILES]
    shingles = [list(compared.shingles(text)) for text in texts]
    return [
        Row(
            name=f"signatures of {len(texts)} files, words included",
            unit="files/CPU-s",
            ours=len(texts) / _cpu_seconds(compared.signature, texts),
            bound=0,
        ),
        Row(
            name="signatures of shingles, beside datasketch",
            unit="files/CPU-s",
            ours=len(texts) / _cpu_seconds(compared.minima, shingles),
            reference=len(texts) / _cpu_seconds(_theirs, shingles),
            bound=TIMES_FASTER,
            is_least=True,
        ),
    ]


def _theirs(shingles: list[bytes]) -> None:
    MinHash(num_perm=compared.PERMUTATIONS).update_batch(shingles)


def _cpu_seconds(make: Callable[..., object], items: Sequence[object]) -> float:
    started = time.process_time()
    for item in items:
        make(item)
    return time.process_time() - started
