"""Finds where a file came from in the commit that gave it its path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.git import commits, limits, process


@dataclass(frozen=True)
class Source:
    """The parent commit in which a file had another path, and that path."""

    parent: str
    path: bytes


def source(at: Path, oid: str, path: bytes) -> Source | None:
    """Where the file that commit `oid` has at `path` was before; None where it was new."""
    for parent in commits.read(at, oid).parents:
        words = ["diff-tree", "-r", "-z", "--diff-filter=R", "--find-renames"]
        words += [f"-l{limits.RENAME_CANDIDATES}", "--name-status", parent, oid]
        fields = process.run(words, at=at).split(b"\0")
        for old, new in zip(fields[1::3], fields[2::3], strict=False):
            if new == path:
                return Source(parent, old)
    return None
