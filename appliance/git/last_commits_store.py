"""Keeps how far the search for a folder's last commits has come, in the repository's folder.

One small file for each folder and commit, of which a few are kept; losing them costs time only.
Everything in them follows from the commit's id, so they are never wrong, only incomplete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from appliance.git import remembered

PLACE = remembered.FOLDER / "last-commits"
VERSION = 1
COMMITS_KEPT = 4  # For each folder: the default branch and a few others.
FOLDERS_KEPT = 2000


@dataclass(frozen=True)
class Progress:
    """Which commit last touched which name, and which names still wait at which commit."""

    found: dict[bytes, str]
    pending: dict[str, set[bytes]]


def load(at: Path, path: bytes, commit: str) -> Progress | None:
    """What is known of a folder as of a commit; None where that is nothing."""
    try:
        packed = (_place(at, path) / commit).read_bytes()
        stored = json.loads(zlib.decompress(packed))
    except (OSError, ValueError, zlib.error):
        return None
    if stored.get("version") != VERSION:
        return None
    found = {
        name.encode("latin-1"): oid for oid, names in stored["found"].items() for name in names
    }
    pending = {
        oid: {name.encode("latin-1") for name in names} for oid, names in stored["pending"].items()
    }
    return Progress(found, pending)


def known_commits(at: Path, path: bytes) -> frozenset[str]:
    """The commits as of which something is known of a folder."""
    with contextlib.suppress(OSError):
        return frozenset(file.name for file in _place(at, path).iterdir())
    return frozenset()


def save(at: Path, path: bytes, commit: str, progress: Progress) -> None:
    """Keep what is known."""
    by_commit: dict[str, list[str]] = {}
    for name, oid in progress.found.items():
        by_commit.setdefault(oid, []).append(name.decode("latin-1"))
    stored = {
        "version": VERSION,
        "found": by_commit,
        "pending": {
            oid: [name.decode("latin-1") for name in names]
            for oid, names in progress.pending.items()
            if names
        },
    }
    packed = zlib.compress(json.dumps(stored, separators=(",", ":")).encode(), level=1)
    place = _place(at, path)
    remembered.write(place / commit, packed)
    with contextlib.suppress(OSError):
        _forget(place, COMMITS_KEPT)


def tidy(at: Path) -> None:
    """Forget folders that nobody has looked at for long; for the nightly maintenance."""
    with contextlib.suppress(OSError):
        folders = sorted((at / PLACE).iterdir(), key=lambda place: place.stat().st_mtime)
        for place in folders[:-FOLDERS_KEPT]:
            _forget(place, 0)
            place.rmdir()


def _place(at: Path, path: bytes) -> Path:
    return at / PLACE / hashlib.sha256(path).hexdigest()[:32]


def _forget(place: Path, kept: int) -> None:
    files = sorted(place.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[kept:]:
        file.unlink(missing_ok=True)
