"""What a push waits for the resident scanner: git and a question, to the whole answer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from appliance.errors import UnavailableError
from appliance.scanning.resident.door import Door, ScannerDownError
from appliance.scanning.resident.wire import Question

from .rows import Row

ROUNDS = 51
START_SECONDS = 30.0
LATE = 0.95
PUSHED_BYTES = range(5_000, 15_000)
"""Files of usual size: a hundred of them are a megabyte."""
MOST_LATE_MS = 50.0
KIB = 1024
IDLE_MIB = 30.0


def rows(repository: Path, pushed: Mapping[int, float]) -> list[Row]:
    """Median and 95th percentile for so many files, and what the process holds when it is idle."""
    with tempfile.TemporaryDirectory(prefix="codara-bench-") as folder:
        home = Path(folder)
        (home / "run").mkdir()
        words = [sys.executable, "-m", "appliance.scanning.resident.server", os.fspath(home)]
        process = subprocess.Popen(words)
        try:
            door = _answering(Door(home / "run" / "scanner.sock"))
            found = [
                row
                for files, most_ms in pushed.items()
                for row in _measured(door, repository, files, most_ms)
            ]
            return [*found, *_held(process.pid)]
        finally:
            process.kill()
            process.wait()


def _answering(door: Door) -> Door:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            door.greet()
        except ScannerDownError:
            time.sleep(0.05)
        else:
            return door
    raise UnavailableError("The scanner does not start.")


def _measured(door: Door, repository: Path, files: int, most_ms: float) -> Sequence[Row]:
    wanted = _blobs(repository, files)
    took = sorted(_asked(door, repository, wanted) for _ in range(ROUNDS))
    late = took[int(len(took) * LATE)]
    name = f"a push of {files} blobs with the process"
    return [
        Row(name=f"{name}, median", unit="ms", ours=statistics.median(took), bound=most_ms),
        Row(name=f"{name}, 95 %", unit="ms", ours=late, bound=MOST_LATE_MS),
    ]


def _asked(door: Door, repository: Path, wanted: bytes) -> float:
    with tempfile.TemporaryFile() as oids:
        oids.write(wanted)
        oids.seek(0)
        started = time.perf_counter()
        git = subprocess.Popen(
            ["git", "-C", os.fspath(repository), "cat-file", "--batch", "--buffer"],
            stdin=oids,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert git.stdout is not None  # noqa: S101 - it was started with a pipe.
        asked = door.ask(Question(key="5b" * 32), git.stdout, seconds=START_SECONDS)
        asked.answer()
        git.wait()
        return (time.perf_counter() - started) * 1000


def _blobs(repository: Path, files: int) -> bytes:
    words = ["git", "-C", os.fspath(repository), "cat-file", "--batch-all-objects"]
    words.append("--batch-check=%(objecttype) %(objectname) %(objectsize)")
    said = subprocess.run(words, check=True, capture_output=True).stdout
    found = (line.split() for line in said.splitlines() if line.startswith(b"blob "))
    oids = (oid for _, oid, size in found if int(size) in PUSHED_BYTES)
    return b"".join(oid + b"\n" for oid in islice(oids, files))


def _held(pid: int) -> list[Row]:
    """Nothing where nobody but root may look at a process that gave everything up."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except PermissionError:
        return []
    held = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return [Row(name="the process, idle", unit="MiB", ours=held / KIB, bound=IDLE_MIB)]
