"""Looking for secrets: megabytes for each second of our processor, beside two other scanners.

`--repository` is a real one, of which every blob of the whole history is looked at once. The other
scanners get a sample of the same blobs: their speed does not hang on how many there are. `--only`
takes push, near-duplicates, resident, block lane, both lanes, every spelling, whole history, or the
name of another scanner.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from appliance.errors import InvalidError
from appliance.scanning.secrets import rules
from appliance.scanning.secrets.deep import DeepScanner
from appliance.scanning.secrets.rules import Lane
from appliance.scanning.secrets.scanner import Scanned, SecretScanner

from . import near_duplicates, other_scanners, resident
from .other_scanners import Scanner
from .rows import Row

MB = 1_000_000
SAMPLE_BYTES = {"detect-secrets": 2 * MB, "trufflehog3": 8 * MB}
TIMES_FASTER = {"detect-secrets": 200.0, "trufflehog3": 50.0}
LEAST_MB_PER_SECOND = 79.0
"""0.6 of what the fastest native scanner that has a wheel does: 131."""
MOST_OF_A_HISTORY = 1 / 40
MOST_FINDINGS_PER_MB = 4.0
BINARY_LOOKED_AT_BYTES = 8000
PUSHES = 51
PUSHED_BYTES = MB
PUSHED_FILES = {1: 5.0, 100: 15.0}
"""The most milliseconds for so many files: nobody should notice that a push was looked at."""


def run(options: argparse.Namespace) -> list[Row]:
    """How fast we are in each lane, how much we report, and how both compare."""
    if options.repository is None:
        raise InvalidError("Say --repository: a real one, for what people really push.")
    blobs = list(_blobs(options.repository))
    shipped = rules.shipped()
    scanner, blocking = SecretScanner(shipped), SecretScanner(shipped.only(Lane.BLOCK))
    every, rounds = DeepScanner(scanner), options.rounds
    sets: dict[str, Callable[[], list[Row]]] = {
        "push": lambda: _pushes(blocking.scan, blobs),
        "near-duplicates": lambda: near_duplicates.rows(blobs),
        "resident": lambda: resident.rows(options.repository, PUSHED_FILES),
        "block lane": lambda: _rows("block lane", blocking.scan, blobs, rounds),
        "both lanes": lambda: _rows("both lanes", scanner.scan, blobs, rounds),
        "every spelling": lambda: _rows("every spelling", every.scan, blobs, min(2, rounds)),
    }
    sets["whole history"] = partial(_whole_history, options.repository, scanner.scan)
    for other in other_scanners.SCANNERS:
        sets[other.name] = partial(_beside, other, scanner.scan, blobs, rounds)
    return [row for name, measure in sets.items() if options.only in name for row in measure()]


def _pushes(scan: Callable[[bytes], Scanned], blobs: Sequence[bytes]) -> list[Row]:
    """What the scanner, once it is there, adds to a push of one file and of a hundred."""
    texts = _sample(blobs, min(PUSHED_BYTES * PUSHES, sum(map(len, blobs))))
    rows = []
    for files, most_ms in PUSHED_FILES.items():
        took = []
        for push in range(PUSHES):
            pushed = [texts[(push * files + n) % len(texts)] for n in range(files)]
            started = time.perf_counter()
            for blob in pushed:
                scan(blob)
            took.append((time.perf_counter() - started) * 1000)
        name = f"a push of {files} blobs, median"
        rows.append(Row(name=name, unit="ms", ours=statistics.median(took), bound=most_ms))
    return rows


def _rows(
    name: str, scan: Callable[[bytes], Scanned], blobs: Sequence[bytes], rounds: int
) -> list[Row]:
    """Speed and noise over everything."""
    cpu_seconds, findings = _fastest(scan, blobs, rounds)
    size_mb = sum(map(len, blobs)) / MB
    is_promised = name != "every spelling"
    speed = Row(
        name=f"{name}, {size_mb:.0f} MB",
        unit="MB/CPU-s",
        ours=size_mb / cpu_seconds,
        bound=LEAST_MB_PER_SECOND if is_promised else 0,
        is_least=is_promised,
    )
    bound = MOST_FINDINGS_PER_MB if name == "block lane" else 0
    return [speed, Row(name=f"{name}, noise", unit="per MB", ours=findings / size_mb, bound=bound)]


def _beside(
    other: Scanner, scan: Callable[[bytes], Scanned], blobs: Sequence[bytes], rounds: int
) -> list[Row]:
    """The same blobs for both: ours first from memory, as in a push, theirs from files."""
    sample = _sample(blobs, SAMPLE_BYTES[other.name])
    size_mb = sum(map(len, sample)) / MB
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as folder:
        for number, blob in enumerate(sample):
            (Path(folder) / f"{number:06}.txt").write_bytes(blob)
        theirs = other_scanners.run(other, Path(folder))
    cpu_seconds, findings = _fastest(scan, sample, rounds)
    return [
        Row(
            name=f"beside {other.name} {other.version}, {size_mb:.1f} MB",
            unit="MB/CPU-s",
            ours=size_mb / cpu_seconds,
            reference=size_mb / theirs.cpu_seconds,
            bound=TIMES_FASTER[other.name],
            is_least=True,
        ),
        Row(
            name=f"beside {other.name}, noise",
            unit="per MB",
            ours=findings / size_mb,
            reference=theirs.findings / size_mb or None,
            bound=0,
        ),
    ]


def _whole_history(repository: Path, scan: Callable[[bytes], Scanned]) -> list[Row]:
    """All of every branch for us, one branch for the other; git counts for both."""
    theirs = other_scanners.whole_history(other_scanners.OF_HISTORIES, repository)
    started, by_git = time.process_time(), other_scanners.of_children()
    for blob in _blobs(repository):
        scan(blob)
    ours = time.process_time() - started + other_scanners.of_children() - by_git
    name = f"whole history, beside {other_scanners.OF_HISTORIES.name}"
    return [Row(name=name, unit="CPU-s", ours=ours, reference=theirs, bound=MOST_OF_A_HISTORY)]


def _fastest(
    scan: Callable[[bytes], Scanned], blobs: Sequence[bytes], rounds: int
) -> tuple[float, int]:
    """The least processor time of so many rounds, and what each round finds."""
    least, findings = float("inf"), 0
    for _ in range(rounds):
        started = time.process_time()
        findings = sum(len(scan(blob).findings) for blob in blobs)
        least = min(least, time.process_time() - started)
    return least, findings


def _sample(blobs: Sequence[bytes], size_bytes: int) -> list[bytes]:
    """Text out of all of the history, evenly."""
    texts = [blob for blob in blobs if b"\0" not in blob[:BINARY_LOOKED_AT_BYTES]]
    step = max(1, sum(map(len, texts)) // size_bytes)
    return texts[::step]


def _blobs(repository: Path) -> Iterator[bytes]:
    """Every blob there is, once."""
    words: list[str | Path] = ["git", "-C", repository, "cat-file", "--batch-all-objects"]
    words += ["--batch", "--buffer", "--unordered"]
    told = subprocess.run(words, check=True, capture_output=True).stdout
    place = 0
    while place < len(told):
        line_end = told.index(b"\n", place)
        _, kind, size = told[place:line_end].split()
        place = line_end + 1 + int(size) + 1
        if kind == b"blob":
            yield told[line_end + 1 : place - 1]
