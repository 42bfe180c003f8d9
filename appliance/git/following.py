"""Follows lines of a file from one commit to another, as far as they are still there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from appliance.errors import NotFoundError
from appliance.git import blobs, diff, limits, process
from appliance.git.diff import Options
from appliance.git.diff_parse import DiffFile, Hunk, Status

TELLING_BYTES = 12
"""Lines with less than this in them, such as a closing bracket, stand in many places."""


@dataclass(frozen=True)
class Anchor:
    """Lines of a file, from the first to the last, counted from 1."""

    path: bytes
    first: int
    last: int


class Step(NamedTuple):
    """Lines that stood at one place and stand at another now, or were replaced by others.

    Where `old_count` is 0, the new ones came in after line `old_start`.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int


def follow(at: Path, old: str, new: str, anchors: Sequence[Anchor]) -> list[Anchor | None]:
    """Where lines of commit `old` are in commit `new`, in the same order; None: not any more.

    Lines that were moved as they are within their file are found again, and so are files that
    were renamed. A range into which lines came stays one range.

    Errors:
        NotFoundError: one of the commits does not exist.
    """
    diff.expect(at, old, new)
    if old == new or not anchors:
        return list(anchors)
    files = _changed(at, old, new, {anchor.path for anchor in anchors})
    return [_followed(at, (old, new), anchor, files.get(anchor.path)) for anchor in anchors]


def moved(steps: Iterable[Step], first: int, last: int) -> tuple[int, int] | None:
    """Where lines are after changes, which come in order; None where one of them was changed."""
    start, end = first, last
    for step in steps:
        shift = step.new_count - step.old_count
        after = step.old_start + 1 if step.old_count == 0 else step.old_start
        if after > last:
            break
        if step.old_count and after + step.old_count > first:
            return None
        if after <= first:
            start += shift
        end += shift
    return start, end


def found_again(old: bytes, new: bytes, first: int, last: int) -> tuple[int, int] | None:
    """Where lines of one text stand in another, if that is the only place in both."""
    wanted = old.split(b"\n")[first - 1 : last]
    if len(b"".join(b"".join(wanted).split())) < TELLING_BYTES:
        return None
    places = _places(wanted, new.split(b"\n"))
    if len(places) != 1 or len(_places(wanted, old.split(b"\n"))) != 1:
        return None
    return places[0] + 1, places[0] + len(wanted)


def _places(wanted: list[bytes], lines: list[bytes]) -> list[int]:
    count = len(wanted)
    return [
        at
        for at, line in enumerate(lines)
        if line == wanted[0] and lines[at : at + count] == wanted
    ]


def _changed(at: Path, old: str, new: str, paths: set[bytes]) -> dict[bytes, DiffFile]:
    """The files of these old paths that differ. Renames are looked for only if one is gone."""
    options = Options(context_lines=0)
    found = diff.between_trees(at, old, new, options, tuple(sorted(paths)))
    files = {file.old_path: file for file in found.files if file.status is not Status.ADDED}
    gone = {path for path, file in files.items() if file.status is Status.DELETED}
    renamed = {path: to for path, to in _renames(at, old, new) if path in gone} if gone else {}
    if renamed:
        both = tuple(sorted({*renamed, *renamed.values()}))
        again = diff.between_trees(at, old, new, options, both)
        files |= {file.old_path: file for file in again.files if file.status is Status.RENAMED}
    return files


def _renames(at: Path, old: str, new: str) -> Iterable[tuple[bytes, bytes]]:
    words = ["diff-tree", "-r", "-z", "--diff-filter=R", "--find-renames"]
    words += [f"-l{limits.RENAME_CANDIDATES}", "--name-status", old, new]
    fields = process.run(words, at=at).split(b"\0")
    return zip(fields[1::3], fields[2::3], strict=False)


def _followed(
    at: Path, commits: tuple[str, str], anchor: Anchor, file: DiffFile | None
) -> Anchor | None:
    if file is None:
        return anchor
    if file.status is Status.DELETED or file.hunks is None or file.is_binary:
        return None
    lines = moved(map(_step, file.hunks), anchor.first, anchor.last)
    if lines is None:
        lines = _found_again(at, commits, anchor, file)
    return Anchor(file.new_path, *lines) if lines is not None else None


def _found_again(
    at: Path, commits: tuple[str, str], anchor: Anchor, file: DiffFile
) -> tuple[int, int] | None:
    most = limits.DIFFED_BLOB_BYTES
    try:
        old = blobs.file(at, commits[0], anchor.path, most_bytes=most).content
        new = blobs.file(at, commits[1], file.new_path, most_bytes=most).content
    except NotFoundError:
        return None
    if old is None or new is None:
        return None
    return found_again(old, new, anchor.first, anchor.last)


def _step(hunk: Hunk) -> Step:
    return Step(hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count)
