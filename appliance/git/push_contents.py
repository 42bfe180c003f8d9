"""The commits that a ref would get and the files that they change, while they are in quarantine.

Bounded: of more than the limits it only says that there is too much. A merge commit changes what
differs from all its parents; what came from one of them is that one's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.git import new_work, process

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.git.inspect import Quarantine
    from appliance.git.new_work import NewWork

MOST_FILES = 100_000
SECONDS = 60.0
OUTPUT_BYTES = 256 * 1024 * 1024
SUBMODULE = b"160000"
NOTHING = b"0" * 6


@dataclass(frozen=True)
class ChangedFile:
    """A file as a commit leaves it; None for its size where it is gone, or is no file."""

    path: bytes
    commit: str
    size_bytes: int | None
    blob: str = ""


@dataclass(frozen=True)
class PushContents:
    """What a ref would get."""

    work: NewWork
    files: tuple[ChangedFile, ...] = ()
    is_too_much: bool = False


def read(
    folder: Path,
    quarantine: Quarantine | None,
    ref: bytes,
    new_oid: str,
    *,
    known: Iterable[str],
) -> PushContents:
    """What `ref` would get at `new_oid`, but for what the objects in `known` lead to.

    Errors:
        TimeoutExceededError: it takes too long to find out; the push must be refused.
        DamagedError: the repository cannot be read.
    """
    work = new_work.read(folder, quarantine, ref, new_oid, known=known)
    if work.is_too_much:
        return PushContents(work, is_too_much=True)
    extra = quarantine.with_repository if quarantine else None
    changes = list(_changes(folder, extra, [commit.oid for commit in work.commits]))
    if len(changes) > MOST_FILES:
        return PushContents(work, is_too_much=True)
    sizes = _sizes(folder, extra, {blob for _path, _commit, blob in changes if blob})
    files = tuple(
        ChangedFile(path, commit, sizes.get(blob), blob) for path, commit, blob in changes
    )
    return PushContents(work, files)


def _changes(
    folder: Path, extra: dict[str, str] | None, oids: list[str]
) -> Iterator[tuple[bytes, str, str]]:
    """Path, commit and id of the new content, empty where there is none.

    Source: git-diff-tree(1), "RAW OUTPUT FORMAT" and "DIFF FORMAT FOR MERGES".
    """
    if not oids:
        return
    answer = process.run(
        [
            "diff-tree",
            "--stdin",
            "-r",
            "-c",
            "--raw",
            "-z",
            "--root",
            "--no-renames",
            "--no-abbrev",
        ],
        at=folder,
        extra=extra,
        input="".join(f"{oid}\n" for oid in oids).encode("ascii"),
        timeout_seconds=SECONDS,
        output_bytes=OUTPUT_BYTES,
    )
    commit = ""
    fields = iter(answer.split(b"\0"))
    for field in fields:
        if not field.startswith(b":"):
            commit = field.decode("ascii")
            continue
        words = field.split(b" ")
        parents = len(words[0]) - len(words[0].lstrip(b":"))
        mode, blob = words[parents], words[2 * parents + 1]
        is_file = mode not in (SUBMODULE, NOTHING)
        yield next(fields), commit, blob.decode("ascii") if is_file else ""


def _sizes(folder: Path, extra: dict[str, str] | None, blobs: set[str]) -> dict[str, int]:
    if not blobs:
        return {}
    answer = process.run(
        ["cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer"],
        at=folder,
        extra=extra,
        input="".join(f"{oid}\n" for oid in sorted(blobs)).encode("ascii"),
        timeout_seconds=SECONDS,
        output_bytes=OUTPUT_BYTES,
    )
    found = (line.split(b" ") for line in answer.splitlines())
    return {oid.decode("ascii"): int(size) for oid, size in found if size.isdigit()}
